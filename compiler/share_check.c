// SPDX-License-Identifier: Apache-2.0
/*
 * Are two parts of plans the same? Compared field by field, which the canonical
 * text that share.c goes by must agree with.
 */
#include "compiler/share.h"

#include "compiler/plan_walk.h"

#include <string.h>

/* Inputs of `a` stand for those of `b`; -1: no scan of it yet. */
struct pairing {
	const struct share *share;
	const struct plan_rule *a, *b;
	int8_t inputs[TUPLE_INPUTS_MAX];
};

static bool same_value(struct value a, struct value b)
{
	return a.type == b.type && (value_is_null(a) || value_equal(a, b));
}

static bool same_expr(const struct pairing *p, const struct expr *a,
		      const struct expr *b)
{
	if (!a || !b)
		return a == b;
	if (a->op != b->op || a->type != b->type ||
	    a->arg_count != b->arg_count || a->slot != b->slot ||
	    a->escape != b->escape || a->prefix != b->prefix ||
	    a->fold_case != b->fold_case || a->function != b->function ||
	    a->column != b->column || !same_value(a->value, b->value) ||
	    (a->op == EXPR_COLUMN && p->inputs[a->input] != b->input))
		return false;
	for (unsigned i = 0; i < a->arg_count; i++)
		if (!same_expr(p, a->args[i], b->args[i]))
			return false;
	return true;
}

static bool same_exprs(const struct pairing *p, const struct expr **a,
		       const struct expr **b, unsigned count)
{
	if (!a || !b)
		return a == b || !count;
	for (unsigned i = 0; i < count; i++)
		if (!same_expr(p, a[i], b[i]))
			return false;
	return true;
}

static bool same_scan(struct pairing *p, const struct plan_node *a,
		      const struct plan_node *b)
{
	const struct share *share = p->share;
	const struct plan_rule *x = p->a->input_rules[a->input];
	const struct plan_rule *y = p->b->input_rules[b->input];

	if (a->stream != b->stream || !x != !y)
		return false;
	p->inputs[a->input] = (int8_t)b->input;
	return !x || share->stand_ins[x - share->plan->rules] ==
			     share->stand_ins[y - share->plan->rules];
}

static bool same_aggregates(const struct pairing *p, const struct plan_node *a,
			    const struct plan_node *b)
{
	for (unsigned i = 0; i < a->aggregate_count; i++) {
		const struct plan_aggregate *x = &a->aggregates[i];
		const struct plan_aggregate *y = &b->aggregates[i];

		if (x->op != y->op || x->type != y->type ||
		    x->slot != y->slot || x->saturate != y->saturate ||
		    !same_expr(p, x->arg, y->arg))
			return false;
	}
	for (unsigned i = 0; i < a->order_count; i++)
		if (a->orders[i].descending != b->orders[i].descending ||
		    !same_expr(p, a->orders[i].expr, b->orders[i].expr))
			return false;
	return true;
}

static bool same_step(const struct pairing *p, const struct plan_node *node,
		      const struct plan_step *a, const struct plan_step *b)
{
	return a->optional == b->optional &&
	       same_exprs(p, a->keys, b->keys, node->key_count) &&
	       same_expr(p, a->predicate, b->predicate);
}

static bool same_steps(const struct pairing *p, const struct plan_node *a,
		       const struct plan_node *b)
{
	for (unsigned i = 0; i < a->step_count; i++)
		if (!same_step(p, a, &a->steps[i], &b->steps[i]))
			return false;
	return !a->until || same_step(p, a, a->until, b->until);
}

static bool same_numbers(const struct plan_node *a, const struct plan_node *b)
{
	return a->kind == b->kind && a->asks == b->asks &&
	       a->key_count == b->key_count && a->join == b->join &&
	       a->triggered == b->triggered && a->lower_ns == b->lower_ns &&
	       a->upper_ns == b->upper_ns && a->slot == b->slot &&
	       a->range_ns == b->range_ns && a->saturate == b->saturate &&
	       a->aggregate_count == b->aggregate_count &&
	       a->window == b->window && a->size_ns == b->size_ns &&
	       a->slide_ns == b->slide_ns && a->order_count == b->order_count &&
	       a->limit == b->limit && a->step_count == b->step_count &&
	       !a->until == !b->until && a->runs_max == b->runs_max &&
	       a->horizon_ns == b->horizon_ns && a->keys_max == b->keys_max &&
	       a->rows_per_key_max == b->rows_per_key_max &&
	       plan_child_count(a) == plan_child_count(b);
}

static bool same_node(struct pairing *p, const struct plan_node *a,
		      const struct plan_node *b)
{
	if (!same_numbers(a, b))
		return false;
	for (unsigned i = 0; i < plan_child_count(a); i++)
		if (!same_node(p, plan_child(a, i), plan_child(b, i)))
			return false;
	if (a->kind == PLAN_SCAN && !same_scan(p, a, b))
		return false;
	if (a->kind == PLAN_JOIN && p->inputs[a->anchor] != b->anchor)
		return false;
	return same_expr(p, a->predicate, b->predicate) &&
	       same_exprs(p, a->left_keys, b->left_keys, a->key_count) &&
	       same_exprs(p, a->right_keys, b->right_keys, a->key_count) &&
	       same_aggregates(p, a, b) && same_steps(p, a, b);
}

static bool same_place(const struct share *share, const struct share_place *a,
		       const struct share_place *b)
{
	struct pairing p = { .share = share, .a = a->rule, .b = b->rule };

	memset(p.inputs, -1, sizeof(p.inputs));
	if (a->kind == SHARE_PART)
		return same_node(&p, a->node, b->node);
	return same_scan(&p, a->node, b->node) &&
	       same_expr(&p, a->expr, b->expr);
}

const char *share_check(const struct share *share)
{
	for (unsigned i = 1; i < share->place_count; i++) {
		const struct share_place *a = &share->places[i - 1];
		const struct share_place *b = &share->places[i];

		if (a->kind == b->kind && strcmp(a->text, b->text) == 0 &&
		    !same_place(share, a, b))
			return b->text;
	}
	return NULL;
}
