/* SPDX-License-Identifier: Apache-2.0 */
/* Are two syntax trees the same, but for where they stand in the text? */
#ifndef SHRIKE_TESTS_SAME_TREE_H
#define SHRIKE_TESTS_SAME_TREE_H

#include "compiler/ast.h"

#include <string.h>

static inline bool same_expr(const struct ast_expr *a,
			     const struct ast_expr *b);
static inline bool same_select(const struct ast_select *a,
			       const struct ast_select *b);

static inline bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static inline bool same_exprs(struct ast_expr *const *a, unsigned a_count,
			      struct ast_expr *const *b, unsigned b_count)
{
	if (a_count != b_count)
		return false;
	for (unsigned i = 0; i < a_count; i++)
		if (!same_expr(a[i], b[i]))
			return false;
	return true;
}

static inline bool same_over(const struct ast_over *a, const struct ast_over *b)
{
	if (!a || !b)
		return !a && !b;
	return same_exprs(a->keys, a->key_count, b->keys, b->key_count) &&
	       same_expr(a->order, b->order) && a->range_ns == b->range_ns;
}

static inline bool same_expr(const struct ast_expr *a, const struct ast_expr *b)
{
	if (!a || !b)
		return !a && !b;
	return a->op == b->op && a->negated == b->negated &&
	       a->star == b->star && a->distinct == b->distinct &&
	       a->number == b->number &&
	       memcmp(&a->real, &b->real, sizeof(a->real)) == 0 &&
	       same_text(a->text, b->text) &&
	       same_text(a->qualifier, b->qualifier) &&
	       same_exprs(a->args, a->arg_count, b->args, b->arg_count) &&
	       same_over(a->over, b->over) && same_select(a->select, b->select);
}

static inline bool same_outputs(const struct ast_output *a, unsigned a_count,
				const struct ast_output *b, unsigned b_count)
{
	if (a_count != b_count)
		return false;
	for (unsigned i = 0; i < a_count; i++)
		if (!same_expr(a[i].expr, b[i].expr) ||
		    !same_text(a[i].alias, b[i].alias))
			return false;
	return true;
}

static inline bool same_window(const struct ast_table_window *a,
			       const struct ast_table_window *b)
{
	if (!a || !b)
		return !a && !b;
	return a->kind == b->kind && same_expr(a->time, b->time) &&
	       same_exprs(a->keys, a->key_count, b->keys, b->key_count) &&
	       a->size_ns == b->size_ns && a->slide_ns == b->slide_ns;
}

static inline bool same_step(const struct ast_step *a, const struct ast_step *b)
{
	if (!a || !b)
		return !a && !b;
	return same_text(a->name, b->name) && a->least == b->least &&
	       a->most == b->most && same_text(a->stream, b->stream) &&
	       same_exprs(a->keys, a->key_count, b->keys, b->key_count) &&
	       same_expr(a->define, b->define);
}

static inline bool same_recognize(const struct ast_recognize *a,
				  const struct ast_recognize *b)
{
	if (!a || !b)
		return !a && !b;
	if (a->step_count != b->step_count)
		return false;
	for (unsigned i = 0; i < a->step_count; i++)
		if (!same_step(&a->steps[i], &b->steps[i]))
			return false;
	return same_exprs(a->keys, a->key_count, b->keys, b->key_count) &&
	       same_expr(a->order, b->order) &&
	       same_outputs(a->measures, a->measure_count, b->measures,
			    b->measure_count) &&
	       same_step(a->until, b->until) && a->within_ns == b->within_ns;
}

static inline bool same_item(const struct ast_item *a, const struct ast_item *b)
{
	return a->join == b->join && same_text(a->stream, b->stream) &&
	       same_select(a->select, b->select) &&
	       same_window(a->window, b->window) &&
	       same_recognize(a->recognize, b->recognize) &&
	       same_expr(a->as_of, b->as_of) && same_text(a->alias, b->alias) &&
	       same_expr(a->on, b->on) && same_expr(a->when, b->when);
}

static inline bool same_from(const struct ast_select *a,
			     const struct ast_select *b)
{
	if (a->cte_count != b->cte_count || a->item_count != b->item_count)
		return false;
	for (unsigned i = 0; i < a->cte_count; i++)
		if (!same_text(a->ctes[i].name, b->ctes[i].name) ||
		    !same_select(a->ctes[i].select, b->ctes[i].select))
			return false;
	for (unsigned i = 0; i < a->item_count; i++)
		if (!same_item(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static inline bool same_orders(const struct ast_select *a,
			       const struct ast_select *b)
{
	if (a->order_count != b->order_count)
		return false;
	for (unsigned i = 0; i < a->order_count; i++)
		if (!same_expr(a->orders[i].expr, b->orders[i].expr) ||
		    a->orders[i].descending != b->orders[i].descending)
			return false;
	return true;
}

static inline bool same_select(const struct ast_select *a,
			       const struct ast_select *b)
{
	if (!a || !b)
		return !a && !b;
	return same_from(a, b) &&
	       same_outputs(a->outputs, a->output_count, b->outputs,
			    b->output_count) &&
	       same_expr(a->where, b->where) &&
	       same_exprs(a->groups, a->group_count, b->groups,
			  b->group_count) &&
	       same_expr(a->having, b->having) && same_orders(a, b) &&
	       a->limit == b->limit;
}

static inline bool same_rule(const struct ast_rule *a, const struct ast_rule *b)
{
	if (!same_text(a->name, b->name) || a->option_count != b->option_count)
		return false;
	for (unsigned i = 0; i < a->option_count; i++)
		if (!same_text(a->options[i].name, b->options[i].name) ||
		    !same_expr(a->options[i].value, b->options[i].value))
			return false;
	return same_select(a->select, b->select) && a->emit == b->emit &&
	       a->suppress_ns == b->suppress_ns && a->gap == b->gap;
}

static inline bool same_program(const struct ast_program *a,
				const struct ast_program *b)
{
	if (a->rule_count != b->rule_count || a->view_count != b->view_count ||
	    a->list_count != b->list_count)
		return false;
	for (unsigned i = 0; i < a->rule_count; i++)
		if (!same_rule(a->rules[i], b->rules[i]))
			return false;
	for (unsigned i = 0; i < a->view_count; i++)
		if (!same_text(a->views[i]->name, b->views[i]->name) ||
		    !same_select(a->views[i]->select, b->views[i]->select))
			return false;
	for (unsigned i = 0; i < a->list_count; i++)
		if (!same_text(a->lists[i]->name, b->lists[i]->name) ||
		    !same_exprs(a->lists[i]->items, a->lists[i]->item_count,
				b->lists[i]->items, b->lists[i]->item_count))
			return false;
	return true;
}

#endif
