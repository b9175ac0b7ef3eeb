// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/summary.h"

#include "user/base/text.h"

#include <inttypes.h>
#include <string.h>

static uint64_t late_sum(const struct summary *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < STREAM_COUNT; i++)
		sum += s->late[i];
	return sum;
}

static void cpus_json(const struct summary *s, enum stream_id stream,
		      struct buf *out)
{
	for (unsigned i = 0; i < s->cpu_count; i++) {
		const struct event_counters *c =
			&s->cpus[(size_t)stream * s->cpu_count + i];

		buf_printf(out,
			   "%s{\"generated\":%" PRIu64 ",\"filtered\":%" PRIu64
			   ",\"submitted\":%" PRIu64 ",\"lost\":%" PRIu64
			   ",\"throttled\":%" PRIu64 "}",
			   i ? "," : "", (uint64_t)c->generated,
			   (uint64_t)c->filtered, (uint64_t)c->submitted,
			   (uint64_t)c->lost, (uint64_t)c->throttled);
	}
}

static void stream_json(const struct summary *s, enum stream_id stream,
			struct buf *out)
{
	const struct collect_counters *c = &s->counters[stream];

	buf_printf(out,
		   "\"%s\":{\"generated\":%" PRIu64 ",\"filtered\":%" PRIu64
		   ",\"delivered\":%" PRIu64 ",\"lost\":%" PRIu64
		   ",\"throttled\":%" PRIu64 ",\"missed\":%" PRIu64
		   ",\"damaged\":%" PRIu64 ",\"late\":%" PRIu64,
		   catalog_stream(stream)->name, c->generated, c->filtered,
		   c->delivered, c->lost, c->throttled, c->missed, c->damaged,
		   s->late[stream]);
	if (s->cpus && stream < STREAM_KERNEL_COUNT) {
		buf_puts(out, ",\"cpus\":[");
		cpus_json(s, stream, out);
		buf_puts(out, "]");
	}
	buf_puts(out, "}");
}

static void hooks_json(const struct summary *s, struct buf *out)
{
	buf_puts(out, "},\"hooks\":{");
	for (unsigned i = 0; i < s->hook_count; i++)
		buf_printf(out, "%s\"%s\":{\"missed\":%" PRIu64 "}",
			   i ? "," : "", s->hooks[i].name, s->hooks[i].missed);
}

static void summary_json(const struct summary *s, struct buf *out)
{
	const char *comma = "";

	buf_printf(out, "{\"summary\":{\"seconds\":%.3f,\"streams\":{",
		   s->seconds);
	for (unsigned i = 0; s->live && i < STREAM_VISIBLE_COUNT; i++) {
		if (!s->wanted[i] || !STREAM_IS_COLLECTED(i))
			continue;
		buf_puts(out, comma);
		stream_json(s, i, out);
		comma = ",";
	}
	if (s->live)
		hooks_json(s, out);
	buf_printf(out,
		   "},\"rows\":%" PRIu64 ",\"asked\":%" PRIu64
		   ",\"late\":%" PRIu64 ",\"held\":%" PRIu64
		   ",\"matches\":%" PRIu64 ",\"suppressed\":%" PRIu64
		   ",\"evicted\":%" PRIu64 ",\"forgotten\":%" PRIu64
		   ",\"containers_forgotten\":%" PRIu64
		   ",\"containers_unnamed\":%" PRIu64
		   ",\"containers_refused\":%" PRIu64
		   ",\"cgroups_unseen\":%" PRIu64 ",\"unsampled\":%" PRIu64
		   ",\"unhashed\":%" PRIu64 ",\"cut\":%" PRIu64
		   ",\"unparsed\":%" PRIu64 ",\"ambiguous\":%" PRIu64
		   ",\"unread\":%" PRIu64 ",\"left_out\":%" PRIu64
		   ",\"processes_full\":%" PRIu64 ",\"commits\":%" PRIu64,
		   s->pipeline.rows, s->pipeline.scanned, late_sum(s), s->held,
		   s->pipeline.matches, s->pipeline.suppressed,
		   s->pipeline.evicted, s->pipeline.forgotten,
		   s->pipeline.containers_forgotten, s->containers.unnamed,
		   s->containers.refused, s->containers.unseen,
		   s->sampler.unknown, s->sampler.unhashed, s->logs.cut,
		   s->logs.unparsed, s->logs.ambiguous, s->logs.failed,
		   s->left_out, s->processes_full, s->pipeline.commits);
	if (s->has_store) {
		buf_printf(out, ",\"entries\":%" PRIu64 ",\"root\":\"",
			   s->head.entries);
		text_hex(out, s->head.root, sizeof(s->head.root));
		buf_puts(out, "\"");
	}
	buf_puts(out, "}}\n");
}

/* Only when there is something to tell. */
static void put_count(struct buf *out, uint64_t count, const char *of,
		      const char *what)
{
	const char *plural = of[strlen(of) - 1] == 's' ? "es" : "s";

	if (count)
		buf_printf(out, ", %" PRIu64 " %s%s %s", count, of,
			   count == 1 ? "" : plural, what);
}

static void summary_table(const struct summary *s, struct buf *out)
{
	if (s->live)
		buf_printf(out, "\n%-17s %11s %11s %11s %9s %9s %9s %7s %7s\n",
			   "stream", "generated", "filtered", "delivered",
			   "lost", "throttled", "missed", "damaged", "late");
	for (unsigned i = 0; s->live && i < STREAM_VISIBLE_COUNT; i++) {
		const struct collect_counters *c = &s->counters[i];

		if (!s->wanted[i] || !STREAM_IS_COLLECTED(i))
			continue;
		buf_printf(out,
			   "%-17s %11" PRIu64 " %11" PRIu64 " %11" PRIu64
			   " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %7" PRIu64
			   " %7" PRIu64 "\n",
			   catalog_stream(i)->name, c->generated, c->filtered,
			   c->delivered, c->lost, c->throttled, c->missed,
			   c->damaged, s->late[i]);
	}
	if (!s->no_rules)
		buf_printf(out,
			   "%" PRIu64 " match%s (%" PRIu64 " suppressed) from ",
			   s->pipeline.matches,
			   s->pipeline.matches == 1 ? "" : "es",
			   s->pipeline.suppressed);
	buf_printf(out, "%" PRIu64 " event%s in %.1f s", s->pipeline.rows,
		   s->pipeline.rows == 1 ? "" : "s", s->seconds);
	put_count(out, late_sum(s), "event", "late");
	if (s->held)
		buf_printf(out, ", watermark held %" PRIu64 " times", s->held);
	if (s->pipeline.evicted)
		buf_printf(out, ", %" PRIu64 " pieces of state evicted",
			   s->pipeline.evicted);
	put_count(out, s->left_out, "rule",
		  "left out (this kernel lacks what they read)");
	put_count(out, s->processes_full, "time",
		  "no room for what predicates ask of a process");
	put_count(out, s->pipeline.forgotten, "live process",
		  "forgotten (too many)");
	put_count(out, s->pipeline.containers_forgotten, "cgroup",
		  "of containers forgotten (too many)");
	put_count(out, s->containers.unnamed, "container",
		  "without files of a runtime");
	put_count(out, s->containers.refused, "container",
		  "not looked for again (too many)");
	put_count(out, s->containers.unseen, "cgroup",
		  "not looked at (too many)");
	put_count(out, s->sampler.unknown, "process", "not sampled (too many)");
	put_count(out, s->sampler.unhashed, "program file",
		  "not hashed (gone, not readable or too large)");
	put_count(out, s->logs.cut, "log line", "cut");
	put_count(out, s->logs.unparsed, "log line", "of no known form");
	put_count(out, s->logs.ambiguous, "log-in",
		  "of which something could be forged");
	put_count(out, s->logs.failed, "log", "not readable");
	buf_puts(out, "\n");
	if (s->has_store) {
		buf_printf(out, "ledger: %" PRIu64 " entries, root ",
			   s->head.entries);
		text_hex(out, s->head.root, sizeof(s->head.root));
		buf_puts(out, "\n");
	}
}

void summary_print(const struct summary *summary, bool json, struct buf *out)
{
	if (json)
		summary_json(summary, out);
	else
		summary_table(summary, out);
}
