// SPDX-License-Identifier: Apache-2.0
/*
 * Trees to trees. What was made is never changed again, so that two trees may
 * share a part.
 */
#include "compiler/expand_int.h"

#include <string.h>

struct ast_expr *expand_new(struct expander *x, enum ast_op op,
			    struct span span, unsigned arg_count)
{
	struct ast_expr *ret;

	x->nodes += 1 + arg_count;
	if (x->nodes > EXPAND_NODES_MAX) {
		if (!x->failed)
			expand_error(x, span, "split the rule",
				     "with its views and lists in place the "
				     "rule has more than %d terms",
				     EXPAND_NODES_MAX);
		return NULL;
	}
	ret = compilation_alloc(x->c, 1, sizeof(*ret));
	if (!ret)
		return NULL;
	ret->op = op;
	ret->span = span;
	ret->arg_count = arg_count;
	if (arg_count)
		ret->args = compilation_alloc(x->c, arg_count,
					      sizeof(struct ast_expr *));
	return arg_count && !ret->args ? NULL : ret;
}

struct ast_expr *expand_column(struct expander *x, struct span span,
			       const char *qualifier, const char *name)
{
	struct ast_expr *ret = expand_new(x, AST_NAME, span, 0);

	if (!ret)
		return NULL;
	ret->qualifier = qualifier;
	ret->text = name;
	ret->of_view = x->span;
	return ret;
}

struct ast_expr *expand_true(struct expander *x, struct span span)
{
	struct ast_expr *ret = expand_new(x, AST_BOOL, span, 0);

	if (ret)
		ret->number = 1;
	return ret;
}

struct ast_expr *expand_infix(struct expander *x, enum ast_op op,
			      struct ast_expr *left, struct ast_expr *right)
{
	struct ast_expr *ret;

	if (!left || !right)
		return NULL;
	ret = expand_new(x, op, left->span, 2);
	if (!ret)
		return NULL;
	ret->args[0] = left;
	ret->args[1] = right;
	return ret;
}

unsigned expand_term_count(const struct ast_expr *condition)
{
	if (!condition)
		return 0;
	return condition->op == AST_AND ? condition->arg_count : 1;
}

struct ast_expr *expand_term(struct ast_expr *condition, unsigned i)
{
	return condition->op == AST_AND ? condition->args[i] : condition;
}

struct ast_expr *expand_and(struct expander *x, struct ast_expr *left,
			    struct ast_expr *right)
{
	unsigned n = expand_term_count(left), m = expand_term_count(right);
	struct ast_expr *ret;

	if (!n || !m)
		return n ? left : right;
	ret = expand_new(x, AST_AND, left->span, n + m);
	if (!ret)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		ret->args[i] = expand_term(left, i);
	for (unsigned i = 0; i < m; i++)
		ret->args[n + i] = expand_term(right, i);
	return ret;
}

struct ast_expr *expand_all(struct expander *x, struct ast_expr *const *terms,
			    unsigned count)
{
	struct ast_expr *ret = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		n += expand_term_count(terms[i]);
		if (terms[i])
			ret = terms[i];
	}
	if (n < 2 || expand_term_count(ret) == n)
		return ret;
	ret = expand_new(x, AST_AND, ret->span, n);
	if (!ret)
		return NULL;
	n = 0;
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < expand_term_count(terms[i]); k++)
			ret->args[n++] = expand_term(terms[i], k);
	ret->span = ret->args[0]->span;
	return ret;
}

static struct ast_expr *moment(struct expander *x, struct span span,
			       const char *qualifier, enum ast_op op,
			       int64_t ns)
{
	struct ast_expr *ts = expand_column(x, span, qualifier, "ts");
	struct ast_expr *interval;

	if (!ts || !ns)
		return ts;
	interval = expand_new(x, AST_INTERVAL, span, 0);
	if (!interval)
		return NULL;
	interval->number = ns;
	return expand_infix(x, op, ts, interval);
}

struct ast_expr *expand_time_bound(struct expander *x, struct span span,
				   const char *qualifier, const char *anchor,
				   int64_t before_ns, int64_t after_ns)
{
	struct ast_expr *ret = expand_new(x, AST_BETWEEN, span, 3);

	if (!ret)
		return NULL;
	ret->args[0] = expand_column(x, span, qualifier, "ts");
	ret->args[1] = moment(x, span, anchor, AST_SUB, before_ns);
	ret->args[2] = moment(x, span, anchor, AST_ADD, after_ns);
	return ret;
}

bool expand_mentions(const struct ast_expr *expr, const char *qualifier)
{
	if (!expr)
		return false;
	if (expr->op == AST_NAME && expr->qualifier &&
	    strcmp(expr->qualifier, qualifier) == 0)
		return true;
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (expand_mentions(expr->args[i], qualifier))
			return true;
	return false;
}

/* Whose ts does the sum say: *own or *other? What is no sum bounds nothing. */
static void whose_ts(const struct ast_expr *expr, const char *qualifier,
		     bool *own, bool *other)
{
	if (expr->op == AST_NAME && expr->qualifier &&
	    strcmp(expr->text, "ts") == 0) {
		if (strcmp(expr->qualifier, qualifier) == 0)
			*own = true;
		else
			*other = true;
	}
	if (expr->op != AST_ADD && expr->op != AST_SUB)
		return;
	for (unsigned i = 0; i < expr->arg_count; i++)
		whose_ts(expr->args[i], qualifier, own, other);
}

bool expand_has_time_bound(struct ast_expr *condition, const char *qualifier)
{
	for (unsigned i = 0; i < expand_term_count(condition); i++) {
		const struct ast_expr *term = expand_term(condition, i);
		bool own = false, other = false;

		/* One that only leaves a moment out bounds nothing. */
		if (term->op != AST_BETWEEN &&
		    (term->op < AST_EQ || term->op > AST_GE ||
		     term->op == AST_NE))
			continue;
		for (unsigned k = 0; k < term->arg_count; k++)
			whose_ts(term->args[k], qualifier, &own, &other);
		if (own && other)
			return true;
	}
	return false;
}

const char *expand_output_name(const struct ast_output *output)
{
	if (output->alias)
		return output->alias;
	return output->expr->op == AST_NAME ? output->expr->text : NULL;
}

const char *expand_item_qualifier(const struct ast_item *item)
{
	return item->alias ? item->alias : item->stream;
}

static struct ast_over *map_over(struct expand_map *m,
				 const struct ast_over *old)
{
	struct ast_over *over;

	if (!old)
		return NULL;
	over = compilation_alloc(m->x->c, 1, sizeof(*over));
	if (!over)
		return NULL;
	*over = *old;
	over->keys = expand_map_list(m, old->keys, old->key_count);
	over->order = expand_map_expr(m, old->order);
	return over;
}

static struct ast_select *map_select(struct expand_map *m,
				     const struct ast_select *old);

static struct ast_expr *map_operands(struct expand_map *m,
				     const struct ast_expr *expr)
{
	struct ast_expr *ret =
		expand_new(m->x, expr->op, expr->span, expr->arg_count);
	struct ast_expr **args = ret ? ret->args : NULL;

	if (!ret)
		return NULL;
	*ret = *expr;
	ret->args = args;
	if (m->x->span) {
		ret->span = *m->x->span;
		ret->of_view = true;
	}
	for (unsigned i = 0; i < expr->arg_count; i++)
		args[i] = expand_map_expr(m, expr->args[i]);
	ret->over = map_over(m, expr->over);
	if (expr->select)
		ret->select = m->select ? m->select(m, expr->select) :
					  map_select(m, expr->select);
	return ret;
}

struct ast_expr *expand_map_expr(struct expand_map *m,
				 const struct ast_expr *expr)
{
	struct expander *x = m->x;
	struct ast_expr *ret = NULL;

	if (!expr || !expand_ok(x))
		return NULL;
	if (++x->depth > EXPAND_DEPTH_MAX)
		expand_error(x, x->span ? *x->span : expr->span,
			     "split the rule",
			     "with its views in place an expression nests more "
			     "than %d levels deep",
			     EXPAND_DEPTH_MAX);
	else if (!m->expr(m, expr, &ret))
		ret = map_operands(m, expr);
	x->depth--;
	return ret;
}

struct ast_expr **expand_map_list(struct expand_map *m,
				  struct ast_expr *const *list, unsigned n)
{
	struct ast_expr **ret = compilation_alloc(m->x->c, n, sizeof(*ret));

	for (unsigned i = 0; ret && i < n; i++)
		ret[i] = expand_map_expr(m, list[i]);
	return ret;
}

void expand_map_outputs(struct expand_map *m, struct ast_output **outputs,
			unsigned n)
{
	const struct ast_output *old = *outputs;
	struct ast_output *ret = compilation_alloc(m->x->c, n, sizeof(*ret));

	for (unsigned i = 0; ret && i < n; i++) {
		const char *name = expand_output_name(&old[i]);
		struct ast_expr *expr = expand_map_expr(m, old[i].expr);

		ret[i] = old[i];
		ret[i].expr = expr;
		if (expr && name &&
		    (expr->op != AST_NAME || strcmp(expr->text, name) != 0))
			ret[i].alias = name;
	}
	*outputs = ret;
}

static void map_orders(struct expand_map *m, struct ast_select *select)
{
	struct ast_order *orders = compilation_alloc(
		m->x->c, select->order_count, sizeof(*orders));

	for (unsigned i = 0; orders && i < select->order_count; i++) {
		orders[i] = select->orders[i];
		orders[i].expr = expand_map_expr(m, orders[i].expr);
	}
	select->orders = orders;
}

void expand_map_clauses(struct expand_map *m, struct ast_select *select)
{
	select->where = expand_map_expr(m, select->where);
	select->groups =
		expand_map_list(m, select->groups, select->group_count);
	select->having = expand_map_expr(m, select->having);
	map_orders(m, select);
}

struct ast_table_window *
expand_map_window(struct expand_map *m, const struct ast_table_window *window)
{
	struct ast_table_window *ret;

	if (!window)
		return NULL;
	ret = compilation_alloc(m->x->c, 1, sizeof(*ret));
	if (!ret)
		return NULL;
	*ret = *window;
	ret->time = expand_map_expr(m, window->time);
	ret->keys = expand_map_list(m, window->keys, window->key_count);
	return ret;
}

static struct ast_item *map_items(struct expand_map *m,
				  const struct ast_select *old)
{
	struct ast_item *items =
		compilation_alloc(m->x->c, old->item_count, sizeof(*items));

	for (unsigned i = 0; items && i < old->item_count; i++) {
		items[i] = old->items[i];
		items[i].on = expand_map_expr(m, items[i].on);
	}
	return items;
}

/* What an item reads cannot see the query around: it stays as it is. */
static struct ast_select *map_select(struct expand_map *m,
				     const struct ast_select *old)
{
	struct ast_select *ret = compilation_alloc(m->x->c, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	CHECK(m->inside_count < ARRAY_SIZE(m->inside));
	m->inside[m->inside_count++] = old;
	*ret = *old;
	ret->items = map_items(m, old);
	expand_map_outputs(m, &ret->outputs, ret->output_count);
	expand_map_clauses(m, ret);
	m->inside_count--;
	return ret;
}
