// SPDX-License-Identifier: Apache-2.0
/*
 * [NOT] EXISTS (SELECT ... FROM b WHERE ...): b becomes an input that is joined
 * but gives no columns; all of the WHERE says which rows of b are partners.
 */
#include "compiler/bind_block.h"

static bool check_shape(struct binder *b, const struct ast_select *select)
{
	const struct ast_item *item = &select->items[0];

	if (!block_computes(select) && select->item_count == 1 &&
	    !item->recognize)
		return true;
	compilation_error(b->c, select->span,
			  "make a rule of it, and ask EXISTS (SELECT 1 FROM "
			  "matches.<rule> AS m WHERE ...)",
			  "EXISTS takes one stream with conditions: SELECT 1 "
			  "FROM stream AS b WHERE ...");
	return false;
}

/* Conditions alone: no EXISTS or FIRST_SEEN within EXISTS. */
static bool bind_partners(struct binder *b, const struct scope *scope,
			  struct bound_conditions *on,
			  const struct ast_expr *where)
{
	bool ok = true;

	if (!where) {
		compilation_error(b->c, scope->select->span,
				  "add WHERE b.pid_key = a.pid_key AND b.ts "
				  "BETWEEN a.ts AND a.ts + INTERVAL '10' "
				  "SECOND",
				  "EXISTS needs a key and a time bound on both "
				  "sides: it cannot wait for ever");
		return false;
	}
	if (where->op != AST_AND)
		return bind_term(b, scope, CLAUSE_EXISTS, on, where);
	for (unsigned i = 0; i < where->arg_count; i++)
		ok &= bind_term(b, scope, CLAUSE_EXISTS, on, where->args[i]);
	return ok;
}

bool bind_exists(struct binder *b, const struct scope *scope,
		 const struct ast_expr *ast)
{
	const struct ast_select *select = ast->select;
	struct scope inner = { .select = select, .outer = scope };
	struct bound_conditions *where = b->block->where;
	struct bound_conditions on = { 0 };
	unsigned input = b->rule->input_count;
	struct plan_output *outputs;
	bool ok;

	if (!check_shape(b, select))
		return false;
	outputs =
		compilation_alloc(b->c, select->output_count, sizeof(*outputs));
	if (!outputs)
		return false;
	b->block->where = &on;
	ok = bind_source(b, &select->items[0], PLACE_ONE, &inner.items[0]);
	b->block->where = where;
	CHECK(!ok || b->rule->input_count == input + 1);
	inner.count = 1;
	ok &= bind_joinable(b, select->items[0].span, &inner.items[0]);
	for (unsigned i = 0; ok && i < scope->count; i++)
		ok = bind_joinable(b, scope->select->items[i].span,
				   &scope->items[i]);
	ok &= bind_partners(b, &inner, &on, select->where);
	/* Nobody reads them, but they must be what they say. */
	ok &= bind_outputs(b, select->outputs, select->output_count, &inner,
			   CLAUSE_EXISTS, outputs);
	if (!ok)
		return false;
	b->rule->inputs[input].join =
		ast->negated ? PLAN_JOIN_ANTI : PLAN_JOIN_SEMI;
	b->rule->inputs[input].on = on;
	return ok;
}
