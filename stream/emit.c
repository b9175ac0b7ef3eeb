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

void rule_fall(struct rule *rule, const struct key_head *partition)
{
	const struct buf key = { .bytes = partition->bytes,
				 .len = partition->len };
	struct mark *up = marks_find(&rule->edges, &key);

	if (up)
		marks_remove(up);
}

static bool rises(struct rule *rule)
{
	const struct key_head *head = rule->top_count->window.key;
	const struct buf key = { .bytes = head->bytes, .len = head->len };

	if (marks_find(&rule->edges, &key))
		return false;
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

static bool policy_allows(struct rule *rule, const struct tuple *tuple)
{
	if (rule->plan->emit != PLAN_EMIT_FIRST)
		return true;
	if (rule->top_count)
		return rises(rule);
	return !rule->stateful || is_first(rule, tuple);
}

static int by_total_order(const void *a, const void *b)
{
	const struct row *const *x = a;
	const struct row *const *y = b;

	return row_compare(*x, *y);
}

/* Total order, each row once. */
static unsigned sort_rows(const struct row **rows, unsigned count)
{
	unsigned n = 0;

	qsort(rows, count, sizeof(*rows), by_total_order);
	for (unsigned i = 0; i < count; i++)
		if (n == 0 || rows[n - 1] != rows[i])
			rows[n++] = rows[i];
	return n;
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

/* Evidence and the window it spans; `rows` holds GATHER_MAX. */
static void set_window(const struct rule *rule, const struct tuple *tuple,
		       const struct row **rows, struct match *match)
{
	const struct op *count = rule->top_count;
	unsigned n = sort_rows(rows, count ? count->kind->gather(count, rows) :
					     gather_tuple(rule, tuple, rows));
	unsigned skip = n > MATCH_EVIDENCE_MAX ? n - MATCH_EVIDENCE_MAX : 0;

	match->evidence = rows + skip;
	match->evidence_count = n - skip;
	match->evidence_total = n;
	if (count) {
		match->evidence_total = count->window.total;
		match->window_end = count->window.end;
		match->window_start = count->window.start;
	} else {
		match->window_end = rows[n - 1]->ts;
		match->window_start = rows[0]->ts;
	}
	if (n && rows[0]->ts < match->window_start)
		match->window_start = rows[0]->ts;
	match->ts = tuple->ts;
}

static void set_coverage(const struct rule *rule, struct match *match)
{
	const struct plan_rule *plan = rule->plan;
	uint32_t seen = 0;

	/* What went could have been of use for so long, and no longer. */
	match->coverage = ts_sub(match->ts, rule->spread) <= rule->over_ts ?
				  COVERAGE_EVICTED :
				  COVERAGE_COMPLETE;
	for (unsigned i = 0; i < plan->input_count; i++) {
		enum stream_id stream = plan->input_streams[i];

		if (seen & 1u << stream)
			continue;
		seen |= 1u << stream;
		if (gaps_overlap(&rule->engine->gaps[stream],
				 match->window_start, match->window_end,
				 &match->lost))
			match->coverage = COVERAGE_GAP;
	}
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
	int rc;

	if (!policy_allows(rule, tuple))
		return 0;
	match.rows = tuple->rows;
	set_window(rule, tuple, rows, &match);
	set_coverage(rule, &match);
	set_values(rule, tuple, &match);
	if ((rule->plan->suppress_on_gap && match.coverage == COVERAGE_GAP) ||
	    is_muted(rule, &match)) {
		rule->stats.suppressed++;
		expr_restore(env, mark);
		return 0;
	}
	rule->stats.matches++;
	rc = options->on_match(options->ctx, &match, err);
	expr_restore(env, mark);
	return rc;
}
