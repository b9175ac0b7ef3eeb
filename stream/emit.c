// SPDX-License-Identifier: Apache-2.0
/*
 * What becomes a match. In this order: the emit policy (a threshold's rising
 * edge, a join's first), coverage, ON GAP SUPPRESS, SUPPRESS FOR, then out.
 *
 * A threshold is up for a partition key from the row that passes the filters
 * over its count until a row of that key does not, or none is left in its
 * window; only going up matches.
 */
#include "stream/engine_int.h"

void rule_fall(struct rule *rule, struct key_head *partition)
{
	const struct buf key = { .bytes = partition->bytes,
				 .len = partition->len };
	struct mark *up = marks_find(&rule->edges, &key);

	partition->up = false;
	if (up)
		marks_remove(up);
}

/* The mark is for the checkpoint: there may be no room for it. */
static bool rises(struct rule *rule)
{
	struct key_head *head = rule->top->window.key;
	const struct buf key = { .bytes = head->bytes, .len = head->len };

	if (head->up || marks_find(&rule->edges, &key))
		return false;
	head->up = true;
	marks_set(&rule->edges, &key, INT64_MAX, INT64_MAX);
	return true;
}

static bool is_first(struct rule *rule, const struct tuple *tuple)
{
	const struct row *left = tuple->rows[0];
	struct buf *key = &rule->engine->key;

	buf_reset(key);
	buf_put_le64(key, row_ordinal(rule->engine, left));
	if (key->failed || marks_find(&rule->fired, key))
		return key->failed;
	marks_set(&rule->fired, key, INT64_MAX, ts_add(left->ts, rule->reach));
	return true;
}

/* Does it look back from each of its rows? */
static bool slides(const struct op *top)
{
	return top->node->kind == PLAN_COUNT || top->node->kind == PLAN_OVER;
}

static bool policy_allows(struct rule *rule, const struct tuple *tuple)
{
	if (rule->plan->emit != PLAN_EMIT_FIRST)
		return true;
	if (rule->top)
		return !slides(rule->top) || rises(rule);
	return !rule->joins || is_first(rule, tuple);
}

static unsigned gather_tuple(const struct rule *rule, const struct tuple *tuple,
			     const struct row **rows)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rule->plan->input_count; i++)
		if (tuple->rows[i])
			rows[n++] = tuple->rows[i];
	return n;
}

static void widen(struct match *match, int64_t start, int64_t end)
{
	if (start < match->window_start)
		match->window_start = start;
	if (end > match->window_end)
		match->window_end = end;
}

/* Where something was looked for and is not, as far as `tuple` tells. */
static void widen_by_absence(const struct op *op, const struct tuple *tuple,
			     struct match *match)
{
	const struct plan_node *node = op->node;
	const struct row *anchor;

	if (node->kind == PLAN_FIRST_SEEN) {
		widen(match, ts_sub(match->window_start, node->range_ns),
		      match->window_end);
		return;
	}
	if (node->kind != PLAN_JOIN || tuple->rows[node->child[1]->input])
		return;
	anchor = tuple->rows[node->anchor];
	if (anchor)
		widen(match, ts_add(anchor->ts, node->lower_ns),
		      ts_add(anchor->ts, node->upper_ns));
}

/* Evidence and the window it spans; `rows` holds GATHER_MAX. */
static void set_window(struct rule *rule, const struct tuple *tuple,
		       const struct row **rows, struct match *match)
{
	const struct op *top = rule->top;

	match->ts = tuple->ts;
	match->window_start = INT64_MAX;
	match_evidence(rule, rows,
		       top ? top->kind->gather(top, rows) :
			     gather_tuple(rule, tuple, rows),
		       match);
	match->window_end = tuple->ts;
	if (top) {
		match->window_end = top->window.end;
		widen(match, top->window.start, top->window.end);
		if (match->evidence_total < top->window.total || !rule->reads)
			match->evidence_total = top->window.total;
	}
	if (match->evidence_count)
		widen(match, match->evidence[0]->ts, match->window_end);
	for (unsigned i = 0; i < rule->op_count; i++)
		widen_by_absence(&rule->ops[i], tuple, match);
}

static void at_least(struct match *match, enum match_coverage coverage)
{
	if (match->coverage < coverage)
		match->coverage = coverage;
}

static void set_coverage(const struct rule *rule, struct match *match)
{
	const struct engine *engine = rule->engine;
	int64_t start = ts_sub(match->window_start, rule->behind);
	uint64_t lost = 0;

	/* What went could have been of use for so long, and no longer. */
	if (ts_sub(match->ts, rule->spread) <= rule->capped_ts)
		at_least(match, COVERAGE_CAPPED);
	if (ts_sub(match->ts, rule->spread) <= rule->over_ts)
		at_least(match, COVERAGE_EVICTED);
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		if (rule->streams & 1u << s &&
		    gaps_overlap(&engine->gaps[s], start, match->window_end,
				 &lost))
			at_least(match, COVERAGE_GAP);
	if (lost > match->lost)
		match->lost = lost;
}

/* SUPPRESS FOR mutes [ts, ts + interval) after a match, by the rule's keys. */
static bool is_muted(struct rule *rule, const struct match *match)
{
	const struct plan_rule *plan = rule->plan;
	struct buf *key = &rule->engine->key;
	struct mark *mute;
	int64_t until;

	if (plan->suppress_ns <= 0)
		return false;
	buf_reset(key);
	for (unsigned i = 0; i < plan->key_count; i++)
		key_put(key, match->keys[i]);
	if (key->failed)
		return false;
	mute = marks_find(&rule->mutes, key);
	if (mute && match->ts < mute->until)
		return true;
	until = ts_add(match->ts, plan->suppress_ns);
	marks_set(&rule->mutes, key, until, until - 1);
	return false;
}

static void set_values(const struct rule *rule, const struct tuple *tuple,
		       struct match *match)
{
	const struct plan_rule *plan = rule->plan;
	struct value *values = rule->engine->values;
	struct expr_env *env = &rule->engine->env;

	match->outputs = values;
	for (unsigned i = 0; i < plan->output_count; i++)
		*values++ = expr_eval(plan->outputs[i].expr, tuple, env);
	match->keys = values;
	for (unsigned i = 0; i < plan->key_count; i++)
		*values++ = expr_eval(plan->keys[i].expr, tuple, env);
}

int rule_match(struct rule *rule, const struct tuple *tuple, struct err *err)
{
	const struct engine_options *options = &rule->engine->options;
	const struct row *rows[GATHER_MAX];
	struct match match = { .rule = rule->plan };
	struct expr_env *env = &rule->engine->env;
	size_t mark = expr_mark(env);
	int rc = 0;

	if (!policy_allows(rule, tuple))
		return 0;
	match.rows = tuple->rows;
	set_window(rule, tuple, rows, &match);
	set_coverage(rule, &match);
	set_values(rule, tuple, &match);
	if ((rule->plan->suppress_on_gap && match.coverage == COVERAGE_GAP) ||
	    is_muted(rule, &match)) {
		rule->stats.suppressed++;
	} else {
		rule->stats.matches++;
		if (!rule->plan->internal)
			rc = options->on_match(options->ctx, &match, err);
		if (!rc)
			match_queue(rule, &match);
	}
	expr_restore(env, mark);
	return rc;
}
