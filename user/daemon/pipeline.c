// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/pipeline.h"

#include "compiler/subscribe.h"
#include "stream/container_table.h"
#include "stream/process_table.h"
#include "user/base/buf.h"
#include "user/daemon/output.h"
#include "user/daemon/publish.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Matches committed together; more of one turn go in further transactions. */
#define TURN_MATCHES_MAX 256
#define TURN_ARENA_BYTES ((size_t)24 * 1024 * 1024)
#define TURN_ARENA_FULL ((size_t)8 * 1024 * 1024)
/* One match decoded: many times its payload. */
#define SHOWN_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define SHOWN_TEXT_FULL ((size_t)64 * 1024)
/* Loss that no match's entry carries gets one of its own after this long. */
#define LOSS_ENTRY_NS 1000000000LL
#define PROCESSES_MAX 65536
#define PROCESS_STRINGS_MAX ((uint64_t)48 * 1024 * 1024)
#define CONTAINERS_MAX 16384
#define CONTAINER_LINGER_NS 1000000000LL
#define PROCESS_LINGER_NS (5LL * 60 * 1000000000)

struct pipeline {
	struct pipeline_options options;
	struct pipeline_origin origin;
	struct process_table *processes;
	struct container_table *containers;
	struct row *process;   /* room for a row of stream `process` */
	bool reads_process;    /* does a rule read it? */
	bool reads_origin;     /* does a rule read `host` or `boot_id`? */
	char boot_id[37];      /* as text */
	struct engine *engine; /* NULL: only record */
	struct arena arena;    /* of the turn's matches */
	struct arena shown;    /* of the one that is being shown */
	struct store_match matches[TURN_MATCHES_MAX];
	unsigned match_count;
	uint64_t lost;	   /* since the last commit */
	int64_t lost_from; /* when `lost` was 0 last */
	int64_t last_ts;   /* of the last row */
	int64_t watermark; /* INT64_MIN before the first turn */
	bool ended;	   /* `state` is the last there will be */
	struct buf state;
	struct buf text;
	struct output output;
	struct pipeline_stats stats;
};

static int on_match(void *ctx, const struct match *match, struct err *err);

static bool reads_process(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->rule_count; i++)
		for (unsigned k = 0; k < plan->rules[i].input_count; k++)
			if (plan->rules[i].input_streams[k] == STREAM_PROCESS)
				return true;
	return false;
}

/* As the kernel prints it. */
static void boot_id_print(const uint8_t boot_id[16], char ret_text[37])
{
	char *at = ret_text;

	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += snprintf(at, 3, "%02x", boot_id[i]);
	}
}

/* What rows are given before the engine sees them: only what rules read. */
static void ask_columns(struct pipeline *p, const struct plan *plan)
{
	uint64_t columns[4] = { 0 };
	uint64_t ambient = 0;

	for (unsigned i = 0; i < plan->rule_count; i++)
		for (unsigned k = 0; k < plan->rules[i].input_count; k++)
			subscribe_columns(&plan->rules[i], k, columns);
	for (unsigned column = COL_AMBIENT_FIRST; column < COL_HEAD_COUNT;
	     column++)
		if (columns[column / 64] >> column % 64 & 1)
			ambient |= PROCESS_AMBIENT(column);
	p->reads_origin = ambient & (PROCESS_AMBIENT(COL_host) |
				     PROCESS_AMBIENT(COL_boot_id));
	process_table_ask(p->processes, ambient);
}

static void put_origin(const struct pipeline *p, struct row *row)
{
	if (!p->reads_origin)
		return;
	if (p->origin.host)
		row->values[COL_host] = value_text(p->origin.host);
	row->values[COL_boot_id] = value_text(p->boot_id);
}

static const struct context *ancestor(void *ctx, int64_t pid_key, unsigned n)
{
	const struct pipeline *p = ctx;

	return process_table_ancestor(p->processes, pid_key, n);
}

static int engine_start(struct pipeline *p, const struct plan *plan,
			struct engine **ret_engine, struct err *err)
{
	const struct engine_options options = {
		.on_match = on_match,
		.ctx = p,
		.seed = { p->options.seed[0], p->options.seed[1] },
		.state_bytes_max = PLAN_STATE_BYTES_MAX,
		.ancestor = ancestor,
		.ancestor_ctx = p,
	};

	return engine_new(plan, &options, ret_engine, err);
}

static int parts_new(struct pipeline *p, struct err *err)
{
	const struct process_table_options table = {
		.processes_max = PROCESSES_MAX,
		.strings_bytes_max = PROCESS_STRINGS_MAX,
		.linger_ns = PROCESS_LINGER_NS,
		.clock_offset_ns = p->origin.clock_offset_ns,
		.seed = { p->options.seed[0], p->options.seed[1] },
	};
	const struct container_table_options containers = {
		.containers_max = CONTAINERS_MAX,
		.linger_ns = CONTAINER_LINGER_NS,
		.seed = { p->options.seed[0], p->options.seed[1] },
	};
	int rc = process_table_new(&table, &p->processes, err);

	if (!rc)
		rc = container_table_new(&containers, &p->containers, err);

	p->process =
		calloc(1, sizeof(*p->process) +
				  row_slots(catalog_stream(STREAM_PROCESS)) *
					  sizeof(struct value));
	if (!rc && !p->process)
		rc = err_nomem(err);
	p->reads_process = p->options.plan && reads_process(p->options.plan);
	boot_id_print(p->origin.boot_id, p->boot_id);
	if (!rc && p->options.plan)
		ask_columns(p, p->options.plan);
	if (!rc && p->options.plan)
		rc = engine_start(p, p->options.plan, &p->engine, err);
	return rc;
}

int pipeline_new(const struct pipeline_options *options,
		 const struct pipeline_origin *origin,
		 struct pipeline **ret_pipeline, struct err *err)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return err_nomem(err);
	p->options = *options;
	p->origin = *origin;
	p->watermark = INT64_MIN;
	arena_init(&p->arena, TURN_ARENA_BYTES);
	arena_init(&p->shown, SHOWN_ARENA_BYTES);
	output_open(&p->output, options->out, options->reloads);
	rc = parts_new(p, err);
	if (rc)
		return pipeline_free(p), rc;
	*ret_pipeline = p;
	return 0;
}

struct pipeline *pipeline_free(struct pipeline *p)
{
	if (!p)
		return NULL;
	engine_free(p->engine);
	process_table_free(p->processes);
	container_table_free(p->containers);
	free(p->process);
	arena_release(&p->arena);
	arena_release(&p->shown);
	buf_release(&p->state);
	buf_release(&p->text);
	output_close(&p->output);
	free(p);
	return NULL;
}

void pipeline_moment(const struct pipeline *p, struct store_moment *ret_moment)
{
	struct timespec now;

	*ret_moment = (struct store_moment){ .boot_ns = p->last_ts };
	memcpy(ret_moment->boot_id, p->origin.boot_id,
	       sizeof(ret_moment->boot_id));
	ret_moment->wall_ns = p->last_ts + p->origin.clock_offset_ns;
	if (p->origin.replay)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	ret_moment->wall_ns = now.tv_sec * 1000000000LL + now.tv_nsec;
	if (p->watermark > p->last_ts)
		ret_moment->boot_ns = p->watermark;
}

static int text_write(struct pipeline *p, struct err *err)
{
	if (p->text.failed)
		return err_nomem(err);
	output_write(&p->output, p->text.bytes, p->text.len);
	buf_reset(&p->text);
	return 0;
}

/* What is shown is read back from what was stored. */
static int show_match(struct pipeline *p, const struct store_match *match,
		      struct err *err)
{
	struct match_doc *doc;
	int rc;

	arena_reset(&p->shown);
	rc = match_decode(match->payload, match->payload_bytes, &p->shown, &doc,
			  err);
	if (rc)
		return rc;
	sink_match(&p->options.sink, doc,
		   p->options.store ? match->ret_seq : UINT64_MAX, &p->text);
	return p->text.len > SHOWN_TEXT_FULL ? text_write(p, err) : 0;
}

static int show(struct pipeline *p, struct err *err)
{
	int rc = 0;

	if (p->output.ended)
		return 0;
	for (unsigned i = 0; i < p->match_count && !rc; i++)
		if (!p->matches[i].ret_known)
			rc = show_match(p, &p->matches[i], err);
	return rc ? rc : text_write(p, err);
}

static int save_state(struct pipeline *p, struct err *err)
{
	if (p->ended)
		return 0;
	buf_reset(&p->state);
	return engine_save(p->engine, &p->state, err);
}

static int commit(struct pipeline *p, bool with_state, struct err *err)
{
	struct store_turn turn = { .matches = p->matches,
				   .match_count = p->match_count,
				   .lost = p->lost,
				   .watermark = p->watermark };
	int rc;

	if (!p->options.store)
		return 0;
	/* A replay ends with everything decided: no run goes on from there. */
	if (p->engine && with_state && !p->origin.replay) {
		rc = save_state(p, err);
		if (rc)
			return rc;
		turn.state = p->state.bytes;
		turn.state_bytes = p->state.len;
	}
	pipeline_moment(p, &turn.moment);
	rc = store_commit(p->options.store, &turn, err);
	if (!rc) {
		p->lost = 0;
		p->stats.commits++;
	}
	return rc;
}

/* Commit, then show, then forget. */
static int flush(struct pipeline *p, struct err *err)
{
	int rc;

	if (!p->match_count)
		return 0;
	rc = commit(p, true, err);
	if (!rc)
		rc = show(p, err);
	if (rc)
		return rc;
	for (unsigned i = 0; i < p->match_count; i++)
		p->stats.matches += !p->matches[i].ret_known;
	p->match_count = 0;
	arena_reset(&p->arena);
	return 0;
}

static int on_match(void *ctx, const struct match *match, struct err *err)
{
	struct pipeline *p = ctx;
	int rc;

	if (p->match_count == TURN_MATCHES_MAX ||
	    p->arena.used_bytes > TURN_ARENA_FULL) {
		rc = flush(p, err);
		if (rc)
			return rc;
	}
	rc = publish(match, &p->origin, &p->arena, &p->matches[p->match_count],
		     err);
	if (!rc)
		p->match_count++;
	return rc;
}

/* A row of stream `process`, when this one made a process appear or change. */
static int process_row(struct pipeline *p, const struct row *row,
		       struct err *err)
{
	if (!p->reads_process ||
	    !process_table_appeared(p->processes, row, p->process))
		return 0;
	return engine_push(p->engine, p->process, err);
}

int pipeline_row(struct pipeline *p, struct row *row, struct err *err)
{
	int rc = 0;

	if (p->options.writer)
		rc = trace_write_row(p->options.writer, row, err);
	if (rc)
		return rc;
	p->stats.rows++;
	p->last_ts = row->ts;
	p->origin.clock_offset_ns =
		row_clock_offset(row, p->origin.clock_offset_ns);
	if (!p->engine)
		return 0;
	/* Programs made for other rules know nothing of these. */
	if (row->generation != p->options.generation)
		row->ruled_out = 0;
	process_table_apply(p->processes, row);
	put_origin(p, row);
	container_table_apply(p->containers, row);
	/* Internal: what it tells goes out as a row of `process`. */
	if (row->stream < STREAM_VISIBLE_COUNT)
		rc = engine_push(p->engine, row, err);
	return rc ? rc : process_row(p, row, err);
}

int pipeline_gap(struct pipeline *p, enum stream_id stream, int64_t from,
		 int64_t to, uint64_t count, struct err *err)
{
	int rc = 0;

	if (p->options.writer)
		rc = trace_write_gap(p->options.writer, stream, from, to, count,
				     err);
	if (__builtin_add_overflow(p->lost, count, &p->lost))
		p->lost = UINT64_MAX;
	if (!rc && p->engine)
		rc = engine_gap(p->engine, stream, from, to, count, err);
	/* What the lifecycle lost, rows of `process` derived from it lack. */
	if (!rc && p->engine && STREAM_IS_LIFECYCLE(stream))
		rc = engine_gap(p->engine, STREAM_PROCESS, from, to, count,
				err);
	return rc;
}

int pipeline_turn(struct pipeline *p, int64_t watermark, struct err *err)
{
	int rc = 0;

	if (watermark <= p->watermark)
		return 0;
	if (p->engine)
		rc = engine_advance(p->engine, watermark, err);
	p->watermark = watermark;
	if (!rc && p->options.writer)
		rc = trace_write_turn(p->options.writer, watermark, err);
	if (!rc)
		rc = flush(p, err);
	if (!p->lost)
		p->lost_from = watermark;
	else if (!rc && watermark > p->lost_from + LOSS_ENTRY_NS)
		rc = commit(p, false, err);
	if (!rc)
		process_table_expire(p->processes, watermark);
	if (!rc)
		container_table_expire(p->containers, watermark);
	return rc;
}

int pipeline_resume(struct pipeline *p, int64_t now_ns, struct err *err)
{
	int64_t watermark = 0;
	int rc;

	if (!p->options.store || !p->engine)
		return 0;
	buf_reset(&p->state);
	rc = store_state(p->options.store, p->origin.boot_id, &p->state,
			 &watermark, err);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = engine_restore(p->engine, p->state.bytes, p->state.len, err);
	if (watermark < 0)
		watermark = 0; /* killed in its first turn */
	/* Nobody watched between the two runs: how much was missed is unknown */
	for (unsigned s = 0; s < STREAM_VISIBLE_COUNT && !rc; s++)
		if (STREAM_IS_COLLECTED(s))
			rc = pipeline_gap(p, s, watermark, now_ns, 0, err);
	return rc;
}

static void rule_stats_add(const struct pipeline *p,
			   struct pipeline_stats *stats)
{
	for (unsigned i = 0; p->engine && i < p->options.plan->rule_count;
	     i++) {
		struct engine_rule_stats rule;

		engine_rule_stats(p->engine, i, &rule);
		stats->scanned += rule.scanned;
		stats->suppressed += rule.suppressed;
		stats->late += rule.late;
		stats->evicted += rule.evicted + rule.refused;
	}
}

int pipeline_reload(struct pipeline *p, const struct plan *plan,
		    uint32_t generation, int64_t now_ns, struct err *err)
{
	struct engine *engine = NULL;
	int rc;

	rc = flush(p, err);
	if (!rc)
		rc = save_state(p, err);
	if (!rc)
		rc = engine_start(p, plan, &engine, err);
	if (!rc)
		rc = engine_restore(engine, p->state.bytes, p->state.len, err);
	for (unsigned s = 0; s < STREAM_VISIBLE_COUNT && !rc; s++)
		rc = engine_gap(engine, s, 0, now_ns, 0, err);
	if (rc) {
		engine_free(engine);
		return rc;
	}
	rule_stats_add(p, &p->stats);
	engine_free(p->engine);
	p->engine = engine;
	p->options.plan = plan;
	p->options.generation = generation;
	p->reads_process = reads_process(plan);
	ask_columns(p, plan);
	return 0;
}

/*
 * Nobody watches from here on: that is a gap without an end, so that what closes
 * now and would have gone on says so. What a next run of this boot takes up is
 * the state before, for at the end of time nothing is muted any more.
 */
static int close_windows(struct pipeline *p, struct err *err)
{
	int rc = save_state(p, err);

	p->ended = true;
	for (unsigned s = 0; s < STREAM_COUNT && !rc; s++)
		rc = engine_gap(p->engine, s, p->watermark, INT64_MAX, 0, err);
	return rc ? rc : engine_advance(p->engine, INT64_MAX, err);
}

int pipeline_end(struct pipeline *p, struct err *err)
{
	int rc = 0;

	if (p->engine)
		rc = close_windows(p, err);
	if (!rc)
		rc = flush(p, err);
	return rc ? rc : pipeline_save(p, err);
}

int pipeline_output(const struct pipeline *p, struct err *err)
{
	return err_set(err, p->output.err.kind, p->output.err.code, "%s",
		       p->output.err.text);
}

int pipeline_save(struct pipeline *p, struct err *err)
{
	return commit(p, true, err);
}

const struct context *pipeline_process(const struct pipeline *pipeline,
				       uint64_t pid_key)
{
	return process_table_ancestor(pipeline->processes, (int64_t)pid_key, 0);
}

void pipeline_stats(const struct pipeline *p, struct pipeline_stats *ret_stats)
{
	struct process_table_stats processes;
	struct container_table_stats containers;

	*ret_stats = p->stats;
	process_table_stats(p->processes, &processes);
	ret_stats->forgotten = processes.forgotten;
	container_table_stats(p->containers, &containers);
	ret_stats->containers_forgotten = containers.forgotten;
	rule_stats_add(p, ret_stats);
}
