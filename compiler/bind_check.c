// SPDX-License-Identifier: Apache-2.0
/* The invariants of a block, held between binding and lowering. */
#include "compiler/bind_block.h"

/* What an expression may read. */
struct reach {
	const struct bound_rule *rule;
	unsigned inputs; /* those below this */
	unsigned slots;
	unsigned depth;
};

static unsigned slot_count(const struct bound_rule *rule)
{
	if (rule->top == BOUND_OVER)
		return rule->aggregate_count;
	if (rule->top == BOUND_GROUP)
		return 2 + rule->key_count + rule->aggregate_count;
	return 0;
}

static enum value_type slot_type(const struct bound_rule *rule, unsigned slot)
{
	if (rule->top == BOUND_OVER)
		return rule->aggregates[slot].type;
	if (slot < 2)
		return VALUE_TIMESTAMP;
	if (slot - 2 < rule->key_count)
		return rule->keys[slot - 2].expr->type;
	return rule->aggregates[slot - 2 - rule->key_count].type;
}

static void check_column(const struct bound_rule *rule, const struct expr *expr)
{
	const struct bound_input *input = &rule->inputs[expr->input];
	unsigned own = expr->column - COL_OWN_FIRST;

	if (input->stream != PLAN_STREAM_MATCHES) {
		const struct stream *stream = catalog_stream(input->stream);

		CHECK(expr->column < catalog_column_count(stream));
		CHECK(catalog_column_at(stream, expr->column)->type ==
		      expr->type);
		return;
	}
	if (expr->column == COL_ts) {
		CHECK(expr->type == VALUE_TIMESTAMP);
		return;
	}
	CHECK(expr->column >= COL_OWN_FIRST);
	CHECK(own < input->source->output_count);
	CHECK(input->source->outputs[own].expr->type == expr->type);
}

static void check_expr(struct reach reach, const struct expr *expr)
{
	CHECK(expr);
	CHECK(reach.depth++ < BIND_HEIGHT_MAX);
	if (expr->op == EXPR_COLUMN) {
		CHECK(expr->input < reach.inputs);
		check_column(reach.rule, expr);
	}
	if (expr->op == EXPR_SLOT) {
		CHECK(expr->slot < reach.slots);
		CHECK(slot_type(reach.rule, expr->slot) == expr->type);
	}
	for (unsigned i = 0; i < expr->arg_count; i++)
		check_expr(reach, expr->args[i]);
}

static void check_conditions(struct reach reach,
			     const struct bound_conditions *list)
{
	for (unsigned i = 0; i < list->count; i++) {
		const struct expr *expr = list->items[i].expr;

		check_expr(reach, expr);
		CHECK(expr->type == VALUE_BOOL || expr->type == VALUE_NULL);
	}
}

static void check_outputs(struct reach reach, const struct plan_output *outputs,
			  unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		CHECK(outputs[i].name);
		check_expr(reach, outputs[i].expr);
	}
}

static void check_inputs(struct reach rows)
{
	const struct bound_rule *rule = rows.rule;

	CHECK(rule->input_count && rule->input_count <= TUPLE_INPUTS_MAX);
	for (unsigned i = 0; i < rule->input_count; i++) {
		const struct bound_input *input = &rule->inputs[i];
		bool matches = input->stream == PLAN_STREAM_MATCHES;

		CHECK(input->name);
		CHECK(matches || input->stream < STREAM_COUNT);
		CHECK(matches == (input->source != NULL));
		CHECK(!matches || input->rule == input->source->plan);
		CHECK(!input->on.count || (i && input->join));
		rows.inputs = i + 1;
		check_conditions(rows, &input->on);
	}
}

static void check_steps(struct reach rows)
{
	const struct bound_rule *rule = rows.rule;
	unsigned count = rule->step_count + rule->has_until;

	CHECK(rule->step_count >= 2 && rule->step_count <= AST_STEPS_MAX);
	CHECK(count == rule->input_count);
	CHECK(!rule->steps[0].optional);
	CHECK(!rule->steps[rule->step_count - 1].optional);
	for (unsigned i = 0; i < count; i++) {
		const struct bound_step *step = &rule->steps[i];

		rows.inputs = i + 1;
		check_conditions(rows, &step->define);
		for (unsigned k = 0; k < rule->key_count; k++) {
			check_expr(rows, step->keys[k]);
			CHECK(step->keys[k]->type == rule->keys[k].expr->type);
		}
	}
}

static void check_top(struct reach rows, struct reach all)
{
	const struct bound_rule *rule = rows.rule;

	CHECK(rule->key_count <= PLAN_KEYS_MAX);
	CHECK(rule->order_count <= PLAN_ORDERS_MAX);
	CHECK(rule->aggregate_count <= PLAN_AGGREGATES_MAX);
	CHECK(rule->top != BOUND_OVER || rule->aggregate_count);
	CHECK(rule->top == BOUND_OVER || rule->top == BOUND_GROUP ||
	      !rule->aggregate_count);
	CHECK(rule->top == BOUND_GROUP ||
	      (!rule->order_count && rule->limit < 0));
	CHECK(rule->top != BOUND_PLAIN || !rule->above.count);
	check_outputs(rows, rule->keys, rule->key_count);
	for (unsigned i = 0; i < rule->aggregate_count; i++) {
		CHECK(!rule->aggregates[i].arg ==
		      (rule->aggregates[i].op == PLAN_COUNT_ROWS));
		if (rule->aggregates[i].arg)
			check_expr(rows, rule->aggregates[i].arg);
	}
	for (unsigned i = 0; i < rule->order_count; i++)
		check_expr(all, rule->orders[i].expr);
}

void bind_check(const struct bound_rule *rule)
{
	struct reach rows = { .rule = rule, .inputs = rule->input_count };
	struct reach all = rows;

	all.slots = slot_count(rule);
	CHECK(all.slots <= TUPLE_SLOTS_MAX);
	/* What a window computes stands in place of its rows. */
	if (rule->top == BOUND_GROUP)
		all.inputs = 0;
	CHECK(rule->name && rule->select && rule->plan);
	check_inputs(rows);
	check_conditions(rows, &rule->below);
	for (unsigned i = 0; i < rule->seen_count; i++)
		check_expr(rows, rule->seen[i]);
	if (rule->top == BOUND_SEQUENCE)
		check_steps(rows);
	check_top(rows, all);
	check_conditions(all, &rule->above);
	check_outputs(all, rule->outputs, rule->output_count);
	check_outputs(all, rule->dedup, rule->dedup_count);
}
