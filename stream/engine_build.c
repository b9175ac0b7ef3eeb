// SPDX-License-Identifier: Apache-2.0
/*
 * From the plan to operators: children before parents, scans by stream, and how
 * long what must be kept. The plan is our compiler's: what it gets wrong is a
 * defect, except a shape this engine does not run.
 */
#include "stream/engine_int.h"

/* Of a rule while it is built: ts[j] - ts[i] is in [low[i][j], high[i][j]]. */
struct build {
	struct engine *engine;
	struct rule *rule;
	int64_t low[TUPLE_INPUTS_MAX][TUPLE_INPUTS_MAX];
	int64_t high[TUPLE_INPUTS_MAX][TUPLE_INPUTS_MAX];
};

static unsigned count_nodes(const struct plan_node *node)
{
	if (!node)
		return 0;
	return 1 + count_nodes(node->child[0]) + count_nodes(node->child[1]);
}

static void add_input(struct op *op, unsigned input)
{
	CHECK(input < op->rule->plan->input_count);
	CHECK(op->input_count < TUPLE_INPUTS_MAX);
	op->inputs[op->input_count++] = (uint8_t)input;
}

static void take_inputs(struct op *op, const struct op *child)
{
	for (unsigned i = 0; i < child->input_count; i++)
		add_input(op, child->inputs[i]);
}

/* What the new input's distance from its anchor says of all the others. */
static void relate(struct build *build, const struct op *op)
{
	const struct plan_node *node = op->node;
	const struct op *left = op->child[0];
	unsigned right = op->child[1]->inputs[0];

	for (unsigned k = 0; k < left->input_count; k++) {
		unsigned i = left->inputs[k];
		int64_t low =
			ts_add(build->low[i][node->anchor], node->lower_ns);
		int64_t high =
			ts_add(build->high[i][node->anchor], node->upper_ns);

		build->low[i][right] = low;
		build->high[i][right] = high;
		build->low[right][i] = ts_sub(0, high);
		build->high[right][i] = ts_sub(0, low);
	}
}

/* The most by which a tuple of `op` completes after its input `input`. */
static int64_t completes_after(const struct build *build, const struct op *op,
			       unsigned input)
{
	int64_t lag = 0;

	for (unsigned k = 0; k < op->input_count; k++)
		if (build->high[input][op->inputs[k]] > lag)
			lag = build->high[input][op->inputs[k]];
	return lag;
}

static int build_join(struct build *build, struct op *op, struct err *err)
{
	const struct op *left = op->child[0];
	bool anchored = false;

	CHECK(op->child[1]->node->kind == PLAN_SCAN);
	if (build->rule->top_count)
		return err_set(err, ERR_INTERNAL, -EINVAL,
			       "rule %s: a join over a count",
			       build->rule->plan->name);
	for (unsigned i = 0; i < left->input_count; i++)
		anchored |= left->inputs[i] == op->node->anchor;
	CHECK(anchored);
	op->join.lag = completes_after(build, left, op->node->anchor);
	take_inputs(op, op->child[1]);
	relate(build, op);
	build->rule->stateful = true;
	return 0;
}

static bool has_window(const struct plan_node *node)
{
	return node->kind == PLAN_COUNT || node->kind == PLAN_OVER ||
	       node->kind == PLAN_GROUP;
}

static void build_count(struct build *build, struct op *op)
{
	CHECK(op->node->slot < TUPLE_SLOTS_MAX);
	build->rule->top_count = op;
	build->rule->stateful = true;
}

/* Before anything can fail: releasing finds every operator whole. */
static void op_init(struct op *op, struct rule *rule,
		    const struct plan_node *node)
{
	static const struct op_kind *const kinds[PLAN_KIND_COUNT] = {
		[PLAN_SCAN] = &op_scan_kind, [PLAN_FILTER] = &op_filter_kind,
		[PLAN_JOIN] = &op_join_kind, [PLAN_COUNT] = &op_count_kind,
		[PLAN_OVER] = &op_over_kind, [PLAN_GROUP] = &op_group_kind,
	};

	CHECK(node->kind < PLAN_KIND_COUNT && kinds[node->kind]);
	op->node = node;
	op->kind = kinds[node->kind];
	op->rule = rule;
	if (op->kind->init)
		op->kind->init(op);
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
	return value ? value : otherwise;
}

/* Saturation bounds a count's runs by itself: the quota must not be nearer. */
static void set_quota(struct op *op)
{
	const struct plan_node *node = op->node;

	op->keys_max = or_default(node->keys_max, KEYS_MAX_DEFAULT);
	op->rows_per_key_max =
		or_default(node->rows_per_key_max,
			   node->kind == PLAN_JOIN ? ROWS_PER_KEY_MAX_DEFAULT :
						     RUNS_MAX_DEFAULT);
	if (node->kind == PLAN_COUNT && node->saturate &&
	    op->rows_per_key_max <= count_enough(node))
		op->rows_per_key_max = (unsigned)count_enough(node) + 1;
}

static int build_op(struct build *build, const struct plan_node *node,
		    struct op **ret_op, struct err *err)
{
	struct rule *rule = build->rule;
	struct op *child[2] = { NULL, NULL };
	struct op *op;
	int rc = 0;

	for (unsigned i = 0; i < 2 && !rc; i++)
		if (node->child[i])
			rc = build_op(build, node->child[i], &child[i], err);
	if (rc)
		return rc;
	op = &rule->ops[rule->op_count++];
	op_init(op, rule, node);
	set_quota(op);
	for (unsigned i = 0; i < 2; i++) {
		op->child[i] = child[i];
		if (!child[i])
			continue;
		child[i]->parent = op;
		child[i]->side = i;
	}
	if (node->kind == PLAN_SCAN)
		add_input(op, node->input);
	else
		take_inputs(op, child[0]);
	op->above_top = node->kind == PLAN_FILTER && rule->top_count;
	if (node->kind == PLAN_JOIN)
		rc = build_join(build, op, err);
	else if (has_window(node))
		build_count(build, op);
	*ret_op = op;
	return rc;
}

/* A filter between two counts decides nothing about the upper threshold. */
static void settle_filters(struct rule *rule)
{
	for (struct op *op = rule->top_count; op; op = op->child[0])
		op->above_top = false;
}

static int64_t range_of(const struct rule *rule)
{
	int64_t range = 0;

	for (unsigned i = 0; i < rule->op_count; i++) {
		const struct plan_node *node = rule->ops[i].node;

		if (has_window(node))
			range = ts_add(range, node->kind == PLAN_GROUP ?
						      node->size_ns :
						      node->range_ns);
		if (node->kind == PLAN_GROUP && node->window == PLAN_SESSION)
			range = ts_add(range, node->slide_ns);
	}
	return range;
}

static int build_rule(struct engine *engine, unsigned index, struct err *err)
{
	const struct plan_rule *plan = &engine->plan->rules[index];
	struct rule *rule = &engine->rules[index];
	struct build build = { .engine = engine, .rule = rule };
	struct op *root;
	int64_t spread = 0;
	int rc;

	CHECK(plan->input_count <= TUPLE_INPUTS_MAX);
	rule->ops = arena_array(&engine->arena, count_nodes(plan->root),
				sizeof(*rule->ops));
	if (!rule->ops)
		return err_nomem(err);
	rc = build_op(&build, plan->root, &root, err);
	if (rc)
		return rc;
	settle_filters(rule);
	rule->reach = completes_after(&build, root, 0);
	for (unsigned i = 0; i < root->input_count; i++) {
		int64_t lag = completes_after(&build, root, root->inputs[i]);

		spread = lag > spread ? lag : spread;
	}
	spread = ts_add(spread, range_of(rule));
	rule->spread = spread;
	if (spread > engine->horizon)
		engine->horizon = spread;
	return 0;
}

static int build_scans(struct engine *engine, enum stream_id stream,
		       struct err *err)
{
	unsigned total = 0;

	for (unsigned i = 0; i < engine->plan->rule_count; i++)
		total += engine->rules[i].op_count;
	engine->scans[stream] =
		arena_array(&engine->arena, total, sizeof(struct op *));
	if (!engine->scans[stream])
		return err_nomem(err);
	for (unsigned i = 0; i < engine->plan->rule_count; i++) {
		struct rule *rule = &engine->rules[i];

		for (unsigned k = 0; k < rule->op_count; k++) {
			struct op *op = &rule->ops[k];
			unsigned *n = &engine->scan_counts[stream];

			if (op->node->kind == PLAN_SCAN &&
			    op->node->stream == stream)
				engine->scans[stream][(*n)++] = op;
		}
	}
	return 0;
}

int engine_build(struct engine *engine, struct err *err)
{
	const struct plan *plan = engine->plan;
	unsigned values = 1;
	int rc = 0;

	engine->rules = arena_array(&engine->arena, plan->rule_count,
				    sizeof(*engine->rules));
	if (!engine->rules)
		return err_nomem(err);
	for (unsigned i = 0; i < plan->rule_count; i++) {
		const struct plan_rule *rule = &plan->rules[i];

		engine->rules[i].plan = rule;
		engine->rules[i].engine = engine;
		engine->rules[i].over_ts = INT64_MIN;
		marks_init(&engine->rules[i].mutes, &engine->rules[i]);
		marks_init(&engine->rules[i].edges, &engine->rules[i]);
		marks_init(&engine->rules[i].fired, &engine->rules[i]);
		if (rule->output_count + rule->key_count > values)
			values = rule->output_count + rule->key_count;
	}
	engine->values =
		arena_array(&engine->arena, values, sizeof(*engine->values));
	if (!engine->values)
		return err_nomem(err);
	for (unsigned i = 0; i < plan->rule_count && !rc; i++)
		rc = build_rule(engine, i, err);
	for (unsigned s = 0; s < STREAM_COUNT && !rc; s++)
		rc = build_scans(engine, (enum stream_id)s, err);
	return rc;
}
