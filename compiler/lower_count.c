// SPDX-License-Identifier: Apache-2.0
/*
 * The sliding count. When the rule only asks whether the count is above some
 * number, counts above that number are alike, and so few rows need be kept.
 */
#include "compiler/lower_int.h"

#define THRESHOLD_MAX 1000000

/* What the conditions ask of the count. */
struct asked {
	int64_t most; /* counts above this are alike */
	bool exact;   /* there is no such number */
};

static void ask(struct asked *asked, const struct expr *constant,
		bool tell_next)
{
	int64_t k = constant->value.i;

	if (constant->value.type != VALUE_INT)
		return;
	if (tell_next && k < INT64_MAX)
		k++;
	if (k > asked->most)
		asked->most = k;
}

/* n >= 5 and n < 5 tell 5 from 4, but not 6 from 5; n > 5 and n = 5 do. */
static void inspect(struct asked *asked, const struct expr *expr)
{
	bool of_slot = expr->arg_count && expr->args[0]->op == EXPR_SLOT;

	if (expr->op == EXPR_AND || expr->op == EXPR_OR ||
	    expr->op == EXPR_NOT) {
		for (unsigned i = 0; i < expr->arg_count; i++)
			inspect(asked, expr->args[i]);
	} else if (of_slot && expr->op == EXPR_IN) {
		for (unsigned i = 1; i < expr->arg_count; i++)
			ask(asked, expr->args[i], true);
	} else if (of_slot && expr->op >= EXPR_EQ && expr->op <= EXPR_GE &&
		   build_is_const(expr->args[1])) {
		ask(asked, expr->args[1],
		    expr->op != EXPR_GE && expr->op != EXPR_LT);
	} else if (lower_has_slot(expr)) {
		asked->exact = true;
	}
}

static bool shown(const struct lowering *l)
{
	bool ret = false;

	for (unsigned i = 0; i < l->rule->output_count; i++)
		ret |= lower_has_slot(l->rule->outputs[i].expr);
	for (unsigned i = 0; i < l->bound->dedup_count; i++)
		ret |= lower_has_slot(l->bound->dedup[i].expr);
	return ret;
}

static bool take_threshold(struct lowering *l, struct plan_node *count,
			   const struct expr *predicate)
{
	struct asked asked = { .most = 1 };

	if (predicate)
		inspect(&asked, predicate);
	if (asked.most > THRESHOLD_MAX) {
		compilation_error(l->c, l->bound->above.items[0].span, NULL,
				  "a count is compared with at most %d",
				  THRESHOLD_MAX);
		return false;
	}
	/* The bound is sized by it, see bounds.c; exact counts need more. */
	count->rows_per_key_max = (uint32_t)asked.most;
	if (!asked.exact && predicate && !shown(l))
		count->saturate = (uint32_t)asked.most;
	return true;
}

struct plan_node *lower_count(struct lowering *l, struct plan_node *child)
{
	const struct bound_rule *bound = l->bound;
	struct plan_node *count = lower_node(l, PLAN_COUNT, child, NULL);
	const struct expr *predicate;
	struct plan_node *filter;

	if (!count)
		return NULL;
	count->range_ns = bound->range_ns;
	count->key_count = (uint8_t)bound->key_count;
	count->left_keys = compilation_alloc(l->c, bound->key_count,
					     sizeof(*count->left_keys));
	if (!count->left_keys)
		return NULL;
	for (unsigned i = 0; i < bound->key_count; i++) {
		count->left_keys[i] = fold_value(&l->fold, bound->keys[i].expr);
		if (!count->left_keys[i])
			return NULL;
	}
	if (!lower_place(l, &l->above, ~0u, &predicate) ||
	    !take_threshold(l, count, predicate))
		return NULL;
	if (!predicate)
		return count;
	filter = lower_node(l, PLAN_FILTER, count, NULL);
	if (filter)
		filter->predicate = predicate;
	return filter;
}
