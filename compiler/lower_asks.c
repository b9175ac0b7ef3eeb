// SPDX-License-Identifier: Apache-2.0
/*
 * Which rows beyond the usual a rule asks for: those of calls that failed by
 * naming `retval`, and so on. What the text names counts, before anything is
 * folded away, so that nobody needs to know what the compiler simplifies. A
 * column of a view that the rule does not read is not named by it.
 */
#include "compiler/lower_int.h"

static bool names(const struct expr *expr, unsigned input, unsigned column)
{
	if (!expr)
		return false;
	if (expr->op == EXPR_COLUMN && expr->input == input &&
	    expr->column == column)
		return true;
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (names(expr->args[i], input, column))
			return true;
	return false;
}

static bool condition_names(const struct bound_conditions *conditions,
			    unsigned input, unsigned column)
{
	for (unsigned i = 0; i < conditions->count; i++)
		if (names(conditions->items[i].expr, input, column))
			return true;
	return false;
}

static bool output_names(const struct plan_output *outputs, unsigned count,
			 unsigned input, unsigned column)
{
	for (unsigned i = 0; i < count; i++)
		if (names(outputs[i].expr, input, column))
			return true;
	return false;
}

static bool step_names(const struct bound_rule *bound, unsigned input,
		       unsigned column)
{
	bool found = false;

	for (unsigned i = 0; i < bound->step_count + bound->has_until; i++) {
		const struct bound_step *step = &bound->steps[i];

		for (unsigned k = 0; k < bound->key_count; k++)
			found |= names(step->keys[k], input, column);
		found |= condition_names(&step->define, input, column);
	}
	return found;
}

static bool top_names(const struct bound_rule *bound, unsigned input,
		      unsigned column)
{
	bool found = false;

	for (unsigned i = 0; i < bound->seen_count; i++)
		found |= names(bound->seen[i], input, column);
	for (unsigned i = 0; i < bound->aggregate_count; i++)
		found |= names(bound->aggregates[i].arg, input, column);
	for (unsigned i = 0; i < bound->order_count; i++)
		found |= names(bound->orders[i].expr, input, column);
	return found;
}

static bool block_names(const struct bound_rule *bound, unsigned input,
			unsigned column)
{
	bool found =
		condition_names(&bound->below, input, column) ||
		condition_names(&bound->above, input, column) ||
		output_names(bound->outputs, bound->output_count, input,
			     column) ||
		output_names(bound->dedup, bound->dedup_count, input, column);

	for (unsigned i = 0; i < bound->input_count; i++)
		found |= condition_names(&bound->inputs[i].on, input, column);
	if (bound->top == BOUND_SEQUENCE)
		return found || step_names(bound, input, column);
	return found || top_names(bound, input, column) ||
	       output_names(bound->keys, bound->key_count, input, column);
}

unsigned lower_asks(const struct bound_rule *bound, unsigned input)
{
	enum stream_id stream = bound->inputs[input].stream;
	unsigned asks = 0;

	if (stream == PLAN_STREAM_MATCHES)
		return 0;
	if (block_names(bound, input, COL_retval))
		asks |= PLAN_ASKS_FAILED;
	if (stream == STREAM_PROCESS_FORK &&
	    block_names(bound, input, COL_PROCESS_FORK_is_thread))
		asks |= PLAN_ASKS_THREADS;
	/* One outcome is to fail. */
	if (stream == STREAM_NETWORK_CONNECT &&
	    block_names(bound, input, COL_NETWORK_CONNECT_outcome))
		asks |= PLAN_ASKS_OUTCOMES | PLAN_ASKS_FAILED;
	return asks;
}
