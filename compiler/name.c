// SPDX-License-Identifier: Apache-2.0
/* Names to columns; what a wrong one may have meant. */
#include "compiler/bind_int.h"

#include "compiler/foreign.h"
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

static const struct expr *column_expr(struct binder *b,
				      const struct scope_item *item,
				      unsigned column, enum value_type type)
{
	struct expr *expr = build_op(b->c->arena, EXPR_COLUMN, type, 0);

	b->c->nomem |= !expr;
	if (expr) {
		expr->input = (uint8_t)item->input;
		expr->column = (uint16_t)column;
	}
	return expr;
}

/* Of a subquery, of a rule's matches. */
static bool find_output(const struct scope_item *item, const char *name,
			const struct expr **ret_expr)
{
	for (unsigned i = 0; i < item->output_count; i++) {
		if (strcmp(item->outputs[i].name, name) != 0)
			continue;
		*ret_expr = item->outputs[i].expr;
		return true;
	}
	return false;
}

/* False: the item has no such column. NULL: it was complained of. */
static bool find(struct binder *b, const struct scope_item *item,
		 const char *name, const struct expr **ret_expr)
{
	const struct column *column;

	if (item->unknown)
		return false;
	if (item->derived)
		return find_output(item, name, ret_expr);
	column = visible_column(item_stream(b, item), name);
	if (!column)
		return false;
	*ret_expr = column_expr(b, item, column->id, column->type);
	return true;
}

static void offer_columns(struct binder *b, const struct scope_item *item,
			  struct suggest *s)
{
	const struct stream *stream;

	for (unsigned i = 0; i < item->output_count; i++)
		suggest_offer(s, item->outputs[i].name);
	if (item->derived)
		return;
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

/* More than these are no help. */
#define LISTED_MAX 12

/* "t has pid, n", or where the columns of a stream are listed. */
static const char *columns_of(struct binder *b, const struct scope_item *item)
{
	struct buf text = BUF_INIT;

	if (!item->derived)
		return compilation_text(b->c,
					"shrike streams %s lists its columns",
					item_stream(b, item)->name);
	if (!item->output_count || item->output_count > LISTED_MAX)
		return NULL;
	buf_printf(&text, "%s has", item_name(b, item));
	for (unsigned i = 0; i < item->output_count; i++)
		buf_printf(&text, "%s %s", i ? "," : "", item->outputs[i].name);
	return compilation_take(b->c, &text);
}

/* What others call a column that this item has. */
static const char *of_others(struct binder *b, const struct scope_item *item,
			     const char *name)
{
	const char *ours = foreign_column(name);
	const struct expr *expr;

	return ours && find(b, item, ours, &expr) ?
		       compilation_text(b->c, "here it is called '%s'", ours) :
		       NULL;
}

/* The first that says something. */
static const char *column_hint(struct binder *b, const struct scope_item *item,
			       const struct suggest *s)
{
	const char *hint = of_others(b, item, s->wrong);

	if (!hint)
		hint = suggest_text(b->c, s);
	return hint ? hint : columns_of(b, item);
}

static void unknown_column(struct binder *b, const struct scope *scope,
			   const struct scope_item *item,
			   const struct ast_expr *ast)
{
	const char *suggestion = elsewhere(b, scope, item, ast->text);
	struct suggest s = suggest_for(ast->text);

	offer_columns(b, item, &s);
	if (!suggestion)
		suggestion = column_hint(b, item, &s);
	b->c->of_view = ast->of_view;
	compilation_error(b->c, ast->span, suggestion,
			  "unknown column '%s' of %s", ast->text,
			  item_name(b, item));
	b->c->of_view = false;
}

/* Does this query itself compute a column of that name? */
static bool is_output(const struct scope *scope, const char *name)
{
	for (unsigned i = 0; scope->select && i < scope->select->output_count;
	     i++) {
		const char *alias = scope->select->outputs[i].alias;

		if (alias && strcmp(alias, name) == 0)
			return true;
	}
	return false;
}

static void unknown_name(struct binder *b, const struct scope *scope,
			 const struct ast_expr *ast)
{
	const char *suggestion =
		scope->own ? elsewhere(b, scope, scope->own, ast->text) : NULL;
	struct suggest s = suggest_for(ast->text);

	for (const struct scope *around = scope; around; around = around->outer)
		for (unsigned i = 0; i < around->count; i++)
			offer_columns(b, &around->items[i], &s);
	if (!suggestion && foreign_function(ast->text))
		suggestion = foreign_function(ast->text);
	if (!suggestion)
		suggestion = column_hint(
			b, scope->own ? scope->own : scope->items, &s);
	if (is_output(scope, ast->text))
		suggestion = compilation_text(
			b->c,
			"'%s' is made by this query; wrap it: SELECT ... FROM "
			"(SELECT ...) AS t WHERE t.%s ...",
			ast->text, ast->text);
	b->c->of_view = ast->of_view;
	if (scope->count == 1 || scope->own)
		compilation_error(
			b->c, ast->span, suggestion,
			"unknown column '%s' of %s", ast->text,
			item_name(b, scope->own ? scope->own : scope->items));
	else
		compilation_error(b->c, ast->span, suggestion,
				  "unknown column '%s'", ast->text);
	b->c->of_view = false;
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

/* "FROM has e (process.exec), c (network.connect)", or NULL. */
static const char *aliases_of(struct binder *b, const struct scope *scope)
{
	struct buf text = BUF_INIT;

	for (; scope; scope = scope->outer)
		for (unsigned i = 0; i < scope->count; i++) {
			const struct scope_item *item = &scope->items[i];

			if (!item->alias)
				continue;
			buf_printf(&text, "%s%s", text.len ? ", " : "FROM has ",
				   item->alias);
			if (!item->derived)
				buf_printf(&text, " (%s)",
					   item_stream(b, item)->name);
		}
	return text.len ? compilation_take(b->c, &text) : NULL;
}

static void unknown_alias(struct binder *b, const struct scope *scope,
			  const struct ast_expr *ast)
{
	struct suggest s = suggest_for(ast->qualifier);
	const char *suggestion = aliases_of(b, scope);

	for (const struct scope *around = scope; around; around = around->outer)
		for (unsigned i = 0; i < around->count; i++)
			if (around->items[i].alias)
				suggest_offer(&s, around->items[i].alias);
	if (s.best && strlen(ast->qualifier) > 1)
		suggestion = suggest_text(b->c, &s);
	compilation_error(b->c, ast->span, suggestion,
			  "no '%s' in FROM to take %s.%s from", ast->qualifier,
			  ast->qualifier, ast->text);
}

static bool is_named(const struct scope_item *item, const char *qualifier)
{
	return (item->alias && strcmp(item->alias, qualifier) == 0) ||
	       (item->stream && strcmp(item->stream, qualifier) == 0);
}

/* May a name be that of something that was complained of? */
static bool has_unknown(const struct scope *scope, bool qualified)
{
	for (; scope; scope = scope->outer) {
		if (scope->own && !qualified && scope->own->unknown)
			return true;
		for (unsigned i = 0; i < scope->count; i++) {
			const struct scope_item *item = &scope->items[i];

			if (item->unknown && !(qualified && item->alias) &&
			    (qualified || !scope->own))
				return true;
		}
	}
	return false;
}

static bool is_sampled(unsigned column)
{
	return column == COL_cpu_usage || column == COL_memory_usage ||
	       column == COL_status || column == COL_executable_hash;
}

/* A log knows at most who sent a line, and only the journal that. */
static const struct expr *unfilled(struct binder *b, const struct ast_expr *ast,
				   enum stream_id stream)
{
	compilation_error(b->c, ast->span,
			  "of who sent it the journal tells pid, uid, gid, "
			  "loginuid, comm and sender_exe",
			  "'%s' is not known of a line of %s", ast->text,
			  catalog_stream(stream)->name);
	return NULL;
}

/* Of a program that starts nothing was sampled yet. */
static const struct expr *filled(struct binder *b, const struct ast_expr *ast,
				 const struct expr *expr)
{
	enum stream_id stream;

	if (!expr || expr->op != EXPR_COLUMN)
		return expr;
	stream = b->rule->inputs[expr->input].stream;
	if (stream < STREAM_COUNT && !catalog_filled(stream, expr->column))
		return unfilled(b, ast, stream);
	if (!is_sampled(expr->column) || stream != STREAM_PROCESS_EXEC)
		return expr;
	compilation_error(b->c, ast->span,
			  compilation_text(b->c,
					   "write FROM process p: it gives a "
					   "row when %s is known",
					   ast->text),
			  "'%s' is not known when a program starts, it is "
			  "sampled later",
			  ast->text);
	return NULL;
}

static const struct expr *qualified(struct binder *b, const struct scope *scope,
				    const struct ast_expr *ast)
{
	const struct expr *expr = NULL;

	for (const struct scope *around = scope; around; around = around->outer)
		for (unsigned i = 0; i < around->count; i++) {
			const struct scope_item *item = &around->items[i];

			if (!is_named(item, ast->qualifier))
				continue;
			if (!find(b, item, ast->text, &expr) && !item->unknown)
				unknown_column(b, around, item, ast);
			return filled(b, ast, expr);
		}
	if (!has_unknown(scope, true))
		unknown_alias(b, scope, ast);
	return NULL;
}

/* How many items of this scope alone have it. */
static unsigned find_all(struct binder *b, const struct scope *scope,
			 const char *name, const struct expr **ret_expr)
{
	unsigned count = 0;

	if (scope->own)
		return find(b, scope->own, name, ret_expr);
	for (unsigned i = 0; i < scope->count; i++)
		count += find(b, &scope->items[i], name, ret_expr);
	return count;
}

const struct expr *bind_name(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast)
{
	const struct expr *found = NULL;
	unsigned count;

	if (ast->qualifier)
		return qualified(b, scope, ast);
	for (const struct scope *around = scope; around;
	     around = around->outer) {
		count = find_all(b, around, ast->text, &found);
		if (count == 1)
			return filled(b, ast, found);
		if (count) {
			ambiguous(b, around, ast);
			return NULL;
		}
	}
	if (!has_unknown(scope, false))
		unknown_name(b, scope, ast);
	return NULL;
}
