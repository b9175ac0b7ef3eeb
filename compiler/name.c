// SPDX-License-Identifier: Apache-2.0
/* Names to columns; what a wrong one may have meant. */
#include "compiler/bind_int.h"

#include "compiler/suggest.h"

#include <string.h>

static const struct column *visible_column(const struct stream *stream,
					   const char *name)
{
	const struct column *column =
		catalog_column(stream, name, strlen(name));

	return column && !column->hidden ? column : NULL;
}

static const struct stream *item_stream(const struct binder *b,
					const struct scope_item *item)
{
	return catalog_stream(b->rule->inputs[item->input].stream);
}

/* False: the item has no such column. */
static bool find(struct binder *b, const struct scope_item *item,
		 const char *name, const struct expr **ret_expr)
{
	const struct column *column;
	struct expr *expr;

	if (item->derived) {
		for (unsigned i = 0; i < item->output_count; i++) {
			if (strcmp(item->outputs[i].name, name) != 0)
				continue;
			*ret_expr = item->outputs[i].expr;
			return true;
		}
		return false;
	}
	column = visible_column(item_stream(b, item), name);
	if (!column)
		return false;
	expr = build_op(b->c->arena, EXPR_COLUMN, column->type, 0);
	if (expr) {
		expr->input = (uint8_t)item->input;
		expr->column = column->id;
	}
	b->c->nomem |= !expr;
	*ret_expr = expr;
	return true;
}

static void offer_columns(struct binder *b, const struct scope_item *item,
			  struct suggest *s)
{
	const struct stream *stream;

	if (item->derived) {
		for (unsigned i = 0; i < item->output_count; i++)
			suggest_offer(s, item->outputs[i].name);
		return;
	}
	stream = item_stream(b, item);
	for (unsigned i = 0; i < catalog_column_count(stream); i++)
		if (!catalog_column_at(stream, i)->hidden)
			suggest_offer(s, catalog_column_at(stream, i)->name);
}

static const char *item_name(const struct binder *b,
			     const struct scope_item *item)
{
	if (!item->derived)
		return item_stream(b, item)->name;
	return item->alias ? item->alias : "the subquery";
}

/* The first other item that has the column that this one has not. */
static const char *elsewhere(struct binder *b, const struct scope *scope,
			     const struct scope_item *item, const char *name)
{
	const struct expr *expr;

	for (unsigned i = 0; i < scope->count; i++) {
		const struct scope_item *other = &scope->items[i];

		if (other != item && other->alias &&
		    find(b, other, name, &expr))
			return compilation_text(b->c, "did you mean '%s.%s'?",
						other->alias, name);
	}
	return NULL;
}

static void unknown_column(struct binder *b, const struct scope *scope,
			   const struct scope_item *item,
			   const struct ast_expr *ast)
{
	const char *suggestion = elsewhere(b, scope, item, ast->text);
	struct suggest s = suggest_for(ast->text);

	offer_columns(b, item, &s);
	if (!suggestion)
		suggestion = suggest_text(b->c, &s);
	compilation_error(b->c, ast->span, suggestion,
			  "unknown column '%s' of %s", ast->text,
			  item_name(b, item));
}

/* Does this query itself compute a column of that name? */
static bool is_output(const struct scope *scope, const char *name)
{
	for (unsigned i = 0; i < scope->select->output_count; i++) {
		const char *alias = scope->select->outputs[i].alias;

		if (alias && strcmp(alias, name) == 0)
			return true;
	}
	return false;
}

static void unknown_name(struct binder *b, const struct scope *scope,
			 const struct ast_expr *ast)
{
	struct suggest s = suggest_for(ast->text);
	const char *suggestion;

	for (unsigned i = 0; i < scope->count; i++)
		offer_columns(b, &scope->items[i], &s);
	suggestion = suggest_text(b->c, &s);
	if (is_output(scope, ast->text))
		suggestion = compilation_text(
			b->c,
			"'%s' is made by this query; wrap it: SELECT ... FROM "
			"(SELECT ...) AS t WHERE t.%s ...",
			ast->text, ast->text);
	if (scope->count == 1)
		compilation_error(b->c, ast->span, suggestion,
				  "unknown column '%s' of %s", ast->text,
				  item_name(b, &scope->items[0]));
	else
		compilation_error(b->c, ast->span, suggestion,
				  "unknown column '%s'", ast->text);
}

static void ambiguous(struct binder *b, const struct scope *scope,
		      const struct ast_expr *ast)
{
	struct buf candidates = BUF_INIT;
	const struct expr *expr;
	const char *text;

	for (unsigned i = 0; i < scope->count; i++) {
		const struct scope_item *item = &scope->items[i];

		if (!find(b, item, ast->text, &expr))
			continue;
		buf_puts(&candidates, candidates.len ? ", " : "write ");
		if (item->alias)
			buf_printf(&candidates, "%s.", item->alias);
		buf_puts(&candidates, ast->text);
	}
	text = compilation_take(b->c, &candidates);
	compilation_error(b->c, ast->span, text, "column '%s' is ambiguous",
			  ast->text);
}

static void unknown_alias(struct binder *b, const struct scope *scope,
			  const struct ast_expr *ast)
{
	struct suggest s = suggest_for(ast->qualifier);
	struct buf aliases = BUF_INIT;
	const char *suggestion;

	for (unsigned i = 0; i < scope->count; i++) {
		const struct scope_item *item = &scope->items[i];

		if (!item->alias)
			continue;
		suggest_offer(&s, item->alias);
		buf_printf(&aliases, "%s%s", aliases.len ? ", " : "FROM has ",
			   item->alias);
		if (!item->derived)
			buf_printf(&aliases, " (%s)",
				   item_stream(b, item)->name);
	}
	suggestion = compilation_take(b->c, &aliases);
	if (s.best && strlen(ast->qualifier) > 1)
		suggestion = suggest_text(b->c, &s);
	compilation_error(b->c, ast->span, suggestion,
			  "no '%s' in FROM to take %s.%s from", ast->qualifier,
			  ast->qualifier, ast->text);
}

static const struct expr *qualified(struct binder *b, const struct scope *scope,
				    const struct ast_expr *ast)
{
	const struct expr *expr = NULL;

	for (unsigned i = 0; i < scope->count; i++) {
		const struct scope_item *item = &scope->items[i];

		if (!(item->alias &&
		      strcmp(item->alias, ast->qualifier) == 0) &&
		    !(item->stream &&
		      strcmp(item->stream, ast->qualifier) == 0))
			continue;
		if (!find(b, item, ast->text, &expr))
			unknown_column(b, scope, item, ast);
		return expr;
	}
	unknown_alias(b, scope, ast);
	return NULL;
}

const struct expr *bind_name(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast)
{
	const struct expr *found = NULL;
	unsigned count = 0;

	if (ast->qualifier)
		return qualified(b, scope, ast);
	for (unsigned i = 0; i < scope->count; i++)
		if (find(b, &scope->items[i], ast->text, &found))
			count++;
	if (count == 0)
		unknown_name(b, scope, ast);
	else if (count > 1)
		ambiguous(b, scope, ast);
	return count == 1 ? found : NULL;
}
