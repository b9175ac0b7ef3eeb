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

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static unsigned count_nodes(const struct plan_node *node)
{
	if (!node)
		return 0;
	return 1 + count_nodes(node->child[0]) + count_nodes(node->child[1]) +
	       node->step_count + (node->until ? 1 : 0);
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
	if (build->rule->top)
		return err_set(err, ERR_INTERNAL, -EINVAL,
			       "rule %s: a join over an aggregate",
			       build->rule->plan->name);
	for (unsigned i = 0; i < left->input_count; i++)
		anchored |= left->inputs[i] == op->node->anchor;
	CHECK(anchored);
	op->join.lag = completes_after(build, left, op->node->anchor);
	take_inputs(op, op->child[1]);
	relate(build, op);
	build->rule->joins = true;
	return 0;
}

/* Each step comes after those before it and within the range. */
static void build_sequence(struct build *build, struct op *op)
{
	const struct plan_node *node = op->node;

	CHECK(node->step_count <= PLAN_STEPS_MAX && node->step_count > 1);
	for (unsigned i = 0; i < node->step_count; i++) {
		CHECK(node->steps[i].scan->input == i);
		add_input(op, i);
		for (unsigned k = 0; k < i; k++) {
			build->high[k][i] = node->range_ns;
			build->low[i][k] = ts_sub(0, node->range_ns);
		}
	}
}

/* A scan of the matches of a rule that comes before this one. */
static void build_reader(struct op *op)
{
	struct rule *rule = op->rule;
	struct engine *engine = rule->engine;
	const struct plan_rule *from = rule->plan->input_rules[op->node->input];

	op->reads = &engine->rules[from - engine->plan->rules];
	CHECK(op->reads < rule && op->reads->plan == from);
	op->reads->reader_count++;
	rule->reads = true;
	rule->streams |= op->reads->streams;
	if (op->reads->spread > rule->behind)
		rule->behind = op->reads->spread;
}

static int build_kind(struct build *build, struct op *op, struct err *err)
{
	const struct plan_node *node = op->node;
	struct rule *rule = op->rule;

	if (node->kind == PLAN_SCAN) {
		add_input(op, node->input);
		if (node->stream == PLAN_STREAM_MATCHES)
			build_reader(op);
		else
			rule->streams |= 1u << node->stream;
		return 0;
	}
	if (node->kind == PLAN_SEQUENCE)
		build_sequence(build, op);
	else
		take_inputs(op, op->child[0]);
	op->above_top = node->kind == PLAN_FILTER && rule->top;
	if (node->kind == PLAN_FILTER)
		return 0;
	CHECK(node->slot < TUPLE_SLOTS_MAX);
	rule->stateful = true;
	if (op->kind->gather)
		rule->top = op;
	return node->kind == PLAN_JOIN ? build_join(build, op, err) : 0;
}

/* Before anything can fail: releasing finds every operator whole. */
static void op_init(struct op *op, struct rule *rule,
		    const struct plan_node *node)
{
	static const struct op_kind *const kinds[PLAN_KIND_COUNT] = {
		[PLAN_SCAN] = &op_scan_kind,
		[PLAN_FILTER] = &op_filter_kind,
		[PLAN_JOIN] = &op_join_kind,
		[PLAN_COUNT] = &op_count_kind,
		[PLAN_OVER] = &op_over_kind,
		[PLAN_GROUP] = &op_group_kind,
		[PLAN_SEQUENCE] = &op_sequence_kind,
		[PLAN_FIRST_SEEN] = &op_seen_kind,
	};

	CHECK(node->kind < PLAN_KIND_COUNT && kinds[node->kind]);
	op->node = node;
	op->kind = kinds[node->kind];
	op->rule = rule;
	op->rank = rule->engine->rank_count++;
	if (op->kind->decide)
		rule->engine->decider_count++;
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

	op->keys_max =
		or_default(node->keys_max, node->kind == PLAN_FIRST_SEEN ?
						   PLAN_MARKS_MAX :
						   KEYS_MAX_DEFAULT);
	op->rows_per_key_max =
		or_default(node->rows_per_key_max,
			   node->kind == PLAN_JOIN ? ROWS_PER_KEY_MAX_DEFAULT :
						     RUNS_MAX_DEFAULT);
	if (node->kind == PLAN_COUNT && node->saturate &&
	    op->rows_per_key_max <= count_enough(node))
		op->rows_per_key_max = (unsigned)count_enough(node) + 1;
}

static int build_op(struct build *build, const struct plan_node *node,
		    struct op **ret_op, struct err *err);

/*
 * Children in the order in which they are to see a row: of a sequence UNTIL
 * first, then the last step, so that no row advances a chain twice.
 */
static int build_children(struct build *build, const struct plan_node *node,
			  struct op **child, struct err *err)
{
	unsigned n = node->kind == PLAN_SEQUENCE ? node->step_count : 0;
	int rc = 0;

	for (unsigned i = 0; i < 2 && !rc; i++)
		if (node->child[i])
			rc = build_op(build, node->child[i], &child[i], err);
	if (n && node->until)
		rc = build_op(build, node->until->scan, &child[n], err);
	while (n-- && !rc)
		rc = build_op(build, node->steps[n].scan, &child[n], err);
	return rc;
}

static int build_op(struct build *build, const struct plan_node *node,
		    struct op **ret_op, struct err *err)
{
	struct op *child[TUPLE_INPUTS_MAX] = { NULL };
	struct rule *rule = build->rule;
	struct op *op;
	int rc = build_children(build, node, child, err);

	if (rc)
		return rc;
	op = &rule->ops[rule->op_count++];
	op_init(op, rule, node);
	set_quota(op);
	for (unsigned i = 0; i < TUPLE_INPUTS_MAX; i++) {
		if (!child[i])
			continue;
		child[i]->parent = op;
		child[i]->side = i;
		if (i < ARRAY_SIZE(op->child))
			op->child[i] = child[i];
	}
	*ret_op = op;
	return build_kind(build, op, err);
}

/* A filter below the top decides nothing about its threshold. */
static void settle_filters(struct rule *rule)
{
	for (struct op *op = rule->top; op; op = op->child[0])
		op->above_top = false;
}

/* How far operators look back from what goes up. */
static int64_t range_of(const struct rule *rule)
{
	int64_t range = 0;

	for (unsigned i = 0; i < rule->op_count; i++) {
		const struct plan_node *node = rule->ops[i].node;

		if (node->kind == PLAN_COUNT || node->kind == PLAN_OVER ||
		    node->kind == PLAN_FIRST_SEEN)
			range = ts_add(range, node->range_ns);
		if (node->kind == PLAN_GROUP)
			range = ts_add(range, node->size_ns);
		if (node->kind == PLAN_GROUP && node->window == PLAN_SESSION)
			range = ts_add(range, node->slide_ns);
	}
	return range;
}

/*
 * How far before a match a row can be that it has or that it lacks. What a join
 * other than INNER tells of a left row takes back all it looked for, and may
 * be told as late as the row that comes last.
 */
static int64_t spread_of(const struct build *build, const struct op *root)
{
	const struct rule *rule = build->rule;
	int64_t spread = 0;

	for (unsigned i = 0; i < root->input_count; i++)
		spread = later(spread,
			       completes_after(build, root, root->inputs[i]));
	for (unsigned i = 0; i < rule->op_count; i++) {
		const struct plan_node *node = rule->ops[i].node;

		if (node->kind != PLAN_JOIN || node->join == PLAN_JOIN_INNER)
			continue;
		spread =
			later(spread,
			      ts_sub(completes_after(build, root, node->anchor),
				     node->lower_ns));
	}
	return ts_add(ts_add(spread, range_of(rule)), rule->behind);
}

static int build_rule(struct engine *engine, unsigned index, struct err *err)
{
	const struct plan_rule *plan = &engine->plan->rules[index];
	struct rule *rule = &engine->rules[index];
	struct build build = { .engine = engine, .rule = rule };
	struct op *root;
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
	rule->spread = spread_of(&build, root);
	engine->horizon = later(engine->horizon, rule->spread);
	return 0;
}

static int build_scans(struct engine *engine, enum stream_id stream,
		       struct err *err)
{
	engine->scans[stream] = arena_array(&engine->arena, engine->rank_count,
					    sizeof(*engine->scans[stream]));
	if (!engine->scans[stream])
		return err_nomem(err);
	for (unsigned i = 0; i < engine->plan->rule_count; i++) {
		struct rule *rule = &engine->rules[i];

		for (unsigned k = 0; k < rule->op_count; k++) {
			struct op *op = &rule->ops[k];
			unsigned *n = &engine->scan_counts[stream];

			if (op->node->kind == PLAN_SCAN &&
			    op->node->stream == stream)
				engine->scans[stream][(*n)++] = (struct scan){
					.op = op,
					.hint = op->node->hint,
					.asks = op->node->asks,
				};
		}
	}
	return 0;
}

static int fit_all(struct engine *engine, const struct expr *const *exprs,
		   unsigned count, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < count && !rc; i++)
		rc = expr_env_fit(&engine->env, exprs[i], err);
	return rc;
}

static int fit_step(struct engine *engine, const struct plan_node *node,
		    const struct plan_step *step, struct err *err);

/* Whatever the node evaluates, whichever kind it is. */
static int fit_node(struct engine *engine, const struct plan_node *node,
		    struct err *err)
{
	int rc;

	if (!node)
		return 0;
	rc = expr_env_fit(&engine->env, node->predicate, err);
	if (!rc && node->left_keys)
		rc = fit_all(engine, node->left_keys, node->key_count, err);
	if (!rc && node->right_keys)
		rc = fit_all(engine, node->right_keys, node->key_count, err);
	for (unsigned i = 0; i < node->aggregate_count && !rc; i++)
		rc = expr_env_fit(&engine->env, node->aggregates[i].arg, err);
	for (unsigned i = 0; i < node->order_count && !rc; i++)
		rc = expr_env_fit(&engine->env, node->orders[i].expr, err);
	for (unsigned i = 0; i < node->step_count && !rc; i++)
		rc = fit_step(engine, node, &node->steps[i], err);
	if (!rc && node->until)
		rc = fit_step(engine, node, node->until, err);
	for (unsigned i = 0; i < 2 && !rc; i++)
		rc = fit_node(engine, node->child[i], err);
	return rc;
}

static int fit_step(struct engine *engine, const struct plan_node *node,
		    const struct plan_step *step, struct err *err)
{
	int rc = fit_node(engine, step->scan, err);

	if (!rc)
		rc = expr_env_fit(&engine->env, step->predicate, err);
	if (!rc)
		rc = fit_all(engine, step->keys, node->key_count, err);
	return rc;
}

/* So that evaluating finds its scratch large enough. */
static int fit_rule(struct engine *engine, const struct plan_rule *rule,
		    struct err *err)
{
	int rc = fit_node(engine, rule->root, err);

	for (unsigned i = 0; i < rule->output_count && !rc; i++)
		rc = expr_env_fit(&engine->env, rule->outputs[i].expr, err);
	for (unsigned i = 0; i < rule->key_count && !rc; i++)
		rc = expr_env_fit(&engine->env, rule->keys[i].expr, err);
	return rc;
}

static int build_readers(struct engine *engine, struct rule *from,
			 struct err *err)
{
	unsigned n = 0;

	if (!from->reader_count)
		return 0;
	from->readers = arena_array(&engine->arena, from->reader_count,
				    sizeof(*from->readers));
	if (!from->readers)
		return err_nomem(err);
	for (unsigned i = 0; i < engine->plan->rule_count; i++)
		for (unsigned k = 0; k < engine->rules[i].op_count; k++)
			if (engine->rules[i].ops[k].reads == from)
				from->readers[n++] = &engine->rules[i].ops[k];
	CHECK(n == from->reader_count);
	return 0;
}

/* Scratch for matches as rows, where there are any. */
static int build_matches(struct engine *engine, struct err *err)
{
	unsigned outputs = 0;
	bool any = false;
	int rc = 0;

	for (unsigned i = 0; i < engine->plan->rule_count && !rc; i++) {
		struct rule *rule = &engine->rules[i];

		rc = build_readers(engine, rule, err);
		any |= rule->reader_count > 0;
		if (rule->plan->output_count > outputs)
			outputs = rule->plan->output_count;
	}
	if (rc || !any)
		return rc;
	engine->match_row =
		arena_alloc(&engine->arena,
			    sizeof(struct row) + (COL_HEAD_COUNT + outputs) *
							 sizeof(struct value));
	engine->evidence = arena_array(&engine->arena,
				       (size_t)GATHER_MAX * MATCH_EVIDENCE_MAX,
				       sizeof(*engine->evidence));
	return engine->match_row && engine->evidence ? 0 : err_nomem(err);
}

static int build_deciders(struct engine *engine, struct err *err)
{
	unsigned n = 0;

	engine->deciders = arena_array(&engine->arena, engine->decider_count,
				       sizeof(*engine->deciders));
	if (!engine->deciders)
		return err_nomem(err);
	for (unsigned i = 0; i < engine->plan->rule_count; i++)
		for (unsigned k = 0; k < engine->rules[i].op_count; k++)
			if (engine->rules[i].ops[k].kind->decide)
				engine->deciders[n++] =
					&engine->rules[i].ops[k];
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
		engine->rules[i].capped_ts = INT64_MIN;
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
	for (unsigned i = 0; i < plan->rule_count && !rc; i++) {
		rc = fit_rule(engine, &plan->rules[i], err);
		if (!rc)
			rc = build_rule(engine, i, err);
	}
	for (unsigned s = 0; s < STREAM_COUNT && !rc; s++)
		rc = build_scans(engine, (enum stream_id)s, err);
	if (!rc)
		rc = build_deciders(engine, err);
	return rc ? rc : build_matches(engine, err);
}
