// SPDX-License-Identifier: Apache-2.0
/*
 * What stands for something else in an expression: a column of a view, a list,
 * an operation of the older names. Names of streams and subqueries are left to
 * the binder, but qualified where a view beside them would hide whose they are.
 */
#include "compiler/expand_int.h"

#include "compiler/suggest.h"

#include <string.h>

#define RULE_PREFIX "matches."

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static bool is_written(const struct expand_source *source, const char *name)
{
	if (is(source->alias, name) || is(source->name, name))
		return true;
	return !source->prefix && is(source->qualifier, name);
}

/* An alias that is written, also of a query around, goes before a default. */
struct expand_source *expand_find_source(struct expand_scope *nearest,
					 const char *qualifier)
{
	struct expand_scope *scope;

	for (scope = nearest; scope; scope = scope->outer)
		for (unsigned i = 0; i < scope->count; i++)
			if (is_written(&scope->sources[i], qualifier))
				return &scope->sources[i];
	for (scope = nearest; scope; scope = scope->outer)
		for (unsigned i = 0; i < scope->count; i++)
			if (is(scope->sources[i].prefix, qualifier))
				return &scope->sources[i];
	return NULL;
}

/* --- lists --- */

static const struct ast_list *find_list(const struct expander *x,
					const char *name)
{
	for (unsigned i = 0; i < x->program->list_count && i < EXPAND_NAMES_MAX;
	     i++)
		if (strcmp(x->program->lists[i]->name, name) == 0)
			return x->program->lists[i];
	return NULL;
}

bool expand_is_list(const struct expander *x, const char *name)
{
	return find_list(x, name);
}

/* Of every stream, as args is. */
static bool is_list_column(const char *name)
{
	const struct column *column = catalog_column(
		catalog_stream(STREAM_PROCESS_EXEC), name, strlen(name));

	return column && column->type == VALUE_LIST;
}

static void unknown_list(struct expander *x, struct span span, const char *name)
{
	struct suggest s = suggest_for(name);
	const char *suggestion;

	if (compilation_is_damaged(x->c, name))
		return;
	for (unsigned i = 0; i < x->program->list_count && i < EXPAND_NAMES_MAX;
	     i++)
		suggest_offer(&s, x->program->lists[i]->name);
	suggestion = suggest_text(x->c, &s);
	if (is_list_column(name))
		suggestion =
			compilation_text(x->c, "write 'x' = ANY(%s)", name);
	if (!suggestion)
		suggestion = compilation_text(
			x->c,
			"CREATE LIST %s ('a', 'b'); makes one, or write the "
			"constants: IN ('a', 'b')",
			name);
	expand_error(x, span, suggestion, "unknown list '%s'", name);
}

/* In its place, so that what else is wrong is still found; see AST_IN_LIST. */
static struct ast_expr *complained(struct expander *x, struct span span,
				   struct ast_expr *within)
{
	struct ast_expr *ret = expand_new(x, AST_IN_LIST, span, 1);

	if (!ret || !within)
		return NULL;
	x->changed = true;
	ret->args[0] = within;
	ret->text = "";
	return ret;
}

/* Its constants are shared: a list may be long and used often. */
static struct ast_expr *in_list(struct expand_map *m,
				const struct ast_expr *expr, const char *name,
				struct span span)
{
	const struct ast_list *list = find_list(m->x, name);
	struct ast_expr *ret;

	if (!list) {
		bool failed = m->x->failed;

		unknown_list(m->x, span, name);
		m->x->failed = failed;
		return complained(m->x, expr->span,
				  expand_map_expr(m, expr->args[0]));
	}
	m->x->changed = true;
	ret = expand_new(m->x, AST_IN, expr->span, 1 + list->item_count);
	if (!ret)
		return NULL;
	ret->negated = expr->negated;
	ret->args[0] = expand_map_expr(m, expr->args[0]);
	for (unsigned i = 0; i < list->item_count; i++)
		ret->args[1 + i] = list->items[i];
	return ret;
}

/* x IN (name): a column is no constant, so it can only be a list. */
static bool is_in_list(const struct ast_expr *expr, const char **ret_name,
		       struct span *ret_span)
{
	if (expr->op == AST_IN_LIST) {
		*ret_name = expr->text;
		*ret_span = expr->text_span;
		return true;
	}
	if (expr->op != AST_IN || expr->arg_count != 2 ||
	    expr->args[1]->op != AST_NAME || expr->args[1]->qualifier)
		return false;
	*ret_name = expr->args[1]->text;
	*ret_span = expr->args[1]->span;
	return true;
}

/* --- columns --- */

static const struct ast_output *find_output(const struct ast_output *outputs,
					    unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (is(expand_output_name(&outputs[i]), name))
			return &outputs[i];
	return NULL;
}

static const struct ast_rule *find_rule(const struct expander *x,
					const char *name)
{
	for (unsigned i = 0; i < x->program->rule_count; i++)
		if (strcmp(x->program->rules[i]->name, name) == 0)
			return x->program->rules[i];
	return NULL;
}

static const struct stream *columns_of(const char *name)
{
	return catalog_stream_by_name(name, strlen(name));
}

static bool columns_are_matches(const struct expand_source *source)
{
	return source->name && !source->flat && !source->derived &&
	       strncmp(source->name, RULE_PREFIX, strlen(RULE_PREFIX)) == 0;
}

/* The outputs of a query that an item is; *ret_n of them. */
static const struct ast_output *outputs_of(const struct expander *x,
					   const struct expand_source *source,
					   unsigned *ret_n)
{
	const struct ast_rule *rule;

	*ret_n = 0;
	if (source->flat) {
		*ret_n = source->flat->column_count;
		return source->flat->columns;
	}
	if (source->derived) {
		*ret_n = source->derived->output_count;
		return source->derived->outputs;
	}
	if (!columns_are_matches(source))
		return NULL;
	rule = find_rule(x, source->name + strlen(RULE_PREFIX));
	if (!rule)
		return NULL;
	*ret_n = rule->select->output_count;
	return rule->select->outputs;
}

static bool sequence_has(const struct ast_recognize *sequence, const char *name)
{
	if (find_output(sequence->measures, sequence->measure_count, name))
		return true;
	for (unsigned i = 0; i < sequence->key_count; i++)
		if (sequence->keys[i]->op == AST_NAME &&
		    strcmp(sequence->keys[i]->text, name) == 0)
			return true;
	return false;
}

static bool source_has(const struct expander *x,
		       const struct expand_source *source, const char *name)
{
	const struct ast_output *outputs;
	const struct stream *stream = NULL;
	const struct column *column;
	unsigned n;

	if (source->item->recognize)
		return sequence_has(source->item->recognize, name);
	if (source->item->window &&
	    (is(name, "window_start") || is(name, "window_end")))
		return true;
	if (columns_are_matches(source) && is(name, "ts"))
		return true;
	outputs = outputs_of(x, source, &n);
	if (outputs)
		return find_output(outputs, n, name);
	if (source->name)
		stream = columns_of(source->name);
	column = stream ? catalog_column(stream, name, strlen(name)) : NULL;
	return column && !column->hidden;
}

static void offer_columns(const struct expander *x,
			  const struct expand_source *source, struct suggest *s)
{
	const struct ast_output *outputs;
	const struct stream *stream;
	unsigned n;

	outputs = outputs_of(x, source, &n);
	for (unsigned i = 0; i < n; i++)
		if (expand_output_name(&outputs[i]))
			suggest_offer(s, expand_output_name(&outputs[i]));
	stream = outputs || !source->name ? NULL : columns_of(source->name);
	for (unsigned i = 0; stream && i < catalog_column_count(stream); i++)
		if (!catalog_column_at(stream, i)->hidden)
			suggest_offer(s, catalog_column_at(stream, i)->name);
}

static void unknown_column(struct expander *x, const struct expand_scope *scope,
			   const struct expand_source *source,
			   const struct ast_expr *expr)
{
	struct suggest s = suggest_for(expr->text);
	const char *suggestion;

	if (!source && scope->count == 1)
		source = &scope->sources[0];
	if (source)
		offer_columns(x, source, &s);
	for (unsigned i = 0; !source && i < scope->count; i++)
		offer_columns(x, &scope->sources[i], &s);
	suggestion = suggest_text(x->c, &s);
	x->lost_name = true;
	if (source && source->name)
		expand_error(x, expr->span, suggestion,
			     "unknown column '%s' of %s", expr->text,
			     source->name);
	else
		expand_error(x, expr->span, suggestion, "unknown column '%s'",
			     expr->text);
}

static void ambiguous(struct expander *x, const struct expand_scope *scope,
		      const struct ast_expr *expr)
{
	struct buf text = BUF_INIT;
	const char *suggestion;

	for (unsigned i = 0; i < scope->count; i++) {
		const struct expand_source *source = &scope->sources[i];

		if (!source_has(x, source, expr->text))
			continue;
		buf_puts(&text, text.len ? ", " : "write ");
		if (source->qualifier || source->prefix)
			buf_printf(&text, "%s.",
				   source->qualifier ? source->qualifier :
						       source->prefix);
		buf_puts(&text, expr->text);
	}
	suggestion = compilation_take(x->c, &text);
	x->lost_name = true;
	expand_error(x, expr->span, suggestion, "column '%s' is ambiguous",
		     expr->text);
}

static bool qualify(struct expand_map *m, const struct ast_expr *expr,
		    struct ast_expr **ret)
{
	const char *qualifier = m->data;

	if (expr->op != AST_NAME)
		return false;
	*ret = expand_column(m->x, m->x->span ? *m->x->span : expr->span,
			     qualifier, expr->text);
	return true;
}

/* Of a view's column, each name with `qualifier`. */
static struct ast_expr *qualified_copy(struct expander *x,
				       const struct ast_expr *expr,
				       const char *qualifier)
{
	char none[] = "";
	struct expand_map m = { .x = x, .expr = qualify, .data = none };

	/* data is read only. */
	m.data = (void *)(uintptr_t)qualifier;
	return expand_map_expr(&m, expr);
}

/*
 * Where a LEFT JOIN found no partner the view has no row, so each of its
 * columns is NULL: CASE WHEN alias.ts IS NOT NULL THEN expr END.
 */
static struct ast_expr *null_without_partner(struct expander *x,
					     const char *qualifier,
					     struct ast_expr *expr)
{
	struct ast_expr *ret, *there;

	if (!expr || expr->op == AST_NAME)
		return expr;
	ret = expand_new(x, AST_CASE, expr->span, 2);
	there = expand_new(x, AST_IS_NULL, expr->span, 1);
	if (!ret || !there)
		return NULL;
	there->negated = true;
	there->args[0] = expand_column(x, expr->span, qualifier, "ts");
	ret->args[0] = there;
	ret->args[1] = expr;
	return ret;
}

static struct ast_expr *column_of(struct expand_map *m,
				  struct expand_source *source,
				  const struct ast_expr *expr)
{
	struct expander *x = m->x;
	const struct span *outer = x->span;
	const char *qualifier = source->bare ? NULL : source->qualifier;
	const struct ast_output *column;
	struct ast_expr *ret;

	if (!source->flat)
		return expand_column(x, outer ? *outer : expr->span, qualifier,
				     expr->text);
	column = find_output(source->flat->columns, source->flat->column_count,
			     expr->text);
	if (!column &&
	    !(source->item->window && source_has(x, source, expr->text))) {
		unknown_column(x, m->data, source, expr);
		return NULL;
	}
	if (!column)
		return expand_column(x, expr->span, qualifier, expr->text);
	if (!outer)
		x->span = &expr->span;
	ret = qualified_copy(x, column->expr, qualifier);
	x->span = outer;
	return source->nullable ? null_without_partner(x, qualifier, ret) : ret;
}

/* --- names --- */

/* Where a name is looked up next that has no qualifier. */
static struct expand_scope *around(const struct expand_scope *scope)
{
	return scope->own ? NULL : scope->outer;
}

/* The one source of the nearest query that has the column. */
static struct expand_source *unqualified(struct expand_map *m,
					 const struct ast_expr *expr)
{
	struct expand_scope *scope = m->data, *nearest = scope;
	struct expand_source *found = NULL;
	unsigned count = 0;

	for (; scope && !count; scope = around(scope)) {
		for (unsigned i = 0; i < scope->count; i++) {
			if (!source_has(m->x, &scope->sources[i], expr->text))
				continue;
			found = &scope->sources[i];
			count++;
		}
		if (count > 1)
			ambiguous(m->x, scope, expr);
	}
	if (count)
		return count == 1 ? found : NULL;
	if (nearest->outputs_named &&
	    find_output(nearest->select->outputs, nearest->select->output_count,
			expr->text))
		return NULL;
	if (expand_is_list(m->x, expr->text)) {
		m->x->lost_name = true;
		expand_error(
			m->x, expr->span,
			compilation_text(m->x->c, "write x IN %s", expr->text),
			"'%s' is a list, which only IN can read", expr->text);
	} else if (nearest->any_flat) {
		unknown_column(m->x, nearest, NULL, expr);
	}
	return NULL;
}

/* May a name that has no qualifier be left as it is? */
static bool is_plain_scope(const struct expand_scope *scope)
{
	for (; scope; scope = around(scope))
		if (scope->any_flat)
			return false;
	return true;
}

static struct expand_source *source_of(struct expand_map *m,
				       const struct ast_expr *expr)
{
	struct expand_scope *scope = m->data;
	struct expand_source *source;

	if (!expr->qualifier) {
		if (is_plain_scope(scope) && !expand_is_list(m->x, expr->text))
			return NULL;
		source = unqualified(m, expr);
		return source && (source->flat || !is_plain_scope(scope)) ?
			       source :
			       NULL;
	}
	source = expand_find_source(scope, expr->qualifier);
	if (source && is(source->prefix, expr->qualifier) &&
	    !is(source->alias, expr->qualifier) && !source->prefix_used) {
		source->prefix_used = true;
		source->qualifier = source->prefix;
		m->x->changed = true;
	}
	return source;
}

static struct ast_expr *resolve(struct expand_map *m,
				const struct ast_expr *expr)
{
	struct expand_source *source = source_of(m, expr);
	struct span span = m->x->span ? *m->x->span : expr->span;

	if (!expand_ok(m->x))
		return NULL;
	if (source && (source->flat || source->bare || source->qualifier))
		return column_of(m, source, expr);
	if (source && !expr->qualifier && source->name)
		return expand_column(m->x, span, source->name, expr->text);
	return expand_column(m->x, span, expr->qualifier, expr->text);
}

static struct ast_expr *name(struct expand_map *m, const struct ast_expr *expr)
{
	struct expander *x = m->x;
	bool failed = x->failed;
	struct ast_expr *ret = NULL;

	x->lost_name = expr->qualifier && expand_is_lost(x, expr->qualifier);
	if (!x->lost_name)
		ret = resolve(m, expr);
	if (!x->lost_name)
		return ret;
	x->failed = failed;
	return complained(x, expr->span,
			  expand_new(x, AST_NULL, expr->span, 0));
}

/* --- operations --- */

static const struct builtin_operation *
find_operation(const struct builtin_view *view, const char *text)
{
	const struct builtin_operation *operation = view->operations;

	while (operation->text && strcmp(operation->text, text) != 0)
		operation++;
	return operation->text ? operation : NULL;
}

/* The source of whose column of operations `expr` speaks; NULL: of none. */
static struct expand_source *operation_source(struct expand_map *m,
					      const struct ast_expr *expr)
{
	struct expand_scope *scope = m->data;
	struct expand_source *source = NULL;

	if (expr->op != AST_NAME)
		return NULL;
	if (expr->qualifier)
		source = expand_find_source(scope, expr->qualifier);
	for (unsigned i = 0; !expr->qualifier && i < scope->count; i++)
		if (source_has(m->x, &scope->sources[i], expr->text)) {
			if (source)
				return NULL;
			source = &scope->sources[i];
		}
	if (!source || !source->flat ||
	    !is(source->flat->operation, expr->text))
		return NULL;
	return source;
}

static void unknown_operation(struct expander *x, const struct ast_expr *text,
			      const struct builtin_view *view)
{
	const struct builtin_operation *operation;
	struct buf known = BUF_INIT;
	const char *suggestion;

	if (builtin_view_only(view, view->operation, text->text)) {
		buf_release(&known);
		expand_error(
			x, text->span,
			compilation_text(
				x->c,
				"write a rule, or a join, that demands %s = "
				"'%s' and nothing else of %s",
				view->operation, text->text, view->operation),
			"the %s '%s' of %s comes from a stream of its own",
			view->operation, text->text, view->name);
		return;
	}
	for (operation = view->operations; operation->text; operation++)
		buf_printf(&known, "%s'%s'", known.len ? ", " : "there is ",
			   operation->text);
	suggestion = compilation_take(x->c, &known);
	expand_error(x, text->span, suggestion,
		     "%s has no %s '%s' in this version", view->name,
		     view->operation, text->text);
}

/* op = 'write': is_write */
static struct ast_expr *operation_is(struct expand_map *m,
				     const struct expand_source *source,
				     const struct ast_expr *text)
{
	const struct builtin_view *view = source->flat->builtin;
	const struct builtin_operation *operation;
	struct ast_expr *flag, *ret;

	operation = find_operation(view, text->text);
	if (!operation) {
		unknown_operation(m->x, text, view);
		return NULL;
	}
	flag = expand_column(m->x, text->span,
			     source->bare ? NULL : source->qualifier,
			     operation->flag);
	if (!flag || !operation->negated)
		return flag;
	ret = expand_new(m->x, AST_NOT, text->span, 1);
	if (ret)
		ret->args[0] = flag;
	return ret;
}

static struct ast_expr *negate(struct expander *x, struct ast_expr *expr)
{
	struct ast_expr *ret;

	if (!expr || expr->op == AST_NOT)
		return expr ? expr->args[0] : NULL;
	ret = expand_new(x, AST_NOT, expr->span, 1);
	if (ret)
		ret->args[0] = expr;
	return ret;
}

/* op = 'x', op <> 'x', op IN ('x', ...) of a view that has operations */
static bool is_operation(struct expand_map *m, const struct ast_expr *expr,
			 struct ast_expr **ret)
{
	bool swapped, negated = expr->negated || expr->op == AST_NE;
	struct expand_source *source;
	struct ast_expr *any = NULL;

	if (expr->op != AST_EQ && expr->op != AST_NE && expr->op != AST_IN)
		return false;
	swapped = expr->op != AST_IN && expr->args[0]->op == AST_TEXT;
	source = operation_source(m, expr->args[swapped]);
	if (!source)
		return false;
	for (unsigned i = 1; i < expr->arg_count; i++)
		if (expr->args[swapped ? 0 : i]->op != AST_TEXT)
			return false;
	if (expr->arg_count > 2)
		any = expand_new(m->x, AST_OR, expr->span, expr->arg_count - 1);
	for (unsigned i = 1; i < expr->arg_count; i++) {
		const struct ast_expr *text = expr->args[swapped ? 0 : i];
		struct ast_expr *one = operation_is(m, source, text);

		if (any)
			any->args[i - 1] = one;
		else
			any = one;
	}
	*ret = negated && expand_ok(m->x) ? negate(m->x, any) : any;
	return true;
}

const struct ast_expr *expand_demands(const struct expand_scope *scope,
				      const struct ast_expr *where)
{
	for (unsigned i = 0; where && i < scope->count; i++)
		if (scope->sources[i].demand == where &&
		    !scope->sources[i].nullable)
			return NULL;
	return where;
}

/* --- identity --- */

/*
 * A process id says who only as long as nobody else has it. Two of the older
 * names, compared, mean the same process: "pid" gives pid_key.
 */
static const char *identity(struct expand_map *m, const struct ast_expr *expr,
			    const struct expand_source **ret_source)
{
	const struct expand_source *source;
	const struct ast_output *column;

	if (expr->op != AST_NAME || !expr->qualifier)
		return NULL;
	source = expand_find_source(m->data, expr->qualifier);
	if (!source || !source->flat || !source->flat->builtin)
		return NULL;
	column = find_output(source->flat->columns, source->flat->column_count,
			     expr->text);
	*ret_source = source;
	if (!column || column->expr->op != AST_NAME)
		return NULL;
	if (is(column->expr->text, "pid"))
		return "pid_key";
	return is(column->expr->text, "ppid") ? "parent_key" : NULL;
}

static bool is_same_process(struct expand_map *m, const struct ast_expr *expr,
			    struct ast_expr **ret)
{
	const struct expand_source *left_source, *right_source;
	struct span span = m->x->span ? *m->x->span : expr->span;
	const char *left, *right;
	struct ast_expr *a, *b;

	if (expr->op != AST_EQ)
		return false;
	left = identity(m, expr->args[0], &left_source);
	right = identity(m, expr->args[1], &right_source);
	if (!left || !right || left_source == right_source)
		return false;
	a = expand_column(m->x, span, left_source->qualifier, left);
	b = expand_column(m->x, span, right_source->qualifier, right);
	*ret = expand_infix(m->x, AST_EQ, a, b);
	return true;
}

static bool expand_one(struct expand_map *m, const struct ast_expr *expr,
		       struct ast_expr **ret)
{
	const char *list;
	struct span span;

	if (expr->op == AST_NAME)
		*ret = name(m, expr);
	else if (is_in_list(expr, &list, &span))
		*ret = in_list(m, expr, list, span);
	else
		return is_operation(m, expr, ret) ||
		       is_same_process(m, expr, ret);
	return true;
}

static struct ast_select *expand_exists(struct expand_map *m,
					const struct ast_select *select)
{
	struct expand_scope *scope = m->data;

	return expand_select(m->x, select, scope, scope->with);
}

struct expand_map expand_names(struct expander *x, struct expand_scope *scope)
{
	return (struct expand_map){ .x = x,
				    .expr = expand_one,
				    .select = expand_exists,
				    .data = scope };
}

struct ast_expr *expand_flat_where(struct expander *x,
				   const struct expand_source *source)
{
	if (!source->flat || !source->flat->where)
		return NULL;
	return qualified_copy(x, source->flat->where, source->qualifier);
}
