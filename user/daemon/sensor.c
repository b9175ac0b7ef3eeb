// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/sensor.h"

#include "stream/reorder.h"
#include "user/base/io.h"
#include "user/collect/sampler.h"
#include "user/daemon/origin.h"
#include "user/daemon/summary.h"
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
#define RINGS_MAX 8

/* loop_run() ends with this when the run is over in good order. */
#define STOPPED 1

struct sensor {
	const struct sensor_options *options;
	struct pipeline_origin origin;
	char host[HOST_NAME_BYTES];
	struct store *store;
	struct trace_writer *writer;
	struct collector *collector;
	struct sampler *sampler; /* NULL: nothing is sampled */
	struct pipeline *pipeline;
	struct reorder *reorder;
	struct loop *loop;
	struct arena arena; /* of the row that is being decoded */
	struct buf text;
	bool wanted[STREAM_COUNT];
	uint64_t lost[STREAM_COUNT]; /* as of the last turn */
	uint64_t late[STREAM_COUNT]; /* rows that could not take their turn */
	int64_t start_ns;
	int64_t watermark;
};

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

	return pipeline_row(s->pipeline, row, err);
}

/* Loss since the last turn, told before the rows that it may concern. */
static int gaps_in(struct sensor *s, int64_t to, struct err *err)
{
	for (unsigned i = 0; i < STREAM_KERNEL_COUNT; i++) {
		struct collect_counters counters;
		uint64_t lost;
		int rc;

		if (!s->wanted[i])
			continue;
		rc = collector_counters(s->collector, i, &counters, err);
		if (rc)
			return rc;
		lost = counters.lost + counters.missed + counters.damaged +
		       s->late[i];
		if (lost == s->lost[i])
			continue;
		rc = pipeline_gap(s->pipeline, i, s->watermark, to,
				  lost - s->lost[i], err);
		if (rc)
			return rc;
		s->lost[i] = lost;
	}
	return 0;
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
	if (!rc)
		rc = reorder_advance(s->reorder, watermark, row_in_order, s,
				     err);
	if (!rc)
		rc = pipeline_turn(s->pipeline, watermark, err);
	s->watermark = watermark;
	return rc;
}

static int record_decode(struct sensor *s, const void *record, size_t len,
			 struct row **ret_row, struct err *err)
{
	arena_reset(&s->arena);
	return event_decode(record, len, s->origin.clock_offset_ns, &s->arena,
			    ret_row, err);
}

/*
 * One record from a ring. A row that comes behind the watermark is lost, and so
 * is one of more than the reorder buffer can hold within the margin.
 */
static int record_in(void *ctx, const void *record, size_t len, struct err *err)
{
	struct sensor *s = ctx;
	struct row *row;
	int rc = record_decode(s, record, len, &row, err);

	if (rc)
		return rc;
	if (s->sampler)
		sampler_see(s->sampler, record, len);
	rc = reorder_push(s->reorder, row, err);
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
	return rc ? rc : pipeline_row(s->pipeline, row, err);
}

static int turn(struct sensor *s, struct err *err)
{
	int64_t now = collect_now_ns(), watermark = s->watermark;
	int rc;

	rc = collector_drain(s->collector, now, record_in, s, &watermark, err);
	if (!rc && s->sampler)
		rc = sampler_turn(s->sampler, now, record_in, s, err);
	if (rc)
		return rc;
	rc = gaps_in(s, now, err);
	if (rc || watermark <= s->watermark)
		return rc;
	rc = reorder_advance(s->reorder, watermark, row_in_order, s, err);
	if (!rc)
		rc = pipeline_turn(s->pipeline, watermark, err);
	s->watermark = watermark;
	return rc;
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

static void request_fill(const struct sensor *s,
			 struct collect_request *ret_request)
{
	const struct sensor_options *options = s->options;

	*ret_request = (struct collect_request){
		.event_ring_bytes = options->ring_bytes,
		.lifecycle_ring_bytes = options->ring_bytes,
	};
	memcpy(ret_request->streams, s->wanted, sizeof(s->wanted));
	if (options->ruleset && !options->no_pushdown) {
		const struct program *program = options->ruleset->program;

		ret_request->object = program->object;
		ret_request->object_bytes = program->object_bytes;
		ret_request->path_sets = program->path_sets;
		ret_request->path_set_count = program->path_set_count;
	}
}

static void streams_wanted(struct sensor *s)
{
	for (unsigned i = 0; i < STREAM_KERNEL_COUNT; i++) {
		s->wanted[i] = STREAM_IS_ALWAYS(i) && catalog_hook(i);
		if (s->options->ruleset)
			s->wanted[i] |=
				s->options->ruleset->program->subscriptions[i]
					.wanted;
		else
			s->wanted[i] |= s->options->streams[i];
	}
}

/* Without rules: everything, when the process table is to be recorded. */
static int sampler_start(struct sensor *s, struct err *err)
{
	const struct ruleset *ruleset = s->options->ruleset;
	bool all = !ruleset && s->options->streams[STREAM_PROCESS];
	struct sampler_wants wants = { all, all, all, all };

	if (ruleset)
		wants = (struct sampler_wants){
			.cpu = ruleset->program->sampled.cpu,
			.memory = ruleset->program->sampled.memory,
			.status = ruleset->program->sampled.status,
			.hash = ruleset->program->sampled.hash,
		};
	if (!wants.cpu && !wants.memory && !wants.status && !wants.hash)
		return 0;
	return sampler_new(&wants, &s->sampler, err);
}

static int writer_open(struct sensor *s, struct err *err)
{
	const struct ruleset *ruleset = s->options->ruleset;
	struct trace_info info = { .clock_offset_ns = s->origin.clock_offset_ns,
				   .start_ns = s->start_ns,
				   /* or the run does not start */
				   .snapshot_complete = true };
	int rc = origin_random(info.run_id, sizeof(info.run_id), err);

	if (rc)
		return rc;
	memcpy(info.boot_id, s->origin.boot_id, sizeof(info.boot_id));
	memcpy(info.host, s->host, sizeof(s->host));
	memcpy(info.streams, s->wanted, sizeof(info.streams));
	info.streams[STREAM_PROCESS_SAMPLE] = s->sampler;
	for (unsigned i = 0; ruleset && i < STREAM_COUNT; i++)
		info.filtered[i] =
			!s->options->no_pushdown &&
			ruleset->program->subscriptions[i].has_predicate;
	if (ruleset)
		memcpy(info.rules_digest, ruleset->program->plan->digest,
		       sizeof(info.rules_digest));
	return trace_create(s->options->trace_path, &info, &s->writer, err);
}

static int store_start(struct sensor *s, struct err *err)
{
	const struct ruleset *ruleset = s->options->ruleset;
	const struct store_options options = { .mode = STORE_WRITE };
	struct store_run run = { 0 };
	int rc;

	rc = store_open(s->options->store_dir, &options, &s->store, err);
	if (rc)
		return rc;
	memcpy(run.ruleset_digest, ruleset->program->plan->digest,
	       sizeof(run.ruleset_digest));
	memcpy(run.object_digest, ruleset->object_digest,
	       sizeof(run.object_digest));
	memcpy(run.moment.boot_id, s->origin.boot_id,
	       sizeof(run.moment.boot_id));
	run.moment.boot_ns = s->start_ns;
	run.moment.wall_ns = s->start_ns + s->origin.clock_offset_ns;
	rc = origin_random(run.seed, sizeof(run.seed), err);
	if (!rc)
		rc = store_begin(s->store, &run, err);
	return rc;
}

static int origin_start(struct sensor *s, struct err *err)
{
	int rc = origin_host(s->host, err);

	if (!rc)
		rc = origin_boot_id(s->origin.boot_id, err);
	s->origin.host = s->host;
	s->origin.clock_offset_ns = collect_clock_offset_ns();
	s->start_ns = collect_now_ns();
	s->watermark = s->start_ns;
	return rc;
}

static int pipeline_start(struct sensor *s, struct err *err)
{
	struct pipeline_options options = {
		.plan = s->options->ruleset ?
				s->options->ruleset->program->plan :
				NULL,
		.store = s->store,
		.writer = s->writer,
		.out = s->options->out,
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

static int loop_start(struct sensor *s, struct err *err)
{
	const uint64_t stops =
		1ULL << SIGINT | 1ULL << SIGTERM | 1ULL << SIGHUP;
	int fds[RINGS_MAX];
	unsigned n = collector_fds(s->collector, fds, RINGS_MAX);
	int rc = loop_signals(s->loop, stops, on_stop, s, err);

	for (unsigned i = 0; i < n && !rc; i++)
		rc = loop_watch(s->loop, fds[i], on_turn, s, err);
	if (!rc)
		rc = loop_every(s->loop, TURN_PERIOD_NS, on_turn, s, err);
	if (!rc && s->options->run_ns)
		rc = loop_every(s->loop, s->options->run_ns, on_stop, s, err);
	return rc;
}

/* What can be refused is asked first; the kernel is touched last. */
static int start(struct sensor *s, struct err *err)
{
	static const char *const harmless[] = { "/proc/self/exe", "--version",
						NULL };
	struct collect_request request;
	int rc = origin_start(s, err);

	if (rc)
		return rc;
	streams_wanted(s);
	request_fill(s, &request);
	rc = loop_open(&s->loop, err);
	if (!rc)
		rc = collector_open(&request, &s->collector, err);
	if (!rc)
		rc = collector_self_test(s->collector, harmless, err);
	if (!rc && s->options->dry_run)
		return 0;
	if (!rc)
		rc = sampler_start(s, err);
	if (!rc && s->options->store_dir)
		rc = store_start(s, err);
	if (!rc && s->options->trace_path)
		rc = writer_open(s, err);
	if (!rc)
		rc = pipeline_start(s, err);
	if (!rc)
		rc = collector_snapshot(s->collector, snapshot_in, s, err);
	if (!rc)
		rc = loop_start(s, err);
	return rc;
}

/* --- ending ---------------------------------------------------------------*/

static int summary(struct sensor *s, struct err *err)
{
	struct summary sum = { .live = true, .no_rules = !s->options->ruleset };
	int rc = 0;

	sum.seconds = (double)(collect_now_ns() - s->start_ns) / 1e9;
	memcpy(sum.wanted, s->wanted, sizeof(sum.wanted));
	for (unsigned i = 0; i < STREAM_KERNEL_COUNT && !rc; i++)
		if (s->wanted[i]) {
			rc = collector_counters(s->collector, i,
						&sum.counters[i], err);
			sum.late += s->late[i];
		}
	sum.held = collector_held(s->collector);
	pipeline_stats(s->pipeline, &sum.pipeline);
	if (s->sampler)
		sampler_stats(s->sampler, &sum.sampler);
	sum.has_store = s->store != NULL;
	if (!rc && s->store)
		rc = store_head(s->store, &sum.head, err);
	if (rc)
		return rc;
	summary_print(&sum, s->options->summary_json, &s->text);
	return say(s, err);
}

/* No program runs any more: what is in the rings is all there will be. */
static int last_turn(struct sensor *s, struct err *err)
{
	int64_t end;
	int rc;

	collector_detach(s->collector);
	rc = turn(s, err);
	end = collect_now_ns();
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
	return rc ? rc : summary(s, err);
}

static void release(struct sensor *s)
{
	collector_close(s->collector);
	sampler_free(s->sampler);
	loop_close(s->loop);
	pipeline_free(s->pipeline);
	reorder_free(s->reorder);
	trace_abandon(s->writer);
	store_close(s->store);
	arena_release(&s->arena);
	buf_release(&s->text);
}

static bool incomplete(const struct sensor *s)
{
	for (unsigned i = 0; i < STREAM_COUNT; i++)
		if (s->lost[i])
			return true;
	return false;
}

static int announce(struct sensor *s, struct err *err)
{
	const struct sensor_options *options = s->options;
	unsigned n = options->ruleset ?
			     options->ruleset->program->plan->rule_count :
			     0;

	if (!options->quiet) {
		if (options->ruleset)
			buf_printf(&s->text, "%u rule%s, %s%s; attached:\n", n,
				   n == 1 ? "" : "s",
				   s->store ? "store " : "nothing is stored",
				   s->store ? options->store_dir : "");
		else
			buf_puts(&s->text, "recording; attached:\n");
		collector_describe(s->collector, &s->text);
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
	struct sensor s = { .options = options };
	int rc;

	arena_init(&s.arena, ROW_ARENA_BYTES);
	rc = run(&s, err);
	if (!rc && incomplete(&s))
		rc = SENSOR_INCOMPLETE;
	release(&s);
	return rc;
}
