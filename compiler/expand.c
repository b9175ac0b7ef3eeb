// SPDX-License-Identifier: Apache-2.0
/* A rule, and each query in it: see expand_int.h for the order. */
#include "compiler/expand_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void expand_error(struct expander *x, struct span span, const char *suggestion,
		  const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	x->failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	compilation_error(x->c, x->span ? *x->span : span, suggestion, "%s",
			  text);
}

/* WITH: each query sees those before it. */
static const struct expand_with *push_with(struct expander *x,
					   const struct ast_select *select,
					   const struct expand_with *with)
{
	for (unsigned i = 0; i < select->cte_count; i++) {
		const struct ast_cte *cte = &select->ctes[i];
		struct expand_with *pushed =
			compilation_alloc(x->c, 1, sizeof(*pushed));

		x->changed = true;
		for (unsigned k = 0; k < i; k++)
			if (strcmp(select->ctes[k].name, cte->name) == 0)
				expand_error(x, cte->name_span, NULL,
					     "there are two WITH queries named "
					     "'%s'",
					     cte->name);
		if (!pushed)
			return NULL;
		*pushed = (struct expand_with){ .cte = cte, .outer = with };
		with = pushed;
	}
	return with;
}

static void map_item(struct expander *x, struct expand_scope *scope, unsigned i,
		     struct ast_item *item)
{
	struct expand_scope own = { .select = scope->select,
				    .with = scope->with };
	struct expand_map m = expand_names(x, &own);

	if (item->window) {
		own.sources[0] = scope->sources[i];
		own.sources[0].bare = true;
		own.count = 1;
		own.any_flat = own.sources[0].flat;
		item->window = expand_map_window(&m, item->window);
	}
	m = expand_names(x, scope);
	item->on = expand_map_expr(&m, item->on);
	item->when = expand_map_expr(&m, item->when);
	item->as_of = expand_map_expr(&m, item->as_of);
}

/* The view's condition joins those of its reader. */
static void add_where(struct expander *x, struct ast_select *select,
		      const struct expand_source *source, struct ast_item *item)
{
	struct ast_expr *where = expand_flat_where(x, source);

	if (!where)
		return;
	if (item->join == AST_JOIN_LEFT || item->join == AST_JOIN_FIRST)
		item->on = expand_and(x, item->on, where);
	else
		select->where = expand_and(x, where, select->where);
}

static void map_clauses(struct expander *x, struct expand_scope *scope,
			struct ast_select *select)
{
	struct expand_map m = expand_names(x, scope);
	struct ast_expr *where =
		expand_map_expr(&m, expand_demands(scope, select->where));

	expand_map_outputs(&m, &select->outputs, select->output_count);
	select->where = NULL;
	scope->outputs_named = true;
	expand_map_clauses(&m, select);
	scope->outputs_named = false;
	select->where = where;
}

static bool is_taken(const struct expand_scope *scope, unsigned i,
		     const char *alias)
{
	for (unsigned k = 0; k < scope->count; k++) {
		const struct expand_source *other = &scope->sources[k];

		if (k != i &&
		    ((other->qualifier &&
		      strcmp(other->qualifier, alias) == 0) ||
		     (other->prefix && strcmp(other->prefix, alias) == 0)))
			return true;
	}
	return false;
}

/* The catalog's aliases give way to those that FROM writes. */
static void settle_aliases(struct expander *x, struct expand_scope *scope)
{
	bool taken[EXPAND_SOURCES_MAX] = { false };

	for (unsigned i = 0; i < scope->count; i++) {
		struct expand_source *source = &scope->sources[i];

		if (source->prefix)
			taken[i] = is_taken(scope, i, source->prefix);
		else if (!source->alias && source->qualifier &&
			 is_taken(scope, i, source->qualifier))
			expand_error(x, source->item->span,
				     "write another alias behind it",
				     "without an alias %s is '%s', which "
				     "something else in FROM is too",
				     source->name, source->qualifier);
	}
	for (unsigned i = 0; i < scope->count; i++)
		if (taken[i])
			scope->sources[i].prefix = NULL;
}

/* What reads the sequence reads its measures, no longer the view. */
static void recognize(struct expander *x, const struct expand_scope *scope,
		      struct expand_source *source, struct ast_item *item)
{
	if (!expand_ok(x))
		return;
	item->recognize = expand_sequence(x, scope, source, item->recognize);
	source->flat = NULL;
	source->derived = NULL;
}

static void expand_query(struct expander *x, struct expand_scope *scope,
			 struct ast_select *select)
{
	const struct ast_item *old = select->items;
	struct ast_item *items =
		compilation_alloc(x->c, EXPAND_SOURCES_MAX, sizeof(*items));

	if (!items || !expand_ok(x))
		return;
	CHECK(select->item_count < EXPAND_SOURCES_MAX);
	for (unsigned i = 0; i < select->item_count && expand_ok(x); i++) {
		expand_source(x, &old[i], scope->select, scope->with,
			      &scope->sources[i], &items[i]);
		if (old[i].recognize)
			recognize(x, scope, &scope->sources[i], &items[i]);
		scope->any_flat |= scope->sources[i].flat != NULL;
		scope->count++;
	}
	select->items = items;
	settle_aliases(x, scope);
	if (expand_ok(x))
		expand_implicit(x, scope, items);
	if (!expand_ok(x))
		return;
	map_clauses(x, scope, select);
	/* Those behind were made by expand_implicit(), as they shall be. */
	for (unsigned i = 0; i < select->item_count; i++)
		map_item(x, scope, i, &items[i]);
	select->item_count = scope->count;
	for (unsigned i = scope->count; expand_ok(x) && i-- > 0;) {
		add_where(x, select, &scope->sources[i], &items[i]);
		if (scope->sources[i].prefix_used)
			items[i].alias = scope->sources[i].prefix;
	}
}

struct ast_select *expand_select(struct expander *x,
				 const struct ast_select *select,
				 struct expand_scope *outer,
				 const struct expand_with *with)
{
	struct ast_select *ret = compilation_alloc(x->c, 1, sizeof(*ret));
	struct expand_scope *scope = compilation_alloc(x->c, 1, sizeof(*scope));

	if (!ret || !scope || !expand_ok(x))
		return NULL;
	if (x->nesting > AST_NESTING_MAX) {
		expand_error(x, select->span,
			     "a view that only renames or filters one stream "
			     "is no subquery",
			     "with its views in place the rule's subqueries "
			     "nest more than %d levels deep",
			     AST_NESTING_MAX);
		return NULL;
	}
	x->nesting++;
	*ret = *select;
	ret->ctes = NULL;
	ret->cte_count = 0;
	scope->select = select;
	scope->outer = outer;
	scope->with = push_with(x, select, with);
	expand_query(x, scope, ret);
	if (expand_ok(x))
		expand_state(x, ret);
	if (expand_ok(x))
		expand_auto(x, ret);
	if (expand_ok(x))
		expand_params(x, ret);
	x->nesting--;
	return expand_ok(x) ? ret : NULL;
}

const struct ast_rule *expand_within(struct compilation *c,
				     const struct ast_program *program,
				     const struct ast_rule *rule,
				     const struct expand_with *with,
				     bool *ret_changed)
{
	struct expander x = { .c = c, .program = program };
	struct ast_rule *ret = compilation_alloc(c, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	*ret = *rule;
	ret->select = expand_select(&x, rule->select, NULL, with);
	if (!expand_ok(&x))
		return NULL;
	*ret_changed = x.changed;
	return x.changed ? ret : rule;
}

const struct ast_rule *expand_rule(struct compilation *c,
				   const struct ast_program *program,
				   const struct ast_rule *rule,
				   bool *ret_changed)
{
	return expand_within(c, program, rule, NULL, ret_changed);
}
