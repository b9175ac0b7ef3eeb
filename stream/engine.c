// SPDX-License-Identifier: Apache-2.0
#include "stream/engine_int.h"

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
	pool_init(&engine->pool, options->state_bytes_max);
	arena_init(&engine->arena, PLAN_BYTES_MAX);
	rc = expr_env_init(&engine->env, err);
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
		rule_fall(op->rule, op->rule->top_count->window.key);
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

			if (op->kind->decide)
				rc = op->kind->decide(op, err);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static int expire(struct engine *engine, struct err *err)
{
	struct timer *timer;
	int rc = 0;

	while (!rc && (timer = timers_expired(&engine->timers, engine->now))) {
		if (timer->op)
			rc = timer->op->kind->fire(timer->op, timer, err);
		else
			marks_remove(CONTAINER(timer, struct mark, timer));
	}
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		gaps_expire(&engine->gaps[s],
			    ts_sub(engine->now, engine->horizon));
	return rc;
}

/* Time moves on to `now`. */
static int step(struct engine *engine, int64_t now, struct err *err)
{
	int rc = decide_peers(engine, err);

	if (rc)
		return rc;
	engine->now = now;
	return expire(engine, err);
}

/* A late row still meets the rules without state. */
static int scan(struct op *op, struct tuple *tuple, bool late, struct err *err)
{
	const struct row *row = op->rule->engine->current;
	int rc = 0;

	tuple->rows[op->node->input] = row;
	tuple->ts = row->ts;
	if (expr_is_true(op->node->predicate, tuple, &op->rule->engine->env)) {
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
