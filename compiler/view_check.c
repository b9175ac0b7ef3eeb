// SPDX-License-Identifier: Apache-2.0
/* Each view and WITH query is bound as if it were a rule that is not enabled. */
#include "compiler/view_check.h"

#include "compiler/expand_int.h"

struct checker {
	struct compilation *c;
	const struct ast_program *program;
	const struct bound_rules *bound;
	struct diagnostics *own; /* of the query that is looked at */
	bool rejected;		 /* a rule was */
};

/* What is said of the query goes to k->own; false: it is wrong. */
static bool bind_alone(struct checker *k, const struct ast_rule *rule,
		       const struct expand_with *with)
{
	struct compilation c = *k->c;
	struct bound_rules rules = {
		.sources = (const struct bound_rule *const *)k->bound->items,
		.source_count = k->bound->count
	};
	const struct ast_rule *expanded;
	bool changed, ok;

	c.diagnostics = k->own;
	c.rule = NULL;
	c.pattern_edges = 0;
	expanded = expand_within(&c, k->program, rule, with, &changed);
	ok = expanded && bind_rule(&c, &rules, expanded);
	k->c->nomem |= c.nomem;
	return ok;
}

/*
 * What its readers said of its text is in their words; what it says of a view
 * that it reads is in its own.
 */
static bool is_own_error(const struct ast_select *select,
			 const struct diagnostic *d)
{
	return d->level == DIAGNOSTIC_ERROR &&
	       d->span.source == select->span.source &&
	       d->span.start >= select->span.start &&
	       d->span.end <= select->span.end;
}

static void check_query(struct checker *k, const char *name, struct span span,
			const struct ast_select *select,
			const struct expand_with *with)
{
	struct compilation *c = k->c;
	const struct diagnostics *own = k->own;
	struct ast_expr off = { .op = AST_BOOL, .span = span };
	struct ast_option enabled = { .name = "enabled",
				      .name_span = span,
				      .value = &off };
	struct ast_rule rule = { .name = name,
				 .span = span,
				 .name_span = span,
				 .options = &enabled,
				 .option_count = 1,
				 .select = (struct ast_select *)select };

	diagnostics_init(k->own, c->arena, c->diagnostics->sources,
			 c->diagnostics->source_count);
	if (bind_alone(k, &rule, with) || c->nomem)
		return;
	for (unsigned i = 0; i < own->count; i++)
		if (is_own_error(select, &own->items[i]))
			diagnostic_withdraw(c->diagnostics, own->items[i].span,
					    own->items[i].message);
	for (unsigned i = 0; i < own->count; i++)
		if (is_own_error(select, &own->items[i]))
			diagnostic_add(c->diagnostics, DIAGNOSTIC_ERROR,
				       own->items[i].span, c->rule,
				       own->items[i].message,
				       own->items[i].suggestion);
	if (!own->error_count && !k->rejected)
		compilation_error(c, span, NULL,
				  "'%s' reads the matches of a rule that is "
				  "not there",
				  name);
}

static void walk_select(struct checker *k, const struct ast_select *select,
			const struct expand_with *with);

static void walk_expr(struct checker *k, const struct ast_expr *expr,
		      const struct expand_with *with)
{
	if (!expr)
		return;
	if (expr->select)
		walk_select(k, expr->select, with);
	for (unsigned i = 0; i < expr->arg_count; i++)
		walk_expr(k, expr->args[i], with);
}

/* WITH queries of the query and of those within; the parser bounds how deep. */
static void walk_select(struct checker *k, const struct ast_select *select,
			const struct expand_with *with)
{
	for (unsigned i = 0; i < select->cte_count; i++) {
		const struct ast_cte *cte = &select->ctes[i];
		struct expand_with *pushed =
			compilation_alloc(k->c, 1, sizeof(*pushed));

		if (!pushed)
			return;
		check_query(k, cte->name, cte->name_span, cte->select, with);
		walk_select(k, cte->select, with);
		*pushed = (struct expand_with){ .cte = cte, .outer = with };
		with = pushed;
	}
	for (unsigned i = 0; i < select->item_count; i++)
		if (select->items[i].select)
			walk_select(k, select->items[i].select, with);
	walk_expr(k, select->where, with);
}

void view_check(struct compilation *c, const struct ast_program *program,
		const struct bound_rules *bound)
{
	struct checker k = { .c = c,
			     .program = program,
			     .bound = bound,
			     .own = compilation_alloc(c, 1, sizeof(*k.own)),
			     .rejected = c->diagnostics->error_count > 0 };

	for (unsigned i = 0; i < program->view_count && !c->nomem; i++) {
		const struct ast_view *view = program->views[i];

		check_query(&k, view->name, view->name_span, view->select,
			    NULL);
		walk_select(&k, view->select, NULL);
	}
	for (unsigned i = 0; i < program->rule_count && !c->nomem; i++) {
		c->rule = program->rules[i]->name;
		walk_select(&k, program->rules[i]->select, NULL);
	}
	c->rule = NULL;
}
