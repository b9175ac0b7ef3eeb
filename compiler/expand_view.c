// SPDX-License-Identifier: Apache-2.0
/*
 * What a name in FROM stands for: a WITH query, a view of the rules' text, a
 * built-in one, else a stream. A view over one stream is put in place of its
 * name, so that its conditions can still be asked in the kernel; any other
 * becomes a subquery.
 */
#include "compiler/expand_int.h"

#include "compiler/parse.h"
#include "compiler/suggest.h"

#include <string.h>

static struct ast_view *created_view(const struct expander *x, const char *name)
{
	for (unsigned i = 0; i < x->program->view_count && i < EXPAND_NAMES_MAX;
	     i++)
		if (strcmp(x->program->views[i]->name, name) == 0)
			return x->program->views[i];
	return NULL;
}

/* Our own text, parsed once for a rule that reads it. */
static const struct ast_select *parse_builtin(struct expander *x,
					      const struct builtin_view *view)
{
	struct compile_source source = { .name = view->name,
					 .text = view->sql,
					 .len = strlen(view->sql) };
	const char *rule = x->c->rule;
	struct ast_program program = { 0 };

	parse_source(x->c, &source, 0, &program);
	x->c->rule = rule;
	CHECK(x->c->nomem || program.rule_count == 1);
	return x->c->nomem ? NULL : program.rules[0]->select;
}

static bool read_builtin(struct expander *x, const struct builtin_view *view,
			 struct expand_view *ret)
{
	unsigned i = 0;

	while (builtin_view_at(i) != view)
		i++;
	CHECK(i < EXPAND_BUILTINS_MAX);
	if (!x->builtins[i])
		x->builtins[i] = parse_builtin(x, view);
	*ret = (struct expand_view){ .name = view->name,
				     .select = x->builtins[i],
				     .builtin = view };
	return ret->select;
}

/* `column = 'text'` of the item: what stands for its view then, or NULL. */
static const struct builtin_view *demanded(const struct builtin_view *view,
					   const struct ast_item *item,
					   const struct ast_select *reader,
					   const struct ast_expr *term)
{
	const char *alias = item->alias ? item->alias : view->alias;
	const struct ast_expr *column, *text;
	bool swapped;

	if ((term->op != AST_EQ && term->op != AST_IN) || term->negated ||
	    term->arg_count != 2)
		return NULL;
	swapped = term->op == AST_EQ && term->args[0]->op == AST_TEXT;
	column = term->args[swapped];
	text = term->args[!swapped];
	if (column->op != AST_NAME || text->op != AST_TEXT ||
	    (column->qualifier ? strcmp(column->qualifier, alias) != 0 :
				 reader->item_count > 1))
		return NULL;
	return builtin_view_only(view, column->text, text->text);
}

/*
 * A name that stands for several streams is read as the one that the reader
 * demands: it drops the rows of the others. A session or a sequence is made
 * before they are dropped. Returns what demands it; NULL: nothing does.
 */
static const struct ast_expr *choose_stream(struct expander *x,
					    const struct ast_item *item,
					    const struct ast_select *reader,
					    struct expand_view *view)
{
	struct ast_expr *const conditions[] = { reader->where, item->on,
						item->when };
	const struct builtin_view *other;

	if (!view->builtin || item->recognize ||
	    (item->window && item->window->kind == AST_SESSION))
		return NULL;
	for (unsigned k = 0; k < ARRAY_SIZE(conditions); k++)
		for (unsigned i = 0; i < expand_term_count(conditions[k]);
		     i++) {
			const struct ast_expr *term =
				expand_term(conditions[k], i);

			other = demanded(view->builtin, item, reader, term);
			if (other)
				return read_builtin(x, other, view) ? term :
								      NULL;
		}
	return NULL;
}

bool expand_find_view(struct expander *x, const char *name,
		      const struct expand_with *with, struct expand_view *ret)
{
	const struct builtin_view *builtin = builtin_view_by_name(name);
	struct ast_view *view;

	for (; with; with = with->outer) {
		if (strcmp(with->cte->name, name) != 0)
			continue;
		*ret = (struct expand_view){ .name = name,
					     .select = with->cte->select,
					     .with = with->outer };
		return true;
	}
	view = created_view(x, name);
	if (!view)
		return builtin && read_builtin(x, builtin, ret);
	*ret = (struct expand_view){ .name = view->name,
				     .select = view->select };
	return true;
}

bool expand_enter(struct expander *x, const struct expand_view *view,
		  struct span span)
{
	/* Of a circle expand_check() has told. */
	for (unsigned i = 0; i < x->reading_count; i++)
		x->failed |= x->reading[i] == view->select;
	if (!x->failed && x->reading_count == EXPAND_VIEWS_MAX)
		expand_error(x, span,
			     "write the innermost ones into their reader",
			     "views read views more than %d levels deep",
			     EXPAND_VIEWS_MAX);
	if (x->failed)
		return false;
	x->reading[x->reading_count++] = view->select;
	return true;
}

void expand_leave(struct expander *x)
{
	x->reading_count--;
}

/* --- views over one stream --- */

/* What means something else in the reader's place. */
static bool is_bound_to_its_query(const struct ast_expr *expr)
{
	static const char *const calls[] = { "count", "sum", "avg",
					     "min",   "max", "first_seen" };

	if (expr->op == AST_EXISTS || expr->op == AST_PARAM || expr->over)
		return true;
	for (unsigned i = 0; expr->op == AST_CALL && i < ARRAY_SIZE(calls); i++)
		if (strcmp(expr->text, calls[i]) == 0)
			return true;
	return false;
}

/* Only values, made of the item's own columns? */
static bool is_plain(const struct ast_expr *expr, const struct ast_item *item)
{
	if (!expr)
		return true;
	if (is_bound_to_its_query(expr))
		return false;
	if (expr->op == AST_NAME && expr->qualifier &&
	    strcmp(expr->qualifier, item->stream) != 0 &&
	    !(item->alias && strcmp(expr->qualifier, item->alias) == 0))
		return false;
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (!is_plain(expr->args[i], item))
			return false;
	return true;
}

static bool is_projection(const struct ast_select *select)
{
	const struct ast_item *item = select->items;

	if (select->item_count != 1 || select->cte_count ||
	    select->group_count || select->having || select->order_count ||
	    select->limit >= 0 || !item->stream || item->window ||
	    item->recognize || item->as_of || !is_plain(select->where, item))
		return false;
	for (unsigned i = 0; i < select->output_count; i++)
		if (!is_plain(select->outputs[i].expr, item))
			return false;
	return true;
}

/* Each column has its own name; else it is for the binder to complain. */
static bool columns_are_named(const struct ast_select *select)
{
	for (unsigned i = 0; i < select->output_count; i++) {
		const char *name = expand_output_name(&select->outputs[i]);

		if (!name)
			return false;
		for (unsigned k = 0; k < i; k++)
			if (strcmp(expand_output_name(&select->outputs[k]),
				   name) == 0)
				return false;
	}
	return true;
}

/* As which the column of operations goes on. */
static const char *operation_column(const struct ast_select *select,
				    const struct expand_flat *inner)
{
	if (!inner || !inner->operation)
		return NULL;
	for (unsigned i = 0; i < select->output_count; i++) {
		const struct ast_output *output = &select->outputs[i];

		if (output->expr->op == AST_NAME &&
		    strcmp(output->expr->text, inner->operation) == 0)
			return expand_output_name(output);
	}
	return NULL;
}

static const struct expand_flat *flatten(struct expander *x,
					 const struct expand_view *view)
{
	const struct ast_select *select = view->select;
	const struct ast_item *item = select->items;
	struct expand_flat *flat = compilation_alloc(x->c, 1, sizeof(*flat));
	struct expand_source source = { .item = item,
					.alias = item->alias,
					.name = item->stream,
					.bare = true };
	struct expand_scope scope = { .select = select, .count = 1 };
	struct expand_view inner;
	struct expand_map m;

	if (!flat)
		return NULL;
	flat->stream = item->stream;
	flat->builtin = view->builtin;
	if (expand_find_view(x, item->stream, view->with, &inner)) {
		source.demand = choose_stream(x, item, select, &inner);
		source.flat = expand_flatten(x, &inner, item->span);
		if (!source.flat)
			return NULL;
		flat->stream = source.flat->stream;
		flat->builtin = source.flat->builtin;
		scope.any_flat = true;
	}
	scope.sources[0] = source;
	m = expand_names(x, &scope);
	flat->columns = select->outputs;
	flat->column_count = select->output_count;
	expand_map_outputs(&m, &flat->columns, flat->column_count);
	flat->where =
		expand_map_expr(&m, expand_demands(&scope, select->where));
	flat->operation = operation_column(select, source.flat);
	if (view->builtin)
		flat->operation = view->builtin->operation;
	if (source.flat)
		flat->where = expand_and(x, source.flat->where, flat->where);
	return expand_ok(x) ? flat : NULL;
}

const struct expand_flat *expand_flatten(struct expander *x,
					 const struct expand_view *view,
					 struct span span)
{
	const struct expand_flat *flat = NULL;

	if (!is_projection(view->select) || !columns_are_named(view->select) ||
	    !expand_enter(x, view, span))
		return NULL;
	flat = flatten(x, view);
	expand_leave(x);
	return flat;
}

/* --- items --- */

/* "fs.events": "events" */
static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static const char *default_alias(const struct expand_source *source)
{
	const struct builtin_view *builtin = builtin_view_by_name(source->name);
	const struct stream *stream =
		catalog_stream_by_name(source->name, strlen(source->name));

	if (builtin)
		return builtin->alias;
	return stream ? stream->alias : last_part(source->name);
}

/*
 * Rows that a view leaves out are no rows of a session or a sequence either:
 * its condition cannot wait until those are made.
 */
static bool may_put_in_place(const struct ast_item *item,
			     const struct expand_flat *flat)
{
	if (item->recognize)
		return expand_may_be_sequence(item->recognize, flat);
	return !flat->where || !item->window ||
	       item->window->kind != AST_SESSION;
}

static void read_view(struct expander *x, const struct ast_item *item,
		      const struct expand_view *view,
		      struct expand_source *source, struct ast_item *ret)
{
	const struct span *outer = x->span;

	x->changed = true;
	source->prefix = NULL;
	source->qualifier = item->alias ? item->alias : default_alias(source);
	ret->alias = source->qualifier;
	source->flat = expand_flatten(x, view, item->span);
	if (!expand_ok(x))
		return;
	if (source->flat && may_put_in_place(item, source->flat)) {
		ret->stream = source->flat->stream;
		return;
	}
	source->flat = NULL;
	if (!expand_enter(x, view, item->span))
		return;
	if (view->builtin)
		x->span = &item->span;
	ret->stream = NULL;
	ret->select = expand_select(x, view->select, NULL, view->with);
	source->derived = ret->select;
	x->span = outer;
	expand_leave(x);
}

void expand_source(struct expander *x, const struct ast_item *item,
		   const struct ast_select *reader,
		   const struct expand_with *with, struct expand_source *source,
		   struct ast_item *ret)
{
	struct expand_view view;

	*ret = *item;
	if (x->span)
		ret->span = *x->span;
	*source = (struct expand_source){ .item = item,
					  .alias = item->alias,
					  .name = item->stream,
					  .qualifier = item->alias,
					  .nullable =
						  item->join == AST_JOIN_LEFT };
	if (!item->stream) {
		ret->select = expand_select(x, item->select, NULL, with);
		source->derived = ret->select;
		return;
	}
	if (!item->alias && strcmp(default_alias(source), item->stream) != 0)
		source->prefix = default_alias(source);
	if (expand_find_view(x, item->stream, with, &view)) {
		source->demand = choose_stream(x, item, reader, &view);
		read_view(x, item, &view, source, ret);
	} else if (expand_is_list(x, item->stream)) {
		expand_error(
			x, item->span,
			compilation_text(x->c, "write x IN %s", item->stream),
			"'%s' is a list, not a stream", item->stream);
	}
}
