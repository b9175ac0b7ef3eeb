// SPDX-License-Identifier: Apache-2.0
/*
 * Joins that a rule does not write out. An alias that FROM lacks is the stream
 * of which it is the catalog's alias, joined by the identity of the process;
 * AUTO JOIN says which rows to wait for.
 */
#include "compiler/expand_int.h"

#include "compiler/foreign.h"
#include "compiler/suggest.h"

#include <string.h>

const struct stream *expand_item_stream(const struct ast_item *item)
{
	if (!item->stream || item->window || item->recognize)
		return NULL;
	return catalog_stream_by_name(item->stream, strlen(item->stream));
}

/* --- an alias that FROM lacks --- */

struct candidates {
	const char *names[EXPAND_BUILTINS_MAX + STREAM_COUNT];
	unsigned count;
};

/* Does a rule speak of the older views? Then an alias is theirs. */
static bool reads_builtin(const struct expand_scope *scope)
{
	for (; scope; scope = scope->outer)
		for (unsigned i = 0; i < scope->count; i++)
			if (scope->sources[i].name &&
			    builtin_view_by_name(scope->sources[i].name))
				return true;
	return false;
}

static void add_candidate(struct candidates *found, const char *name,
			  const char *alias, const char *wanted)
{
	if (*alias && (!wanted || strcmp(alias, wanted) == 0))
		found->names[found->count++] = name;
}

/* The streams or older views of that alias; NULL: all that have one. */
static struct candidates find_candidates(const struct expand_scope *scope,
					 const char *alias)
{
	struct candidates ret = { .count = 0 };
	const struct builtin_view *view;

	if (!reads_builtin(scope)) {
		for (unsigned i = 0; i < STREAM_VISIBLE_COUNT; i++)
			add_candidate(&ret, catalog_stream(i)->name,
				      catalog_stream(i)->alias, alias);
		return ret;
	}
	for (unsigned i = 0; (view = builtin_view_at(i)); i++)
		if (!view->only)
			add_candidate(&ret, view->name, view->alias, alias);
	return ret;
}

static const char *alias_of(const char *name)
{
	const struct builtin_view *view = builtin_view_by_name(name);

	return view ? view->alias :
		      catalog_stream_by_name(name, strlen(name))->alias;
}

static const char *list_candidates(struct expander *x,
				   const struct expand_scope *scope,
				   const struct candidates *candidates)
{
	struct buf text = BUF_INIT;

	for (unsigned i = 0; i < scope->count; i++) {
		const struct expand_source *source = &scope->sources[i];
		const char *alias =
			source->qualifier ? source->qualifier : source->prefix;

		if (!alias)
			continue;
		buf_printf(&text, "%s%s", text.len ? ", " : "FROM has ", alias);
		if (source->name)
			buf_printf(&text, " (%s)", source->name);
	}
	buf_puts(&text, text.len ? "; the catalog has " : "the catalog has ");
	for (unsigned i = 0; i < candidates->count; i++)
		buf_printf(&text, "%s%s (%s)", i ? ", " : "",
			   alias_of(candidates->names[i]),
			   candidates->names[i]);
	return compilation_take(x->c, &text);
}

bool expand_is_lost(const struct expander *x, const char *qualifier)
{
	for (unsigned i = 0; i < x->lost_count; i++)
		if (strcmp(x->lost[i], qualifier) == 0)
			return true;
	return false;
}

/* It was complained of: so may be what else there is. */
static void lose(struct expander *x, const char *qualifier, bool failed)
{
	if (x->lost_count == ARRAY_SIZE(x->lost))
		return;
	x->lost[x->lost_count++] = qualifier;
	x->failed = failed;
}

/* The first item of FROM whose rows are events of a process. */
static struct expand_source *find_anchor(struct expand_scope *scope)
{
	for (unsigned i = 0; i < scope->count; i++) {
		struct expand_source *source = &scope->sources[i];
		const struct ast_item *item = source->item;

		if (source->flat ? !item->window :
				   !source->derived && expand_item_stream(item))
			return source;
	}
	return NULL;
}

static const char *stream_of(const struct expand_source *source)
{
	return source->flat ? source->flat->stream : source->name;
}

static const struct column *known_column(const struct stream *stream,
					 const char *name)
{
	const char *ours = foreign_column(name);
	const struct column *column =
		catalog_column(stream, name, strlen(name));

	if (!column && ours)
		column = catalog_column(stream, ours, strlen(ours));
	return column && !column->hidden ? column : NULL;
}

/* ECS: destination.ip is dst_ip, process.parent.name is parent_name. */
static const char *from_dotted(struct expander *x, struct expand_scope *scope,
			       const struct ast_expr *name)
{
	const struct expand_source *anchor = find_anchor(scope);
	const char *last = strrchr(name->qualifier, '.');
	const struct column *column;
	const struct stream *stream;
	const char *joined;

	stream = anchor ? catalog_stream_by_name(stream_of(anchor),
						 strlen(stream_of(anchor))) :
			  NULL;
	joined = compilation_text(
		x->c, "%s_%s", last ? last + 1 : name->qualifier, name->text);
	if (!stream || !joined)
		return NULL;
	column = known_column(stream, joined);
	if (!column && strcmp(name->qualifier, "process") == 0)
		column = known_column(stream, name->text);
	return column ? compilation_text(x->c, "here it is called '%s'",
					 column->name) :
			NULL;
}

static void unknown_alias(struct expander *x, struct expand_scope *scope,
			  const struct ast_expr *name)
{
	const struct candidates all = find_candidates(scope, NULL);
	struct suggest s = suggest_for(name->qualifier);
	const char *suggestion = from_dotted(x, scope, name);

	for (unsigned i = 0; i < scope->count; i++)
		if (scope->sources[i].qualifier)
			suggest_offer(&s, scope->sources[i].qualifier);
	if (!suggestion && strlen(name->qualifier) > 1)
		suggestion = suggest_text(x->c, &s);
	if (!suggestion)
		suggestion = list_candidates(x, scope, &all);
	expand_error(x, name->span, suggestion,
		     "no '%s' in FROM to take %s.%s from", name->qualifier,
		     name->qualifier, name->text);
}

static bool is_state(const struct expand_source *source)
{
	return strcmp(stream_of(source), EXPAND_STATE) == 0;
}

/*
 * The catalog's hint: the same process, and between two events a minute. With
 * the table of processes there is no time to bound (expand_state.c).
 */
static struct ast_expr *hint(struct expander *x, struct span span,
			     struct expand_source *anchor,
			     const struct expand_source *source)
{
	struct ast_expr *ret;

	if (!anchor->qualifier) {
		anchor->prefix_used = anchor->prefix != NULL;
		anchor->qualifier =
			anchor->prefix ? anchor->prefix : anchor->name;
	}
	ret = expand_infix(
		x, AST_EQ, expand_column(x, span, source->qualifier, "pid_key"),
		expand_column(x, span, anchor->qualifier, "pid_key"));
	if (is_state(anchor) || is_state(source))
		return ret;
	return expand_and(x, ret,
			  expand_time_bound(x, span, source->qualifier,
					    anchor->qualifier, EXPAND_WINDOW_NS,
					    EXPAND_WINDOW_NS));
}

static void join_stream(struct expander *x, struct expand_scope *scope,
			struct ast_item *items, const struct ast_expr *name,
			const char *stream)
{
	struct expand_source *anchor = find_anchor(scope);
	struct expand_source *source = &scope->sources[scope->count];
	struct ast_item *item;

	if (!anchor) {
		expand_error(x, name->span, "join it there, or write the JOIN",
			     "%s is not in FROM, where nothing says of which "
			     "process it shall be",
			     name->qualifier);
		return;
	}
	if (scope->count == EXPAND_SOURCES_MAX) {
		expand_error(x, name->span, "split the rule",
			     "a rule has at most %d joins", AST_JOINS_MAX);
		return;
	}
	item = compilation_alloc(x->c, 1, sizeof(*item));
	if (!item)
		return;
	*item = (struct ast_item){ .join = AST_JOIN_INNER,
				   .stream = stream,
				   .alias = name->qualifier,
				   .span = name->span };
	expand_source(x, item, scope->select, NULL, source,
		      &items[scope->count]);
	if (!expand_ok(x))
		return;
	items[scope->count].on = hint(x, name->span, anchor, source);
	scope->any_flat |= source->flat != NULL;
	scope->count++;
	x->changed = true;
}

static void join_if_missing(struct expander *x, struct expand_scope *scope,
			    struct ast_item *items, const struct ast_expr *name)
{
	struct candidates found;
	bool failed = x->failed;

	if (expand_find_source(scope, name->qualifier) ||
	    expand_is_lost(x, name->qualifier))
		return;
	found = find_candidates(scope, name->qualifier);
	/* The catalog's aliases are different from each other. */
	CHECK(found.count <= 1);
	if (found.count) {
		join_stream(x, scope, items, name, found.names[0]);
		return;
	}
	unknown_alias(x, scope, name);
	lose(x, name->qualifier, failed);
}

struct missing {
	struct expand_scope *scope;
	struct ast_item *items;
	const char *told; /* the first that was complained about */
};

/* EXISTS is left out: its query looks at its own FROM first. */
static void scan(struct expander *x, struct missing *to,
		 const struct ast_expr *expr)
{
	if (!expr)
		return;
	if (expr->op == AST_NAME && expr->qualifier &&
	    !(to->told && strcmp(to->told, expr->qualifier) == 0)) {
		bool ok = expand_ok(x);

		join_if_missing(x, to->scope, to->items, expr);
		if (ok && !expand_ok(x))
			to->told = expr->qualifier;
	}
	for (unsigned i = 0; i < expr->arg_count; i++)
		scan(x, to, expr->args[i]);
	for (unsigned i = 0; expr->over && i < expr->over->key_count; i++)
		scan(x, to, expr->over->keys[i]);
	if (expr->over)
		scan(x, to, expr->over->order);
}

void expand_implicit(struct expander *x, struct expand_scope *scope,
		     struct ast_item *items)
{
	struct missing to = { .scope = scope, .items = items };
	const struct ast_select *select = scope->select;

	for (unsigned i = 0; i < select->output_count; i++)
		scan(x, &to, select->outputs[i].expr);
	for (unsigned i = 0; i < select->item_count; i++) {
		scan(x, &to, select->items[i].on);
		scan(x, &to, select->items[i].when);
	}
	scan(x, &to, select->where);
	for (unsigned i = 0; i < select->group_count; i++)
		scan(x, &to, select->groups[i]);
	scan(x, &to, select->having);
	for (unsigned i = 0; i < select->order_count; i++)
		scan(x, &to, select->orders[i].expr);
}

/* --- AUTO JOIN --- */

/* The item that ON compares it with; the one before it when it names none. */
static const struct ast_item *auto_anchor(const struct ast_select *select,
					  unsigned i)
{
	for (unsigned k = 0; k < i; k++) {
		const char *other = expand_item_qualifier(&select->items[k]);

		if (other && expand_mentions(select->items[i].on, other))
			return &select->items[k];
	}
	return &select->items[i - 1];
}

void expand_auto(struct expander *x, struct ast_select *select)
{
	for (unsigned i = 0; i < select->item_count && expand_ok(x); i++) {
		struct ast_item *item = &select->items[i];
		const char *name = expand_item_qualifier(item);
		const char *anchor;

		if (item->join != AST_JOIN_AUTO)
			continue;
		CHECK(i > 0);
		item->join = AST_JOIN_INNER;
		item->triggered = true;
		x->changed = true;
		anchor = expand_item_qualifier(auto_anchor(select, i));
		if (name && anchor && !expand_has_time_bound(item->on, name) &&
		    !expand_has_time_bound(select->where, name))
			item->on = expand_and(
				x, item->on,
				expand_time_bound(x, item->span, name, anchor,
						  0, EXPAND_WINDOW_NS));
		item->on = expand_and(x, item->on, item->when);
		item->when = NULL;
	}
}
