// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/sensor_int.h"

#include "stream/reorder.h"
#include "user/base/check.h"
#include "user/base/io.h"
#include "user/collect/containers.h"
#include "user/collect/sampler.h"
#include "user/daemon/log_source.h"
#include "user/daemon/origin.h"
#include "user/daemon/own_events.h"
#include "user/daemon/sensor_wants.h"
#include "user/daemon/term_bits.h"
#include "user/event/decode.h"
#include "user/loop/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long an event waits at most for its turn when the rings are quiet. */
#define TURN_PERIOD_NS 10000000LL
/* Rows between reading a ring and the watermark that releases them. */
#define REORDER_BYTES_MAX ((size_t)24 * 1024 * 1024)
#define ROW_ARENA_BYTES ((size_t)1024 * 1024)
/* Of the logs, when a run ends: they may grow for ever. */
#define LAST_TURNS 100u

/* loop_run() ends with this when the run is over in good order. */
#define STOPPED 1

static int say(struct sensor *s, struct err *err)
{
	int rc;

	if (s->text.failed)
		return err_nomem(err);
	rc = write_all(s->options->log, s->text.bytes, s->text.len);
	buf_reset(&s->text);
	if (rc)
		return err_set(err, ERR_USAGE, rc,
			       "cannot write to standard error: %s",
			       strerror(-rc));
	return 0;
}

static int row_in_order(void *ctx, struct row *row, struct err *err)
{
	struct sensor *s = ctx;
	int rc = pipeline_row(s->pipeline, row, err);

	if (!rc)
		term_bits_row(s->terms, s->collector, s->pipeline, row);
	return rc;
}

/* The rows up to the watermark are all with the pipeline. */
static int turn_end(struct sensor *s, int64_t watermark, struct err *err)
{
	int rc = reorder_advance(s->reorder, watermark, row_in_order, s, err);

	if (!rc)
		rc = pipeline_turn(s->pipeline, watermark, err);
	s->watermark = watermark;
	if (!rc)
		term_bits_settle(s->terms, s->collector, s->pipeline,
				 watermark);
	return rc;
}

static int on_loss(void *ctx, const struct collect_loss *loss, struct err *err)
{
	struct sensor *s = ctx;
	int rc = pipeline_gap(s->pipeline, loss->stream, loss->from_ns,
			      loss->to_ns, loss->count, err);

	s->incomplete = true;
	s->containers_missed |= loss->stream == STREAM_CONTAINER_EVENT;
	if (!rc && s->wanted[STREAM_SENSOR_LOSS])
		rc = own_loss(&s->own, loss, collect_now_ns(), err);
	return rc;
}

static int on_throttle(void *ctx, const struct collect_throttle *throttle,
		       struct err *err)
{
	struct sensor *s = ctx;

	if (!s->wanted[STREAM_SENSOR_THROTTLE])
		return 0;
	return own_throttle(&s->own, throttle, collect_now_ns(), err);
}

/* Rows that could not take their turn. */
static int late_in(struct sensor *s, int64_t to, struct err *err)
{
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		struct collect_loss loss = { .stream = i,
					     .reason = LOSS_LATE,
					     .from_ns = s->watermark,
					     .to_ns = to };
		int rc;

		if (s->late[i] == s->late_told[i])
			continue;
		loss.count = s->late[i] - s->late_told[i];
		s->late_told[i] = s->late[i];
		rc = on_loss(s, &loss, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Loss since the last turn, told before the rows that it may concern. */
static int gaps_in(struct sensor *s, int64_t to, struct err *err)
{
	const struct collect_look look = { on_loss, on_throttle, s };
	int rc = collector_look(s->collector, &look, err);

	if (!rc)
		rc = log_source_look(&s->logs, s->wanted, s->watermark, to,
				     &look, err);
	return rc ? rc : late_in(s, to, err);
}

/* From the event that tells of it on, ts is what the clock was set to. */
static int clock_in(struct sensor *s, int64_t now, struct err *err)
{
	struct clock_change changes[2];
	struct clock_reading reading;
	unsigned n;
	int rc = 0;

	if (!clock_read(&reading))
		return 0;
	n = clock_watch_look(&s->clock, &reading, changes);
	for (unsigned i = 0; i < n && !rc; i++) {
		if (changes[i].cause == CLOCK_STEP) {
			s->offset_before_ns = s->origin.clock_offset_ns;
			s->origin.clock_offset_ns = reading.real_offset_ns;
			s->clock_set_ns = now;
		}
		if (s->wanted[STREAM_SENSOR_CLOCK])
			rc = own_clock(&s->own, &changes[i], now, err);
	}
	return rc;
}

static int64_t clock_offset_at(const struct sensor *s, uint64_t ts)
{
	return ts < (uint64_t)s->clock_set_ns ? s->offset_before_ns :
						s->origin.clock_offset_ns;
}

/*
 * The rings hold more than the reorder buffer can. A drain gives records in
 * order but for inversions far below the margin: what is older than this row by
 * the margin is all there.
 */
static int make_room(struct sensor *s, int64_t ts, struct err *err)
{
	int64_t watermark = ts - COLLECT_MARGIN_NS;
	int rc;

	if (watermark <= s->watermark)
		return 0;
	rc = gaps_in(s, collect_now_ns(), err);
	return rc ? rc : turn_end(s, watermark, err);
}

static int record_decode(struct sensor *s, const void *record, size_t len,
			 struct row **ret_row, struct err *err)
{
	struct event_head head = { .ts = 0 };

	if (len >= sizeof(head))
		memcpy(&head, record, sizeof(head));
	arena_reset(&s->arena);
	return event_decode(record, len, clock_offset_at(s, head.ts), &s->arena,
			    ret_row, err);
}

/*
 * A row that comes behind the watermark is lost, and so is one of more than the
 * reorder buffer can hold within the margin.
 */
static int row_push(struct sensor *s, struct row *row, struct err *err)
{
	int rc = reorder_push(s->reorder, row, err);

	if (rc == -ENOBUFS) {
		rc = make_room(s, row->ts, err);
		if (rc)
			return rc;
		rc = reorder_push(s->reorder, row, err);
	}
	if (rc == REORDER_LATE || rc == -ENOBUFS) {
		s->late[row->stream]++;
		rc = 0;
	}
	return rc;
}

/* What a cgroup is holds for long: it is not lost for being a little late. */
static int container_in(void *ctx, const void *record, size_t len,
			struct err *err)
{
	struct sensor *s = ctx;
	struct row *row;
	int rc = record_decode(s, record, len, &row, err);

	if (rc)
		return rc;
	if (row->ts < s->watermark)
		row->ts = s->watermark;
	return row_push(s, row, err);
}

/* One record from a ring, or of the sampler. */
static int record_in(void *ctx, const void *record, size_t len, struct err *err)
{
	struct sensor *s = ctx;
	struct row *row;
	int rc = 0;

	if (s->containers)
		rc = containers_see(s->containers, record, len, container_in, s,
				    err);
	if (!rc)
		rc = record_decode(s, record, len, &row, err);
	if (rc)
		return rc;
	if (s->sampler)
		sampler_see(s->sampler, record, len);
	return row_push(s, row, err);
}

/*
 * One of the processes that are there at start. They come in order and before
 * all that the rings hold, so they need not wait for their turn: there may be
 * more of them than the reorder buffer has room for.
 */
static int snapshot_in(void *ctx, const void *record, size_t len,
		       struct err *err)
{
	struct sensor *s = ctx;
	struct row *row;
	int rc = record_decode(s, record, len, &row, err);

	if (s->sampler)
		sampler_see(s->sampler, record, len);
	if (!rc)
		rc = pipeline_row(s->pipeline, row, err);
	if (!rc)
		term_bits_snapshot(s->terms, s->collector, s->pipeline, record);
	return rc;
}

static int turn(struct sensor *s, struct err *err)
{
	int64_t now = collect_now_ns(), watermark = s->watermark;
	int rc = clock_in(s, now, err);

	if (!rc)
		rc = collector_drain(s->collector, now, record_in, s,
				     &watermark, err);
	if (!rc && s->sampler)
		rc = sampler_turn(s->sampler, now, record_in, s, err);
	if (!rc && s->containers)
		rc = containers_turn(s->containers, now, container_in, s, err);
	if (!rc)
		rc = log_source_turn(&s->logs, now, s->origin.clock_offset_ns,
				     record_in, s, err);
	if (!rc && s->containers && s->containers_missed)
		rc = containers_list(s->containers, now, container_in, s, err);
	s->containers_missed = false;
	if (rc)
		return rc;
	rc = gaps_in(s, now, err);
	if (!rc)
		rc = own_events_take(&s->own, record_in, s, err);
	if (rc || watermark <= s->watermark)
		return rc;
	return turn_end(s, watermark, err);
}

static int on_turn(void *ctx, int64_t result, struct err *err)
{
	struct sensor *s = ctx;
	int rc = turn(s, err);

	(void)result;
	if (!rc && pipeline_output(s->pipeline, NULL))
		rc = STOPPED;
	return rc;
}

static int on_stop(void *ctx, int64_t result, struct err *err)
{
	(void)ctx;
	(void)result;
	(void)err;
	return STOPPED;
}

/* --- starting --------------------------------------------------------------*/

/* NULL when nothing is wanted. */
static int sampler_start(const struct sampler_wants *wants,
			 struct sampler **ret_sampler, struct err *err)
{
	*ret_sampler = NULL;
	if (!wants->cpu && !wants->memory && !wants->status && !wants->hash)
		return 0;
	return sampler_new(wants, ret_sampler, err);
}

static int origin_start(struct sensor *s, struct err *err)
{
	int rc = origin_host(s->host, err);

	if (!rc)
		rc = origin_boot_id(s->origin.boot_id, err);
	s->origin.host = s->host;
	clock_watch_begin(&s->clock);
	s->origin.clock_offset_ns = s->clock.last.real_offset_ns;
	s->offset_before_ns = s->origin.clock_offset_ns;
	s->start_ns = collect_now_ns();
	s->watermark = s->start_ns;
	return rc;
}

static int pipeline_start(struct sensor *s, struct err *err)
{
	struct pipeline_options options = {
		.plan = s->ruleset ? s->ruleset->program->plan : NULL,
		.generation = collector_generation(s->collector),
		.store = s->store,
		.writer = s->writer,
		.out = s->options->out,
		.reloads = s->options->recompile != NULL,
		.sink = s->options->sink,
	};
	int rc = origin_random(options.seed, sizeof(options.seed), err);

	if (!rc)
		rc = pipeline_new(&options, &s->origin, &s->pipeline, err);
	if (!rc)
		rc = reorder_new(REORDER_BYTES_MAX, &s->reorder, err);
	if (!rc)
		rc = pipeline_resume(s->pipeline, s->start_ns, err);
	return rc;
}

/* Those rings that are not watched yet. */
static int rings_watch(struct sensor *s, struct err *err)
{
	int fds[RINGS_MAX];
	unsigned n = collector_fds(s->collector, fds, RINGS_MAX);
	int rc = 0;

	for (unsigned i = 0; i < n && !rc; i++) {
		bool watched = false;

		for (unsigned k = 0; k < s->watched_count; k++)
			watched |= s->watched[k] == fds[i];
		if (watched)
			continue;
		CHECK(s->watched_count < RINGS_MAX);
		s->watched[s->watched_count++] = fds[i];
		rc = loop_watch(s->loop, fds[i], on_turn, s, err);
	}
	return rc;
}

static int start_in(struct sensor *s, const struct ruleset *ruleset,
		    bool reloaded, struct err *err)
{
	const struct program *program = ruleset ? ruleset->program : NULL;

	if (!s->wanted[STREAM_SENSOR_START])
		return 0;
	return own_start(&s->own, program ? program->plan->rule_count : 0,
			 program ? program->left_out_count : 0, reloaded,
			 collect_now_ns(), err);
}

/* "3 rules", "1 rule (2 more do not run here)" */
static void rules_print(const struct ruleset *ruleset, struct buf *out)
{
	unsigned n = ruleset->program->plan->rule_count;
	unsigned more = ruleset->program->left_out_count;

	buf_printf(out, "%u rule%s", n, n == 1 ? "" : "s");
	if (more)
		buf_printf(out, " (%u more %s not run here)", more,
			   more == 1 ? "does" : "do");
}

/* --- other rules -----------------------------------------------------------*/

/* What is only told: the old rules stay, and the run goes on. */
static int rules_stay(struct sensor *s, const struct err *why, struct err *err)
{
	buf_printf(&s->text, "%s; the rules stay as they were\n", why->text);
	return say(s, err);
}

/* Those that are there when somebody asks for the first time. */
static int containers_start(struct sensor *s, const struct ruleset *ruleset,
			    struct err *err)
{
	const struct containers_options options = {
		.root = s->options->host_root,
	};

	if (!containers_wanted(ruleset)) {
		s->containers = containers_free(s->containers);
		return 0;
	}
	if (s->containers)
		return 0;
	return containers_new(&options, &s->containers, err);
}

static int containers_change(struct sensor *s, const struct ruleset *ruleset,
			     struct err *err)
{
	bool had = s->containers;
	int rc = containers_start(s, ruleset, err);

	if (rc || had || !s->containers)
		return rc;
	return containers_list(s->containers, collect_now_ns(), container_in, s,
			       err);
}

/* What is new to the sampler: it has not seen the processes. */
static int sampler_see_process(void *ctx, const void *record, size_t len,
			       struct err *err)
{
	(void)err;
	sampler_see(ctx, record, len);
	return 0;
}

static int sampler_change(struct sensor *s, const struct ruleset *ruleset,
			  struct err *err)
{
	struct sampler_wants wants = sampler_wants(s->options, ruleset);
	struct sampler *sampler;
	int rc;

	if (memcmp(&wants, &s->sampled, sizeof(wants)) == 0)
		return 0;
	rc = sampler_start(&wants, &sampler, err);
	if (!rc && sampler)
		rc = collector_snapshot(s->collector, sampler_see_process,
					sampler, err);
	if (rc) {
		sampler_free(sampler);
		return rc;
	}
	sampler_free(s->sampler);
	s->sampler = sampler;
	s->sampled = wants;
	return 0;
}

/* The kernel programs are the new ones: all else follows. */
static int rules_change(struct sensor *s, const struct ruleset *ruleset,
			const bool *wanted, struct err *err)
{
	struct store_moment moment;
	int64_t now = collect_now_ns();
	int rc = term_bits_change(
		&s->terms, s->options->no_pushdown ? NULL : ruleset->program,
		s->collector, err);

	if (!rc)
		rc = turn(s, err);
	memcpy(s->wanted, wanted, sizeof(s->wanted));
	log_source_want(&s->logs, wanted);
	if (!rc)
		rc = sampler_change(s, ruleset, err);
	if (!rc)
		rc = containers_change(s, ruleset, err);
	if (!rc)
		rc = pipeline_reload(s->pipeline, ruleset->program->plan,
				     collector_generation(s->collector), now,
				     err);
	if (!rc)
		rc = rings_watch(s, err);
	if (!rc)
		rc = start_in(s, ruleset, true, err);
	if (rc || !s->store)
		return rc;
	pipeline_moment(s->pipeline, &moment);
	rc = store_end(s->store, &moment, err);
	return rc ? rc :
		    sensor_store_run_begin(s, ruleset, moment.boot_ns, err);
}

/* A trace's head tells which streams it has, and the rules. */
static int reload_check(const struct sensor *s, struct err *err)
{
	if (!s->writer)
		return 0;
	return err_set(err, ERR_USAGE, -EBUSY,
		       "rules are not reloaded while a trace is recorded, "
		       "which holds only what those it began with could use");
}

static int reload(struct sensor *s, struct err *err)
{
	struct request_parts parts;
	struct collect_request request;
	struct ruleset *ruleset = NULL;
	bool wanted[STREAM_COUNT] = { false };
	struct err why = { 0 };
	int rc = reload_check(s, &why);

	if (rc)
		return rules_stay(s, &why, err);
	if (s->options->recompile(s->options->recompile_ctx, &ruleset)) {
		err_set(&why, ERR_USAGE, -EINVAL, "the new rules are refused");
		return rules_stay(s, &why, err);
	}
	streams_wanted(s->options, ruleset, wanted);
	request_fill(s->options, ruleset, wanted, &parts, &request);
	if (log_source_open(&s->logs, &s->options->logs, wanted, &why) ||
	    collector_reload(s->collector, &request, &why)) {
		ruleset_free(ruleset);
		return rules_stay(s, &why, err);
	}
	rc = rules_change(s, ruleset, wanted, err);
	if (rc) {
		/* The pipeline may hold either's plan: both go at the end. */
		s->stale = ruleset;
		return rc;
	}
	ruleset_free(s->reloaded);
	s->reloaded = ruleset;
	s->ruleset = ruleset;
	buf_puts(&s->text, "reloaded: ");
	rules_print(ruleset, &s->text);
	buf_putc(&s->text, '\n');
	return say(s, err);
}

static int on_signal(void *ctx, int64_t result, struct err *err)
{
	struct sensor *s = ctx;

	if (result != SIGHUP || !s->options->recompile)
		return STOPPED;
	return reload(s, err);
}

static int loop_start(struct sensor *s, struct err *err)
{
	const uint64_t signals =
		1ULL << SIGINT | 1ULL << SIGTERM | 1ULL << SIGHUP;
	int rc = loop_signals(s->loop, signals, on_signal, s, err);

	if (!rc)
		rc = rings_watch(s, err);
	if (!rc)
		rc = loop_every(s->loop, TURN_PERIOD_NS, on_turn, s, err);
	if (!rc && s->options->run_ns)
		rc = loop_every(s->loop, s->options->run_ns, on_stop, s, err);
	return rc;
}

static int terms_start(struct sensor *s, struct err *err)
{
	if (!s->ruleset || s->options->no_pushdown)
		return 0;
	return term_bits_new(s->ruleset->program, &s->terms, err);
}

/* What can be refused is asked first; the kernel is touched last. */
static int start(struct sensor *s, struct err *err)
{
	static const char *const harmless[] = { "/proc/self/exe", "--version",
						NULL };
	struct request_parts parts;
	struct collect_request request;
	int rc = origin_start(s, err);

	if (rc)
		return rc;
	streams_wanted(s->options, s->ruleset, s->wanted);
	request_fill(s->options, s->ruleset, s->wanted, &parts, &request);
	rc = loop_open(&s->loop, err);
	if (!rc)
		rc = log_source_open(&s->logs, &s->options->logs, s->wanted,
				     err);
	if (!rc)
		rc = collector_open(&request, &s->collector, err);
	if (!rc)
		rc = collector_self_test(s->collector, harmless, err);
	if (!rc && s->options->dry_run)
		return 0;
	s->sampled = sampler_wants(s->options, s->ruleset);
	if (!rc)
		rc = sampler_start(&s->sampled, &s->sampler, err);
	if (!rc)
		rc = containers_start(s, s->ruleset, err);
	if (!rc && s->options->store_dir)
		rc = sensor_store_start(s, err);
	if (!rc && s->options->trace_path)
		rc = sensor_writer_open(s, err);
	if (!rc)
		rc = pipeline_start(s, err);
	if (!rc)
		rc = terms_start(s, err);
	if (!rc)
		rc = collector_snapshot(s->collector, snapshot_in, s, err);
	if (!rc && s->containers)
		rc = containers_list(s->containers, s->start_ns, container_in,
				     s, err);
	if (!rc)
		rc = start_in(s, s->ruleset, false, err);
	if (!rc)
		rc = loop_start(s, err);
	return rc;
}

/* --- ending ---------------------------------------------------------------*/

/* No program runs any more: what is in the rings is all there will be. */
static int last_turn(struct sensor *s, struct err *err)
{
	int64_t end;
	int rc;

	collector_detach(s->collector);
	rc = turn(s, err);
	for (unsigned i = 0; i < LAST_TURNS && !rc; i++) {
		int64_t before = log_source_last_ts(&s->logs);

		rc = turn(s, err);
		if (log_source_last_ts(&s->logs) == before)
			break;
	}
	end = log_source_end(&s->logs, collect_now_ns());
	if (!rc)
		rc = reorder_advance(s->reorder, end, row_in_order, s, err);
	if (!rc)
		rc = pipeline_turn(s->pipeline, end, err);
	return rc ? rc : pipeline_end(s->pipeline, err);
}

static int finish(struct sensor *s, struct err *err)
{
	struct store_moment moment;
	int rc = last_turn(s, err);

	if (!rc && s->writer) {
		struct trace_writer *writer = s->writer;

		s->writer = NULL;
		rc = trace_finish(writer, err);
	}
	if (!rc && s->store) {
		pipeline_moment(s->pipeline, &moment);
		rc = store_end(s->store, &moment, err);
	}
	if (!rc)
		rc = sensor_summary(s, err);
	return rc ? rc : say(s, err);
}

static void release(struct sensor *s)
{
	collector_close(s->collector);
	sampler_free(s->sampler);
	containers_free(s->containers);
	log_source_close(&s->logs);
	loop_close(s->loop);
	term_bits_free(s->terms);
	pipeline_free(s->pipeline);
	reorder_free(s->reorder);
	trace_abandon(s->writer);
	store_close(s->store);
	arena_release(&s->arena);
	buf_release(&s->text);
	own_events_release(&s->own);
	ruleset_free(s->reloaded);
	ruleset_free(s->stale);
}

static int announce(struct sensor *s, struct err *err)
{
	const struct sensor_options *options = s->options;

	if (!options->quiet) {
		if (s->ruleset) {
			rules_print(s->ruleset, &s->text);
			buf_printf(&s->text, ", %s%s; attached:\n",
				   s->store ? "store " : "nothing is stored",
				   s->store ? options->store_dir : "");
		} else {
			buf_puts(&s->text, "recording; attached:\n");
		}
		collector_describe(s->collector, &s->text);
		log_source_describe(&s->logs, &s->text);
	}
	if (!options->dry_run)
		buf_puts(&s->text, "ready\n");
	return say(s, err);
}

static int run(struct sensor *s, struct err *err)
{
	int rc = start(s, err);

	if (rc)
		return rc;
	rc = announce(s, err);
	if (rc || s->options->dry_run)
		return rc;
	rc = loop_run(s->loop, err);
	if (rc != STOPPED)
		return rc < 0 ? rc :
				err_set(err, ERR_INTERNAL, -EINVAL,
					"the event loop ended by itself");
	rc = finish(s, err);
	return rc ? rc : pipeline_output(s->pipeline, err);
}

int sensor_run(const struct sensor_options *options, struct err *err)
{
	struct sensor s = { .options = options, .ruleset = options->ruleset };
	int rc;

	arena_init(&s.arena, ROW_ARENA_BYTES);
	rc = run(&s, err);
	if (!rc && s.incomplete)
		rc = SENSOR_INCOMPLETE;
	release(&s);
	return rc;
}
