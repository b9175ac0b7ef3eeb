// SPDX-License-Identifier: Apache-2.0
/*
 * Sliding aggregates. When the rule only asks whether a count is above some
 * number, counts above that number are alike, and so few rows need be kept.
 */
#include "compiler/lower_int.h"

#define THRESHOLD_MAX 1000000

static bool reads_slot(const struct expr *expr, unsigned slot)
{
	bool reads = expr->op == EXPR_SLOT && expr->slot == slot;

	for (unsigned i = 0; i < expr->arg_count; i++)
		reads |= reads_slot(expr->args[i], slot);
	return reads;
}

/* What the conditions ask of one slot. */
struct inspection {
	unsigned slot;
	int64_t most;
	bool exact;
};

static void ask(struct inspection *in, const struct expr *constant,
		bool tell_next)
{
	int64_t k = constant->value.i;

	if (constant->value.type != VALUE_INT) {
		in->exact |= !value_is_null(constant->value);
		return;
	}
	if (tell_next && k < INT64_MAX)
		k++;
	if (k > in->most)
		in->most = k;
}

/* n >= 5 and n < 5 tell 5 from 4, but not 6 from 5; n > 5 and n = 5 do. */
static void inspect(struct inspection *in, const struct expr *expr)
{
	bool of_slot = expr->arg_count && expr->args[0]->op == EXPR_SLOT &&
		       expr->args[0]->slot == in->slot;

	if (expr->op == EXPR_AND || expr->op == EXPR_OR ||
	    expr->op == EXPR_NOT || expr->op == EXPR_IS_TRUE) {
		for (unsigned i = 0; i < expr->arg_count; i++)
			inspect(in, expr->args[i]);
	} else if (of_slot && expr->op == EXPR_IN) {
		for (unsigned i = 1; i < expr->arg_count; i++)
			ask(in, expr->args[i], true);
	} else if (of_slot && expr->op >= EXPR_EQ && expr->op <= EXPR_GE &&
		   build_is_const(expr->args[1])) {
		ask(in, expr->args[1],
		    expr->op != EXPR_GE && expr->op != EXPR_LT);
	} else if (reads_slot(expr, in->slot)) {
		in->exact = true;
	}
}

static bool shown(const struct lowering *l, unsigned slot)
{
	const struct bound_rule *bound = l->bound;
	bool ret = false;

	for (unsigned i = 0; i < l->rule->output_count; i++)
		ret |= reads_slot(l->rule->outputs[i].expr, slot);
	for (unsigned i = 0; i < bound->dedup_count; i++)
		ret |= reads_slot(bound->dedup[i].expr, slot);
	for (unsigned i = 0; i < bound->order_count; i++)
		ret |= reads_slot(bound->orders[i].expr, slot);
	return ret;
}

bool lower_asked(struct lowering *l, unsigned slot, struct asked *ret_asked)
{
	struct inspection in = { .slot = slot, .most = 1 };

	for (unsigned i = 0; i < l->above.count; i++)
		inspect(&in, l->above.items[i].expr);
	if (in.most > THRESHOLD_MAX) {
		compilation_error(l->c, l->bound->above.items[0].span, NULL,
				  "a count is compared with at most %d",
				  THRESHOLD_MAX);
		return false;
	}
	in.exact |= !l->above.count || shown(l, slot);
	*ret_asked =
		(struct asked){ .most = (uint32_t)in.most, .exact = in.exact };
	return true;
}

const struct plan_aggregate *lower_aggregates(struct lowering *l,
					      unsigned first)
{
	const struct bound_rule *bound = l->bound;
	struct plan_aggregate *aggregates = compilation_alloc(
		l->c, bound->aggregate_count, sizeof(*aggregates));

	CHECK(bound->aggregate_count <= PLAN_AGGREGATES_MAX);
	for (unsigned i = 0; aggregates && i < bound->aggregate_count; i++) {
		const struct bound_aggregate *from = &bound->aggregates[i];
		struct plan_aggregate *to = &aggregates[i];
		struct asked asked = { .exact = true };

		*to = (struct plan_aggregate){ .op = from->op,
					       .type = from->type,
					       .slot = (uint8_t)(first + i) };
		if (from->arg) {
			to->arg = lower_value(l, from->arg);
			if (!to->arg)
				return NULL;
		}
		if (to->op == PLAN_COUNT_DISTINCT &&
		    !lower_asked(l, first + i, &asked))
			return NULL;
		to->saturate = asked.exact ? 0 : asked.most;
	}
	return aggregates;
}

static bool lower_count(struct lowering *l, struct plan_node *node)
{
	struct asked asked;

	if (!lower_asked(l, 0, &asked))
		return false;
	/* The bound is sized by it, see bounds.c; exact counts need more. */
	node->rows_per_key_max = asked.most;
	node->saturate = asked.exact ? 0 : asked.most;
	return true;
}

struct plan_node *lower_over(struct lowering *l, struct plan_node *child)
{
	const struct bound_rule *bound = l->bound;
	bool count = bound->aggregate_count == 1 &&
		     bound->aggregates[0].op == PLAN_COUNT_ROWS;
	struct plan_node *node =
		lower_node(l, count ? PLAN_COUNT : PLAN_OVER, child, NULL);

	if (!node || !lower_time(l, child, bound->time_input))
		return NULL;
	node->range_ns = bound->range_ns;
	node->key_count = (uint8_t)bound->key_count;
	node->left_keys = lower_block_keys(l);
	if (!node->left_keys)
		return NULL;
	if (count)
		return lower_count(l, node) ? node : NULL;
	node->aggregate_count = bound->aggregate_count;
	node->aggregates = lower_aggregates(l, 0);
	return node->aggregates ? node : NULL;
}
