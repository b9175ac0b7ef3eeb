// SPDX-License-Identifier: Apache-2.0
/* Rules and their blocks: a query with its conditions and columns. */
#include "compiler/bind_block.h"

#include <string.h>

/* Queries within queries: those of views and WITH are there too. */
#define DEPTH_MAX 16

struct bound_conditions *bind_target(struct binder *b)
{
	if (b->block->where)
		return b->block->where;
	return b->rule->top == BOUND_PLAIN ? &b->rule->below : &b->rule->above;
}

static bool check_slots(struct binder *b, const struct bound_conditions *list,
			const struct ast_expr *ast, const struct expr *expr)
{
	if (list == &b->rule->above || !bind_has_slot(expr))
		return true;
	compilation_error(b->c, ast->span,
			  "ask in HAVING, or in the WHERE of a query around "
			  "this one",
			  "a window's bounds are known when it is over, after "
			  "WHERE");
	return false;
}

bool bind_term(struct binder *b, const struct scope *scope, enum clause clause,
	       struct bound_conditions *list, const struct ast_expr *ast)
{
	struct bound_condition *grown;
	const struct expr *expr;

	b->clause = clause;
	expr = bind_condition(b, scope, ast);
	if (!expr || !check_slots(b, list, ast, expr))
		return false;
	grown = compilation_grow(b->c, list->items, list->count,
				 sizeof(*grown));
	if (!grown)
		return false;
	list->items = grown;
	list->items[list->count++] =
		(struct bound_condition){ .expr = expr, .span = ast->span };
	return true;
}

static bool is_special(const struct ast_expr *term)
{
	return term->op == AST_EXISTS || bind_seen_is(term);
}

static bool bind_where_term(struct binder *b, const struct scope *scope,
			    const struct ast_expr *term)
{
	if (term->op == AST_EXISTS)
		return bind_exists(b, scope, term);
	if (bind_seen_is(term))
		return bind_seen(b, scope, term);
	return bind_term(b, scope, CLAUSE_WHERE, bind_target(b), term);
}

/* The whole is one condition, unless some of its terms are more than that. */
bool bind_where(struct binder *b, const struct scope *scope,
		const struct ast_expr *where)
{
	bool special = false, ok = true;

	if (!where)
		return true;
	for (unsigned i = 0; where->op == AST_AND && i < where->arg_count; i++)
		special |= is_special(where->args[i]);
	if (!special)
		return bind_where_term(b, scope, where);
	for (unsigned i = 0; i < where->arg_count; i++)
		ok &= bind_where_term(b, scope, where->args[i]);
	return ok;
}

/* GROUP BY, or an aggregate without OVER: by window and key. */
static bool is_grouped(const struct ast_select *select)
{
	bool grouped = select->group_count || select->having ||
		       select->order_count || select->limit >= 0;

	for (unsigned i = 0; i < select->output_count; i++)
		grouped |= block_has_aggregate(select->outputs[i].expr, false);
	return grouped || select->items[0].window;
}

static bool check_grouped(struct binder *b, const struct ast_select *select)
{
	if (select->items[0].window)
		return true;
	if (select->group_count) {
		compilation_error(
			b->c, select->groups[0]->span,
			"write FROM TUMBLE(TABLE stream, DESCRIPTOR(ts), "
			"INTERVAL '1' MINUTE), or count in a sliding window: "
			"COUNT(*) OVER (PARTITION BY ... ORDER BY ts RANGE "
			"...)",
			"GROUP BY needs a window: a stream has no end");
		return false;
	}
	if (select->having || select->order_count || select->limit >= 0) {
		struct span span =
			select->having	    ? select->having->span :
			select->order_count ? select->orders[0].expr->span :
					      select->limit_span;

		compilation_error(
			b->c, span,
			"write FROM TUMBLE(TABLE stream, DESCRIPTOR(ts), "
			"INTERVAL '1' MINUTE) ... GROUP BY ...",
			"%s is for the groups of a window: a stream has no end",
			select->having	    ? "HAVING" :
			select->order_count ? "ORDER BY" :
					      "LIMIT");
		return false;
	}
	return true;
}

/*
 * All of it, whatever was complained of before: what follows from that is left
 * unsaid where it would be said.
 */
static bool bind_rest(struct binder *b, const struct ast_select *select,
		      struct scope *scope, struct plan_output *outputs)
{
	struct block *block = b->block;
	bool ok = bind_joins(b, scope);

	ok &= bind_where(b, scope, select->where);
	if (is_grouped(select)) {
		block->no_window = !check_grouped(b, select);
		ok &= !block->no_window;
	}
	if (select->items[0].window) {
		block->lost_keys = !bind_groups(b, scope, select);
		ok &= !block->lost_keys;
		block->grouped = true;
	}
	b->rule->whole = ok;
	ok &= bind_outputs(b, select->outputs, select->output_count, scope,
			   CLAUSE_OUTPUT, outputs);
	if (block->grouped && !bind_having(b, scope, select, outputs))
		ok = b->rule->whole = false;
	block->grouped = block->lost_keys = block->no_window = false;
	return ok;
}

bool bind_select(struct binder *b, const struct ast_select *select,
		 struct scope *scope, struct plan_output **ret_outputs)
{
	struct plan_output *outputs =
		compilation_alloc(b->c, select->output_count, sizeof(*outputs));
	bool ok;

	*scope = (struct scope){ .select = select };
	*ret_outputs = NULL;
	if (!outputs)
		return false;
	if (b->block->depth >= DEPTH_MAX) {
		compilation_error(b->c, select->span,
				  "make rules of the inner queries, and read "
				  "their matches.<rule>",
				  "queries are at most %d deep in one another, "
				  "those of views included",
				  DEPTH_MAX);
		return false;
	}
	b->block->depth++;
	ok = bind_items(b, scope);
	if (!bind_rest(b, select, scope, outputs) || !ok) {
		b->rule->whole &= ok;
		ok = false;
	}
	b->block->depth--;
	*ret_outputs = outputs;
	return ok;
}

static bool bind_whole(struct binder *b)
{
	struct bound_rule *rule = b->rule;
	const struct ast_option *dedup = bind_options(b);
	const struct ast_select *select = rule->ast->select;
	struct scope scope;
	bool ok = bind_select(b, select, &scope, &rule->outputs);

	if (!rule->outputs)
		return false;
	rule->output_count = select->output_count;
	if (dedup)
		ok &= bind_dedup(b, &scope, dedup,
				 select->items[0].window != NULL);
	return ok;
}

/* What its readers may ask before it is lowered. */
static void announce(struct bound_rules *rules, unsigned first)
{
	for (unsigned i = first; i < rules->count; i++) {
		const struct bound_rule *rule = rules->items[i];

		rule->plan->name = rule->name;
		rule->plan->outputs = rule->outputs;
		rule->plan->output_count = rule->output_count;
	}
}

/* So that it can be lowered all the same, for what there is to say of it. */
static void patch_outputs(struct compilation *c, struct bound_rule *rule)
{
	const struct expr *null =
		build_const(c->arena, VALUE_NULL, value_null());

	c->nomem |= !null;
	for (unsigned i = 0; i < rule->output_count; i++)
		if (!rule->outputs[i].expr)
			rule->outputs[i].expr = null;
}

bool bind_rule(struct compilation *c, struct bound_rules *rules,
	       const struct ast_rule *ast)
{
	struct bound_rule *rule = compilation_alloc(c, 1, sizeof(*rule));
	unsigned errors = c->diagnostics->error_count, made = 1;
	struct block block = { .rules = rules, .made = &made };
	struct binder b = { .c = c, .rule = rule, .block = &block };
	unsigned first = rules->count;

	if (!rule)
		return false;
	rule->ast = ast;
	rule->name = ast->name;
	rule->select = ast->select;
	rule->limit = -1;
	rule->plan = compilation_alloc(c, 1, sizeof(*rule->plan));
	if (rule->plan) {
		rule->damaged = !bind_whole(&b);
		rule->damaged |= c->diagnostics->error_count != errors;
	}
	if (rule->damaged && rule->outputs)
		patch_outputs(c, rule);
	if (!c->nomem && (!rule->damaged || rule->whole) && block_append(&b)) {
		announce(rules, first);
		return !rule->damaged;
	}
	rules->count = first;
	return false;
}
