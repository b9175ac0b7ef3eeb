// SPDX-License-Identifier: Apache-2.0
#include "compiler/explain_int.h"

#include "compiler/plan_walk.h"
#include "compiler/subscribe.h"

#include <string.h>

const char *explain_cost_text(enum cost cost)
{
	static const char *const texts[COST_COUNT] = {
		[COST_KERNEL] = "cheap: decided in the kernel",
		[COST_EVENT] = "per event: a few comparisons",
		[COST_TEXT] = "per event: reads through texts or lists",
		[COST_KEY] = "per event and key: one look-up in state",
		[COST_ROWS] = ("per event and row of its key: goes through "
			       "what state holds of it"),
	};

	CHECK(cost < COST_COUNT);
	return texts[cost];
}

static enum cost higher(enum cost a, enum cost b)
{
	return a > b ? a : b;
}

static enum cost expr_cost(const struct expr *expr)
{
	enum cost cost = COST_EVENT;

	if (expr->op == EXPR_LIKE || expr->op == EXPR_CONTAINS ||
	    expr->op == EXPR_REGEXP || expr->op == EXPR_ANY ||
	    expr->op == EXPR_ALL || expr->op == EXPR_CALL ||
	    expr->op == EXPR_CONCAT)
		cost = COST_TEXT;
	for (unsigned i = 0; i < expr->arg_count; i++)
		cost = higher(cost, expr_cost(expr->args[i]));
	return cost;
}

static enum cost scan_cost(const struct program *program,
			   const struct plan_rule *rule,
			   const struct plan_node *scan)
{
	const struct kernel_function *function =
		explain_function_of(program, scan->stream, PUSHDOWN_PREDICATE);
	bool exact = function && function->insns && scan->predicate;

	for (unsigned i = 0; exact && i < function->term_count; i++) {
		const struct pushdown_term *term = &function->terms[i];

		if (strcmp(term->rule, rule->name) == 0 &&
		    (subscribe_reads(term->expr, scan->input) ||
		     term->expr->op == EXPR_CONST))
			exact = term->in_kernel;
	}
	if (exact)
		return COST_KERNEL;
	return scan->predicate ? expr_cost(scan->predicate) : COST_EVENT;
}

static enum cost node_cost(const struct program *program,
			   const struct plan_rule *rule,
			   const struct plan_node *node)
{
	switch (node->kind) {
	case PLAN_SCAN:
		return scan_cost(program, rule, node);
	case PLAN_FILTER:
		return expr_cost(node->predicate);
	case PLAN_JOIN: /* partners in time are tried one by one */
		return COST_ROWS;
	case PLAN_COUNT:
	case PLAN_FIRST_SEEN:
		return COST_KEY;
	case PLAN_OVER:
		return COST_ROWS;
	case PLAN_GROUP: /* of each window that a row lies in */
		return node->window == PLAN_HOP ? COST_ROWS : COST_KEY;
	case PLAN_SEQUENCE:
		return node->runs_max > 1 ? COST_ROWS : COST_KEY;
	case PLAN_KIND_COUNT:
		break;
	}
	CHECK(!"a kind of plan node");
	return COST_ROWS;
}

static enum cost tree_cost(const struct program *program,
			   const struct plan_rule *rule,
			   const struct plan_node *node)
{
	enum cost cost = node_cost(program, rule, node);

	for (unsigned i = 0; i < plan_child_count(node); i++)
		cost = higher(cost,
			      tree_cost(program, rule, plan_child(node, i)));
	return cost;
}

enum cost explain_cost(const struct program *program,
		       const struct plan_rule *rule)
{
	return tree_cost(program, rule, rule->root);
}
