// SPDX-License-Identifier: Apache-2.0
#include "stream/engine_int.h"

#include <netinet/in.h>

#define PLAN_BYTES_MAX ((size_t)64 << 20)

static void op_release(struct op *op)
{
	if (op->kind->release)
		op->kind->release(op);
}

static void rule_release(struct rule *rule)
{
	for (unsigned i = 0; i < rule->op_count; i++)
		op_release(&rule->ops[i]);
	marks_release(&rule->mutes);
	marks_release(&rule->edges);
	marks_release(&rule->fired);
}

struct engine *engine_free(struct engine *engine)
{
	if (!engine)
		return NULL;
	for (unsigned i = 0; engine->rules && i < engine->plan->rule_count; i++)
		rule_release(&engine->rules[i]);
	matches_release(engine);
	timers_release(&engine->timers);
	pool_release(&engine->pool);
	buf_release(&engine->key);
	expr_env_release(&engine->env);
	arena_release(&engine->arena);
	free(engine);
	return NULL;
}

int engine_new(const struct plan *plan, const struct engine_options *options,
	       struct engine **ret_engine, struct err *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int rc;

	if (!engine)
		return err_nomem(err);
	engine->plan = plan;
	engine->options = *options;
	engine->now = INT64_MIN;
	list_init(&engine->matches);
	pool_init(&engine->pool, options->state_bytes_max);
	arena_init(&engine->arena, PLAN_BYTES_MAX);
	rc = expr_env_init(&engine->env, err);
	engine->env.ancestor = options->ancestor;
	engine->env.ancestor_ctx = options->ancestor_ctx;
	if (!rc)
		rc = engine_build(engine, err);
	if (rc) {
		engine_free(engine);
		return rc;
	}
	*ret_engine = engine;
	return 0;
}

bool op_key(struct op *op, const struct expr **keys, const struct tuple *tuple)
{
	struct buf *key = &op->rule->engine->key;
	struct expr_env *env = &op->rule->engine->env;
	size_t mark = expr_mark(env);
	bool null = false;

	buf_reset(key);
	for (unsigned i = 0; i < op->node->key_count && !null; i++) {
		struct value v = expr_eval(keys[i], tuple, env);

		null = value_is_null(v);
		key_put(key, v);
	}
	expr_restore(env, mark);
	if (null)
		return false;
	if (key->failed)
		op_over(op, 0, 1);
	return !key->failed;
}

static int filter_take(struct op *op, unsigned side, const struct tuple *tuple,
		       struct err *err)
{
	(void)side;
	if (expr_is_true(op->node->predicate, tuple, &op->rule->engine->env))
		return op_output(op, tuple, err);
	if (op->above_top && op->rule->plan->emit == PLAN_EMIT_FIRST)
		rule_fall(op->rule, op->rule->top->window.key);
	return 0;
}

const struct op_kind op_scan_kind;
const struct op_kind op_filter_kind = { .take = filter_take };

int op_output(struct op *op, const struct tuple *tuple, struct err *err)
{
	if (!op->parent)
		return rule_match(op->rule, tuple, err);
	return op->parent->kind->take(op->parent, op->side, tuple, err);
}

static int fire(struct engine *engine, struct timer *timer, struct err *err)
{
	timers_disarm(&engine->timers, timer);
	if (timer->op)
		return timer->op->kind->fire(timer->op, timer, err);
	marks_remove(CONTAINER(timer, struct mark, timer));
	return 0;
}

/*
 * The end of the moment `ts`: by rank each operator decides, then fires, and
 * what that sends up meets higher ranks alone.
 */
static int moment(struct engine *engine, int64_t ts, struct err *err)
{
	unsigned next = 0;
	int rc = 0;

	engine->now = ts_add(ts, 1);
	while (!rc) {
		struct timer *timer = timers_first(&engine->timers);
		struct op *op = NULL;

		if (timer && timer->deadline > ts)
			timer = NULL;
		if (engine->waiting && next < engine->decider_count)
			op = engine->deciders[next];
		if (op && (!timer || op->rank <= timer_rank(timer))) {
			rc = op->kind->decide(op, err);
			next++;
		} else if (timer) {
			rc = fire(engine, timer, err);
		} else {
			break;
		}
		if (!rc)
			rc = matches_drain(engine, ts, err);
	}
	return rc;
}

/* The first moment before `now` at which there is something to do. */
static bool next_moment(const struct engine *engine, int64_t now,
			int64_t *ret_ts)
{
	const struct timer *timer = timers_first(&engine->timers);

	if (engine->waiting && (engine->now < now || now == INT64_MAX)) {
		*ret_ts = engine->now;
		return true;
	}
	if (!timer || timer->deadline >= now)
		return false;
	*ret_ts = timer->deadline;
	return true;
}

static void expire_gaps(struct engine *engine)
{
	int64_t start = ts_sub(engine->now, engine->horizon);

	if (!engine->has_gaps)
		return;
	engine->has_gaps = false;
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		gaps_expire(&engine->gaps[s], start);
		engine->has_gaps |= engine->gaps[s].count > 0;
	}
}

/* Time moves on to `now`. */
static int step(struct engine *engine, int64_t now, struct err *err)
{
	int64_t ts;
	int rc = 0;

	while (!rc && next_moment(engine, now, &ts)) {
		rc = moment(engine, ts, err);
		CHECK(rc || !engine->waiting);
		/* Matches of windows that end here, half-open. */
		if (!rc)
			rc = matches_drain(engine, engine->now, err);
	}
	if (rc)
		return rc;
	engine->now = now;
	expire_gaps(engine);
	return 0;
}

/* A late row still meets the rules without state. */
int scan_row(struct op *op, const struct row *row, struct err *err)
{
	struct tuple tuple = { .ts = row->ts };

	tuple.rows[op->node->input] = row;
	op->rule->stats.scanned++;
	if (!expr_is_true(op->node->predicate, &tuple, &op->rule->engine->env))
		return 0;
	if (!op->rule->engine->late || !op->rule->stateful)
		return op_output(op, &tuple, err);
	op->rule->stats.late++;
	return 0;
}

static bool is_int(struct value v)
{
	return v.type == VALUE_INT;
}

/* What a rule must have asked for to see the row: enum plan_asks. */
static unsigned asks_of(const struct row *row)
{
	struct value retval = row_get(row, COL_retval);
	unsigned asks = 0;

	if (is_int(retval) && retval.i < 0)
		asks |= PLAN_ASKS_FAILED;
	if (row->stream == STREAM_PROCESS_FORK) {
		struct value thread = row_get(row, COL_PROCESS_FORK_is_thread);

		if (thread.type == VALUE_BOOL && thread.i)
			asks |= PLAN_ASKS_THREADS;
	} else if (row->stream == STREAM_NETWORK_CONNECT) {
		struct value outcome =
			row_get(row, COL_NETWORK_CONNECT_outcome);
		struct value proto = row_get(row, COL_NETWORK_CONNECT_proto);

		if (is_int(outcome) && outcome.i != CONNECT_ATTEMPTED &&
		    !(is_int(proto) && proto.i == IPPROTO_UDP))
			asks |= PLAN_ASKS_OUTCOMES;
	}
	return asks;
}

static void learn_clock(struct engine *engine, const struct row *row)
{
	struct value ts = row_get(row, COL_ts);

	if (ts.type == VALUE_TIMESTAMP)
		engine->clock_offset = ts_sub(ts.i, row->ts);
}

/* The row to the scans of its stream that asked for such and may use it. */
static int scan_all(struct engine *engine, const struct row *row,
		    struct err *err)
{
	unsigned asks = asks_of(row), count = engine->scan_counts[row->stream];
	int rc = 0;

	for (unsigned i = 0; i < count && !rc; i++) {
		const struct scan *scan = &engine->scans[row->stream][i];

		if (!(asks & ~scan->asks) && !(row->ruled_out & scan->hint))
			rc = scan_row(scan->op, row, err);
	}
	return rc;
}

int engine_push(struct engine *engine, const struct row *row, struct err *err)
{
	int rc = 0;

	CHECK(row->stream < STREAM_COUNT);
	if (row->ts > engine->now)
		rc = step(engine, row->ts, err);
	if (rc)
		return rc;
	learn_clock(engine, row);
	engine->late = row->ts < engine->now;
	engine->current = row;
	engine->current_ordinal = ++engine->ordinal;
	rc = scan_all(engine, row, err);
	engine_drop_current(engine);
	if (!rc)
		rc = matches_drain(engine, engine->now, err);
	engine->late = false;
	return rc;
}

int engine_advance(struct engine *engine, int64_t watermark, struct err *err)
{
	if (watermark > engine->now || watermark == INT64_MAX)
		return step(engine, watermark, err);
	return 0;
}

int engine_gap(struct engine *engine, enum stream_id stream, int64_t from,
	       int64_t to, uint64_t count, struct err *err)
{
	if (stream >= STREAM_COUNT || from >= to)
		return err_set(err, ERR_INTERNAL, -EINVAL,
			       "a gap of no stream or of no length");
	gaps_add(&engine->gaps[stream], from, to, count);
	engine->has_gaps = true;
	return 0;
}

void engine_rule_stats(const struct engine *engine, unsigned rule,
		       struct engine_rule_stats *ret_stats)
{
	CHECK(rule < engine->plan->rule_count);
	*ret_stats = engine->rules[rule].stats;
}
