// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/replay.h"

#include "user/daemon/origin.h"
#include "user/base/io.h"
#include "user/daemon/summary.h"
#include "user/loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 * 1024)

struct replay {
	const struct replay_options *options;
	struct loop *loop;
	struct trace_reader *reader;
	struct store *store;
	struct pipeline *pipeline;
	struct trace_info info;
	uint8_t *bytes; /* READ_BYTES */
	int fd;
	uint64_t offset;
	uint64_t lost;
	struct err damage; /* what cut the trace short */
};

static bool samples(const struct replay *r)
{
	const struct sampled_columns *c =
		&r->options->ruleset->program->sampled;

	return c->cpu || c->memory || c->status || c->hash;
}

/*
 * A trace that a rule set filtered holds only what those rules could use. With
 * other rules a match could be missed without a word, so they are refused.
 */
static int rule_fits(const struct replay *r, const struct plan_rule *rule,
		     struct err *err)
{
	const struct plan *plan = r->options->ruleset->program->plan;
	bool same = memcmp(plan->digest, r->info.rules_digest,
			   sizeof(plan->digest)) == 0;

	if (samples(r) && !r->info.streams[STREAM_PROCESS_SAMPLE])
		return err_set(err, ERR_USAGE, -EINVAL,
			       "the rules read what is sampled of processes "
			       "(cpu_usage, memory_usage, status or "
			       "executable_hash), which this trace does not "
			       "hold: record it with --streams process or with "
			       "these rules");
	if (r->options->ruleset->program->containers &&
	    !r->info.streams[STREAM_CONTAINER_INFO])
		return err_set(err, ERR_USAGE, -EINVAL,
			       "the rules read what is known of containers "
			       "(container_id, k8s_pod ...), which this trace "
			       "does not hold: record it without rules or with "
			       "these");
	for (unsigned i = 0; i < rule->input_count; i++) {
		enum stream_id s = rule->input_streams[i];

		/* The process table's rows come of what is always there. */
		if (!STREAM_IS_COLLECTED(s))
			continue;
		if (!r->info.streams[s])
			return err_set(
				err, ERR_USAGE, -EINVAL,
				"rule %s reads %s, which this trace does "
				"not hold: record it with --streams or "
				"with a rule that reads it",
				rule->name, catalog_stream(s)->name);
		if (r->info.filtered[s] && !same)
			return err_set(
				err, ERR_USAGE, -EINVAL,
				"rule %s reads %s, of which this trace "
				"holds only what the rules it was "
				"recorded with could use: replay it with "
				"those, or record without -r",
				rule->name, catalog_stream(s)->name);
	}
	return 0;
}

static int store_start(struct replay *r, const uint8_t digest[32],
		       struct err *err)
{
	const struct store_options options = { .mode = STORE_CREATE };
	struct store_run run = { .replay = true };
	int rc;

	rc = store_open(r->options->store_dir, &options, &r->store, err);
	if (rc)
		return rc;
	memcpy(run.ruleset_digest, r->options->ruleset->program->plan->digest,
	       sizeof(run.ruleset_digest));
	memcpy(run.moment.boot_id, r->info.boot_id, sizeof(r->info.boot_id));
	run.moment.boot_ns = r->info.start_ns;
	run.moment.wall_ns = r->info.start_ns + r->info.clock_offset_ns;
	memcpy(run.seed, digest, sizeof(run.seed));
	return store_begin(r->store, &run, err);
}

static int on_info(void *ctx, const struct trace_info *info,
		   const uint8_t digest[32], struct err *err)
{
	struct replay *r = ctx;
	const struct plan *plan = r->options->ruleset->program->plan;
	struct pipeline_options options = { .plan = plan,
					    .out = r->options->out,
					    .sink = r->options->sink };
	struct pipeline_origin origin = { .host = r->info.host,
					  .clock_offset_ns =
						  info->clock_offset_ns,
					  .replay = true };
	int rc = 0;

	r->info = *info;
	for (unsigned i = 0; i < plan->rule_count && !rc; i++)
		rc = rule_fits(r, &plan->rules[i], err);
	if (!rc && r->options->store_dir)
		rc = store_start(r, digest, err);
	/* Of hash tables: a trace may be made to collide, no result shows it. */
	if (!rc)
		rc = origin_random(options.seed, sizeof(options.seed), err);
	if (rc)
		return rc;
	memcpy(origin.boot_id, info->boot_id, sizeof(origin.boot_id));
	memcpy(origin.trace_digest, digest, sizeof(origin.trace_digest));
	options.store = r->store;
	return pipeline_new(&options, &origin, &r->pipeline, err);
}

static int on_row(void *ctx, struct row *row, struct err *err)
{
	struct replay *r = ctx;

	return pipeline_row(r->pipeline, row, err);
}

static int on_gap(void *ctx, enum stream_id stream, int64_t from, int64_t to,
		  uint64_t count, struct err *err)
{
	struct replay *r = ctx;

	if (__builtin_add_overflow(r->lost, count, &r->lost))
		r->lost = UINT64_MAX; /* a trace may say anything */
	return pipeline_gap(r->pipeline, stream, from, to, count, err);
}

static int on_turn(void *ctx, int64_t watermark, struct err *err)
{
	struct replay *r = ctx;

	int rc = pipeline_turn(r->pipeline, watermark, err);

	return rc ? rc : pipeline_output(r->pipeline, err);
}

static int read_next(struct replay *r, struct err *err);

/* Damage ends the reading, not the detection on what was good. */
static int damaged(struct replay *r, int rc, struct err *err)
{
	if (rc < 0)
		err_prefix(err, "%s", r->options->trace_path);
	if (err->kind != ERR_DAMAGED)
		return rc;
	r->damage = *err;
	*err = (struct err){ 0 };
	return 0;
}

static int on_bytes(void *ctx, int64_t result, struct err *err)
{
	struct replay *r = ctx;
	int rc;

	if (result < 0)
		return err_set(err, ERR_INPUT, (int)result, "%s: %s",
			       r->options->trace_path, strerror((int)-result));
	if (result == 0) {
		struct trace_totals totals;

		rc = trace_reader_end(r->reader, &totals, err);
		return rc ? damaged(r, rc, err) : 0;
	}
	r->offset += (uint64_t)result;
	rc = trace_reader_feed(r->reader, r->bytes, (size_t)result, err);
	if (rc)
		return damaged(r, rc, err);
	return read_next(r, err);
}

static int read_next(struct replay *r, struct err *err)
{
	return loop_read(r->loop, r->fd, r->bytes, READ_BYTES, r->offset,
			 on_bytes, r, err);
}

static int start(struct replay *r, struct err *err)
{
	const struct trace_events events = { .on_info = on_info,
					     .on_row = on_row,
					     .on_gap = on_gap,
					     .on_turn = on_turn,
					     .ctx = r };
	int rc;

	r->bytes = malloc(READ_BYTES);
	if (!r->bytes)
		return err_nomem(err);
	r->fd = open(r->options->trace_path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (r->fd < 0)
		return err_set(err, ERR_INPUT, -errno, "%s: %s",
			       r->options->trace_path, strerror(errno));
	rc = trace_reader_new(&events, &r->reader, err);
	if (!rc)
		rc = loop_open(&r->loop, err);
	return rc ? rc : read_next(r, err);
}

/* At the end of a finite input everything is decided. */
static int finish(struct replay *r, struct err *err)
{
	struct store_moment moment;
	int rc;

	if (!r->pipeline) {
		*err = r->damage;
		return err->code;
	}
	rc = pipeline_turn(r->pipeline, INT64_MAX, err);
	if (!rc && r->store)
		rc = pipeline_save(r->pipeline, err);
	pipeline_moment(r->pipeline, &moment);
	if (!rc && r->store)
		rc = store_end(r->store, &moment, err);
	return rc;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int summary(struct replay *r, double started, struct err *err)
{
	struct summary sum = { .seconds = seconds_now() - started };
	struct buf text = BUF_INIT;
	int rc = 0;

	pipeline_stats(r->pipeline, &sum.pipeline);
	sum.has_store = r->store != NULL;
	if (r->store)
		rc = store_head(r->store, &sum.head, err);
	if (r->damage.code)
		buf_printf(&text, "shrike: %s\n", r->damage.text);
	if (r->lost)
		buf_printf(&text,
			   "shrike: %s: %llu events were lost while it was "
			   "recorded\n",
			   r->options->trace_path, (unsigned long long)r->lost);
	if (!r->options->quiet)
		summary_print(&sum, r->options->summary_json, &text);
	if (!rc)
		rc = write_all(r->options->log, text.bytes, text.len);
	if (rc)
		err_set(err, ERR_USAGE, rc,
			"cannot write to standard error: %s", strerror(-rc));
	buf_release(&text);
	return rc;
}

static void release(struct replay *r)
{
	loop_close(r->loop);
	trace_reader_free(r->reader);
	pipeline_free(r->pipeline);
	store_close(r->store);
	free(r->bytes);
	if (r->fd >= 0)
		close(r->fd);
}

int replay_run(const struct replay_options *options, uint64_t *ret_matches,
	       struct err *err)
{
	struct replay r = { .options = options, .fd = -1 };
	double started = seconds_now();
	struct pipeline_stats stats;
	int rc = start(&r, err);

	if (!rc)
		rc = loop_run(r.loop, err);
	if (!rc)
		rc = finish(&r, err);
	if (!rc)
		rc = summary(&r, started, err);
	if (!rc) {
		pipeline_stats(r.pipeline, &stats);
		*ret_matches = stats.matches;
		if (r.damage.code || r.lost)
			rc = REPLAY_INCOMPLETE;
	}
	release(&r);
	return rc;
}
