// SPDX-License-Identifier: Apache-2.0
#include "stream/engine_int.h"

#define PLAN_BYTES_MAX ((size_t)64 << 20)

static void op_release(struct op *op)
{
	if (op->node->kind == PLAN_JOIN) {
		while (join_evict(op))
			;
		keyset_release(&op->join.keys);
	} else if (op->node->kind == PLAN_COUNT) {
		count_release(op);
	}
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
	timers_release(&engine->timers);
	pool_release(&engine->pool);
	buf_release(&engine->key);
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
	pool_init(&engine->pool, options->state_bytes_max);
	arena_init(&engine->arena, PLAN_BYTES_MAX);
	rc = engine_build(engine, err);
	if (rc) {
		engine_free(engine);
		return rc;
	}
	*ret_engine = engine;
	return 0;
}

int64_t tuple_ts(const struct op *op, const struct tuple *tuple)
{
	int64_t ts = INT64_MIN;

	for (unsigned i = 0; i < op->input_count; i++)
		if (tuple->rows[op->inputs[i]]->ts > ts)
			ts = tuple->rows[op->inputs[i]]->ts;
	return ts;
}

bool op_key(struct op *op, const struct expr **keys, const struct tuple *tuple)
{
	struct buf *key = &op->rule->engine->key;

	buf_reset(key);
	for (unsigned i = 0; i < op->node->key_count; i++) {
		struct value v = expr_eval(keys[i], tuple);

		if (value_is_null(v))
			return false;
		key_put(key, v);
	}
	if (key->failed)
		op_over(op, 0, 1);
	return !key->failed;
}

static int filter_take(struct op *op, const struct tuple *tuple,
		       struct err *err)
{
	if (expr_is_true(op->node->predicate, tuple))
		return op_output(op, tuple, err);
	if (op->above_top && op->rule->plan->emit == PLAN_EMIT_FIRST)
		rule_fall(op->rule, &op->rule->top_count->count.deciding->head);
	return 0;
}

int op_output(struct op *op, const struct tuple *tuple, struct err *err)
{
	struct op *parent = op->parent;

	if (!parent)
		return rule_match(op->rule, tuple, err);
	switch (parent->node->kind) {
	case PLAN_FILTER:
		return filter_take(parent, tuple, err);
	case PLAN_JOIN:
		return op->is_right ? join_right(parent, tuple, err) :
				      join_left(parent, tuple, err);
	case PLAN_COUNT:
		return count_take(parent, tuple, err);
	case PLAN_SCAN:
	case PLAN_KIND_COUNT:
		break;
	}
	CHECK(!"an operator that takes no tuples");
}

static int decide_peers(struct engine *engine, struct err *err)
{
	for (unsigned i = 0; i < engine->plan->rule_count && engine->waiting;
	     i++) {
		struct rule *rule = &engine->rules[i];

		if (!rule->top_count)
			continue;
		for (unsigned k = 0; k < rule->op_count; k++) {
			struct op *op = &rule->ops[k];
			int rc = 0;

			if (op->node->kind == PLAN_COUNT)
				rc = count_decide(op, err);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static void expire(struct engine *engine)
{
	struct timer *timer;

	while ((timer = timers_expired(&engine->timers, engine->now))) {
		switch (timer->kind) {
		case TIMER_JOIN_ITEM:
			join_item_expire(
				CONTAINER(timer, struct join_item, timer));
			break;
		case TIMER_COUNT_KEY:
			count_key_expire(
				CONTAINER(timer, struct count_key, timer));
			break;
		case TIMER_MARK:
			marks_remove(CONTAINER(timer, struct mark, timer));
			break;
		}
	}
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		gaps_expire(&engine->gaps[s],
			    ts_sub(engine->now, engine->horizon));
}

/* Time moves on to `now`. */
static int step(struct engine *engine, int64_t now, struct err *err)
{
	int rc = decide_peers(engine, err);

	if (rc)
		return rc;
	engine->now = now;
	expire(engine);
	return 0;
}

/* A late row still meets the rules without state. */
static int scan(struct op *op, struct tuple *tuple, bool late, struct err *err)
{
	const struct row *row = op->rule->engine->current;
	int rc = 0;

	tuple->rows[op->node->input] = row;
	if (expr_is_true(op->node->predicate, tuple)) {
		if (late && op->rule->stateful)
			op->rule->stats.late++;
		else
			rc = op_output(op, tuple, err);
	}
	tuple->rows[op->node->input] = NULL;
	return rc;
}

int engine_push(struct engine *engine, const struct row *row, struct err *err)
{
	struct tuple tuple = { 0 };
	bool late = row->ts < engine->now;
	int rc = 0;

	CHECK(row->stream < STREAM_COUNT);
	if (row->ts > engine->now)
		rc = step(engine, row->ts, err);
	if (rc)
		return rc;
	engine->current = row;
	engine->ordinal++;
	for (unsigned i = 0; i < engine->scan_counts[row->stream] && !rc; i++)
		rc = scan(engine->scans[row->stream][i], &tuple, late, err);
	engine_drop_current(engine);
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
	return 0;
}

void engine_rule_stats(const struct engine *engine, unsigned rule,
		       struct engine_rule_stats *ret_stats)
{
	CHECK(rule < engine->plan->rule_count);
	*ret_stats = engine->rules[rule].stats;
}
