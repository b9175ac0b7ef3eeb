// SPDX-License-Identifier: Apache-2.0
/*
 * :t_start and :t_end, between which a rule was once run over stored rows. A
 * rule over a stream is always asked of now, so that such a condition says
 * nothing; but where rows are grouped it says how long a group lasts.
 */
#include "compiler/expand_int.h"

#include <string.h>

/* The parser knows no other parameter. */
static const char *window_column(const char *param)
{
	return strcmp(param, "t_start") == 0 ? "window_start" : "window_end";
}

static const struct ast_expr *find_param(const struct ast_expr *expr)
{
	const struct ast_expr *found = NULL;

	if (!expr || expr->op == AST_PARAM)
		return expr;
	for (unsigned i = 0; i < expr->arg_count && !found; i++)
		found = find_param(expr->args[i]);
	for (unsigned i = 0; expr->over && i < expr->over->key_count && !found;
	     i++)
		found = find_param(expr->over->keys[i]);
	return found;
}

static bool is_time(const struct ast_expr *expr)
{
	return expr->op == AST_NAME && strcmp(expr->text, "ts") == 0;
}

static bool is_param(const struct ast_expr *expr, const char *name)
{
	return expr->op == AST_PARAM && strcmp(expr->text, name) == 0;
}

/* Does the term say no more than that the row lies between the two? */
static bool is_bound(const struct ast_expr *term)
{
	const struct ast_expr *time, *param;
	bool swapped, at_least;

	if (term->op == AST_BETWEEN)
		return !term->negated && is_time(term->args[0]) &&
		       is_param(term->args[1], "t_start") &&
		       is_param(term->args[2], "t_end");
	if (term->op < AST_LT || term->op > AST_GE)
		return false;
	swapped = term->args[0]->op == AST_PARAM;
	time = term->args[swapped];
	param = term->args[!swapped];
	at_least = (term->op == AST_GT || term->op == AST_GE) != swapped;
	return is_time(time) && is_param(param, at_least ? "t_start" : "t_end");
}

/* The condition without such terms; *found: there were some. */
static struct ast_expr *without_bounds(struct expander *x,
				       struct ast_expr *condition, bool *found)
{
	unsigned count = expand_term_count(condition), n = 0;
	struct ast_expr **kept;

	if (!find_param(condition))
		return condition;
	kept = compilation_alloc(x->c, count, sizeof(struct ast_expr *));
	for (unsigned i = 0; kept && i < count; i++) {
		struct ast_expr *term = expand_term(condition, i);
		const struct ast_expr *param = find_param(term);

		if (!param) {
			kept[n++] = term;
		} else if (is_bound(term)) {
			*found = true;
		} else {
			expand_error(x, param->span,
				     "write ts BETWEEN :t_start AND :t_end",
				     ":%s bounds the time of rows and nothing "
				     "else",
				     param->text);
		}
	}
	return kept ? expand_all(x, kept, n) : NULL;
}

static bool has_aggregate(const struct ast_expr *expr)
{
	static const char *const names[] = { "count", "sum", "avg", "min",
					     "max" };

	if (!expr)
		return false;
	for (unsigned i = 0; expr->op == AST_CALL && i < ARRAY_SIZE(names); i++)
		if (!expr->over && strcmp(expr->text, names[i]) == 0)
			return true;
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (has_aggregate(expr->args[i]))
			return true;
	return false;
}

static bool is_grouped(const struct ast_select *select)
{
	bool grouped = select->group_count || has_aggregate(select->having);

	for (unsigned i = 0; i < select->output_count; i++)
		grouped |= has_aggregate(select->outputs[i].expr);
	return grouped;
}

static void add_window(struct expander *x, struct ast_select *select)
{
	struct ast_item *item = &select->items[0];
	struct ast_table_window *window;

	if (item->window)
		return;
	if (select->item_count > 1 || item->recognize) {
		expand_error(x, item->span,
			     "make the rows in a subquery: FROM TUMBLE(TABLE "
			     "(SELECT ...), DESCRIPTOR(ts), INTERVAL '1' "
			     "MINUTE) AS t",
			     ":t_start and :t_end cannot make a window over a "
			     "join");
		return;
	}
	window = compilation_alloc(x->c, 1, sizeof(*window));
	if (!window)
		return;
	window->kind = AST_TUMBLE;
	window->time = expand_column(x, item->span, NULL, "ts");
	window->size_ns = EXPAND_WINDOW_NS;
	window->size_span = item->span;
	item->window = window;
}

static bool to_window(struct expand_map *m, const struct ast_expr *expr,
		      struct ast_expr **ret)
{
	const bool *windowed = m->data;

	/* As a column it would read like the name of a list. */
	if (expr->op == AST_IN && expr->args[1]->op == AST_PARAM)
		expand_error(m->x, expr->args[1]->span, "write x = :t_start",
			     "IN takes constants");
	if (expr->op != AST_PARAM)
		return false;
	if (!*windowed) {
		expand_error(m->x, expr->span, "group the rows: GROUP BY ...",
			     ":%s is the bound of a window, and this query has "
			     "none",
			     expr->text);
		return true;
	}
	*ret = expand_column(m->x, expr->span, NULL, window_column(expr->text));
	return true;
}

static bool any_param(const struct ast_select *select)
{
	bool any = find_param(select->having) != NULL;

	for (unsigned i = 0; i < select->output_count; i++)
		any |= find_param(select->outputs[i].expr) != NULL;
	for (unsigned i = 0; i < select->group_count; i++)
		any |= find_param(select->groups[i]) != NULL;
	for (unsigned i = 0; i < select->order_count; i++)
		any |= find_param(select->orders[i].expr) != NULL;
	return any;
}

/* SELECT :t_start ...: a column that is named after the parameter. */
static void name_outputs(struct ast_select *select)
{
	for (unsigned i = 0; i < select->output_count; i++) {
		struct ast_output *output = &select->outputs[i];

		if (output->expr->op == AST_PARAM && !output->alias)
			output->alias = output->expr->text;
	}
}

void expand_params(struct expander *x, struct ast_select *select)
{
	bool windowed, any = any_param(select), found = false;
	struct expand_map m = { .x = x, .expr = to_window, .data = &windowed };
	struct ast_expr *where;

	for (unsigned i = 1; i < select->item_count; i++) {
		struct ast_item *item = &select->items[i];

		item->on = without_bounds(x, item->on, &found);
		if (!item->on)
			item->on = expand_true(x, item->span);
	}
	where = without_bounds(x, select->where, &found);
	if ((!found && !any) || !expand_ok(x))
		return;
	x->changed = true;
	if (is_grouped(select))
		add_window(x, select);
	windowed = select->items[0].window != NULL;
	name_outputs(select);
	select->where = NULL;
	expand_map_outputs(&m, &select->outputs, select->output_count);
	expand_map_clauses(&m, select);
	select->where = where;
}
