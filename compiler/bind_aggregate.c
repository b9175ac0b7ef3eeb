// SPDX-License-Identifier: Apache-2.0
/*
 * Aggregates and their slots.
 *
 *   OVER             slot i is aggregate i; all of a block share one window
 *   TUMBLE, HOP ...  slots 0 and 1 are the window's start and end, 2 ... the
 *                    keys of GROUP BY, then the aggregates
 *
 * A column of a grouped query is bound as if it were of a row, then each part
 * that equals a key becomes the key's slot; what is left of the row is an error.
 */
#include "compiler/bind_block.h"

#include <string.h>

bool bind_has_slot(const struct expr *expr)
{
	if (expr->op == EXPR_SLOT)
		return true;
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (bind_has_slot(expr->args[i]))
			return true;
	return false;
}

struct expr *bind_slot(struct binder *b, unsigned slot, enum value_type type)
{
	struct expr *expr = build_op(b->c->arena, EXPR_SLOT, type, 0);

	CHECK(slot < TUPLE_SLOTS_MAX);
	b->c->nomem |= !expr;
	if (expr)
		expr->slot = (uint8_t)slot;
	return expr;
}

struct expr *bind_column(struct binder *b, unsigned input, unsigned column,
			 enum value_type type)
{
	struct expr *expr = build_op(b->c->arena, EXPR_COLUMN, type, 0);

	b->c->nomem |= !expr;
	if (expr) {
		expr->input = (uint8_t)input;
		expr->column = (uint16_t)column;
	}
	return expr;
}

bool bind_key_type(struct binder *b, struct span span, const struct expr *expr)
{
	if (expr->type != VALUE_LIST)
		return true;
	compilation_error(b->c, span, NULL, "a list cannot be a key");
	return false;
}

const char *bind_key_name(struct binder *b, const struct ast_expr *ast)
{
	return ast->op == AST_NAME ? ast->text : bind_quote(b, ast);
}

/* --- GROUP BY ------------------------------------------------------------- */

static bool add_group(struct binder *b, const struct scope *scope,
		      const struct ast_expr *ast)
{
	struct bound_rule *rule = b->rule;
	const struct expr *expr;

	b->clause = CLAUSE_GROUP;
	expr = bind_expr(b, scope, ast);
	if (!expr || !bind_key_type(b, ast->span, expr))
		return false;
	/* The window is part of every group. */
	if (expr->op == EXPR_SLOT)
		return true;
	if (bind_has_slot(expr)) {
		compilation_error(b->c, ast->span,
				  "group by window_start itself",
				  "a key cannot be computed from the window");
		return false;
	}
	for (unsigned i = 0; i < rule->key_count; i++)
		if (build_equal(rule->keys[i].expr, expr))
			return true;
	if (rule->key_count >= PLAN_KEYS_MAX) {
		compilation_error(b->c, ast->span, NULL,
				  "a group has at most %d keys", PLAN_KEYS_MAX);
		return false;
	}
	rule->keys[rule->key_count++] =
		(struct plan_output){ bind_key_name(b, ast), expr };
	return true;
}

/* A session ends by itself for each key, so its keys are the group's. */
static bool check_session(struct binder *b, const struct ast_select *select,
			  unsigned session_keys)
{
	if (!session_keys || b->rule->key_count == session_keys)
		return true;
	compilation_error(b->c,
			  select->group_count ? select->groups[0]->span :
						select->span,
			  "group by the columns of its PARTITION BY",
			  "each key has sessions of its own, so SESSION and "
			  "GROUP BY have the same keys");
	return false;
}

bool bind_groups(struct binder *b, const struct scope *scope,
		 const struct ast_select *select)
{
	unsigned session_keys;
	bool ok = true;

	for (unsigned i = 0; i < b->block->session_count; i++)
		ok &= add_group(b, scope, b->block->session[i]);
	session_keys = b->rule->key_count;
	for (unsigned i = 0; i < select->group_count; i++)
		ok &= add_group(b, scope, select->groups[i]);
	b->rule->top = BOUND_GROUP;
	return ok && check_session(b, select, session_keys);
}

static const char *column_name(struct binder *b, const struct expr *expr)
{
	const struct bound_input *input = &b->rule->inputs[expr->input];
	const struct bound_rule *source = input->source;

	if (!source)
		return catalog_column_at(catalog_stream(input->stream),
					 expr->column)
			->name;
	return expr->column < COL_OWN_FIRST ?
		       "ts" :
		       source->outputs[expr->column - COL_OWN_FIRST].name;
}

const struct expr *bind_grouped(struct binder *b, struct span span,
				const struct expr *expr)
{
	const struct bound_rule *rule = b->rule;
	const struct expr **args;
	struct expr *copy;

	if (expr->op == EXPR_SLOT)
		return expr;
	for (unsigned i = 0; i < rule->key_count; i++)
		if (build_equal(rule->keys[i].expr, expr))
			return bind_slot(b, 2 + i, expr->type);
	if (expr->op == EXPR_COLUMN) {
		const char *name = column_name(b, expr);

		if (b->block->lost_keys)
			return NULL;
		compilation_error(b->c, span,
				  compilation_text(b->c,
						   "add it to GROUP BY, or "
						   "take MIN(%s) or MAX(%s)",
						   name, name),
				  "'%s' is not one value for the rows of a "
				  "group",
				  name);
		return NULL;
	}
	if (!expr->arg_count)
		return expr;
	copy = compilation_alloc(b->c, 1, sizeof(*copy));
	args = compilation_alloc(b->c, expr->arg_count, sizeof(*args));
	if (!copy || !args)
		return NULL;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		args[i] = bind_grouped(b, span, expr->args[i]);
		if (!args[i])
			return NULL;
	}
	*copy = *expr;
	copy->args = args;
	return copy;
}

/* The query's own columns, under names that are none of its source's. */
static void add_aliases(struct binder *b, struct scope *scope,
			const struct ast_select *select,
			const struct plan_output *outputs)
{
	struct scope_item *item = &scope->items[scope->count];
	const struct scope_item *from = &scope->items[0];
	struct plan_output *kept =
		compilation_alloc(b->c, select->output_count, sizeof(*kept));

	if (!kept)
		return;
	*item = (struct scope_item){ .derived = true, .outputs = kept };
	for (unsigned i = 0; i < select->output_count; i++)
		if (!bind_name_taken(from->outputs, from->output_count,
				     outputs[i].name))
			kept[item->output_count++] = outputs[i];
	scope->count++;
}

/* In ORDER BY the query's own columns come first, as in SQL. */
static const struct expr *bind_order(struct binder *b,
				     const struct scope *scope,
				     const struct ast_select *select,
				     const struct plan_output *outputs,
				     const struct ast_expr *ast)
{
	const struct expr *expr;

	for (unsigned i = 0;
	     ast->op == AST_NAME && !ast->qualifier && i < select->output_count;
	     i++)
		if (strcmp(outputs[i].name, ast->text) == 0)
			return outputs[i].expr;
	b->clause = CLAUSE_ORDER;
	expr = bind_expr(b, scope, ast);
	return expr ? bind_grouped(b, ast->span, expr) : NULL;
}

static bool bind_orders(struct binder *b, const struct scope *scope,
			const struct ast_select *select,
			const struct plan_output *outputs)
{
	struct bound_rule *rule = b->rule;
	bool ok = true;

	if (select->order_count > PLAN_ORDERS_MAX) {
		compilation_error(
			b->c, select->orders[PLAN_ORDERS_MAX].expr->span, NULL,
			"ORDER BY has at most %d parts", PLAN_ORDERS_MAX);
		return false;
	}
	for (unsigned i = 0; i < select->order_count; i++) {
		const struct ast_order *order = &select->orders[i];
		const struct expr *expr =
			bind_order(b, scope, select, outputs, order->expr);

		ok &= expr != NULL;
		if (expr && expr->type == VALUE_LIST) {
			compilation_error(b->c, order->expr->span, NULL,
					  "a list has no order");
			ok = false;
		}
		rule->orders[rule->order_count++] =
			(struct plan_order){ expr, order->descending };
	}
	return ok;
}

static bool bind_limit(struct binder *b, const struct ast_select *select)
{
	if (select->limit < 0)
		return true;
	b->rule->limit = select->limit;
	if (select->limit > 0 && select->order_count)
		return true;
	compilation_error(b->c, select->limit_span,
			  select->limit ? "as in ORDER BY n DESC LIMIT 10" :
					  NULL,
			  select->limit ? "LIMIT needs ORDER BY: which groups "
					  "are the first?" :
					  "LIMIT is at least 1");
	return false;
}

bool bind_having(struct binder *b, const struct scope *scope,
		 const struct ast_select *select,
		 const struct plan_output *outputs)
{
	struct bound_conditions *above = &b->rule->above;
	struct scope named = *scope;
	bool ok = true;

	add_aliases(b, &named, select, outputs);
	if (select->having) {
		ok = bind_term(b, &named, CLAUSE_HAVING, above, select->having);
		if (ok) {
			struct bound_condition *last =
				&above->items[above->count - 1];

			last->expr = bind_grouped(b, last->span, last->expr);
			ok = last->expr;
		}
	}
	ok &= bind_orders(b, &named, select, outputs);
	return bind_limit(b, select) && ok;
}

/* --- aggregates ----------------------------------------------------------- */

static bool is_number(enum value_type type)
{
	return type == VALUE_INT || type == VALUE_DOUBLE;
}

static bool is_ordered(enum value_type type)
{
	return is_number(type) || type == VALUE_TEXT ||
	       type == VALUE_TIMESTAMP || type == VALUE_INTERVAL;
}

/* VALUE_TYPE_COUNT: it takes no such argument. */
static enum value_type result_type(enum plan_aggregate_op op,
				   enum value_type arg)
{
	switch (op) {
	case PLAN_COUNT_ROWS:
		return VALUE_INT;
	case PLAN_COUNT_VALUES:
	case PLAN_COUNT_DISTINCT:
		return arg == VALUE_LIST ? VALUE_TYPE_COUNT : VALUE_INT;
	case PLAN_SUM:
		return is_number(arg) || arg == VALUE_INTERVAL ?
			       arg :
			       VALUE_TYPE_COUNT;
	case PLAN_AVG:
		return is_number(arg) ? VALUE_DOUBLE : VALUE_TYPE_COUNT;
	case PLAN_MIN:
	case PLAN_MAX:
		return is_ordered(arg) ? arg : VALUE_TYPE_COUNT;
	case PLAN_AGGREGATE_OP_COUNT:
		break;
	}
	CHECK(!"an aggregate");
	return VALUE_TYPE_COUNT;
}

static bool bind_argument(struct binder *b, const struct scope *scope,
			  const struct ast_expr *ast,
			  struct bound_aggregate *aggregate)
{
	enum clause clause = b->clause;
	const struct ast_expr *arg = ast->star ? NULL : ast->args[0];

	if (!arg) {
		aggregate->type = VALUE_INT;
		return true;
	}
	b->clause = CLAUSE_ARGUMENT;
	aggregate->arg = bind_expr(b, scope, arg);
	b->clause = clause;
	if (!aggregate->arg)
		return false;
	if (bind_has_slot(aggregate->arg)) {
		compilation_error(b->c, arg->span, NULL,
				  "an aggregate takes columns of the rows, not "
				  "what was computed of them");
		return false;
	}
	aggregate->type = result_type(aggregate->op, aggregate->arg->type);
	if (aggregate->type != VALUE_TYPE_COUNT)
		return true;
	compilation_error(b->c, arg->span,
			  aggregate->op == PLAN_COUNT_VALUES ||
					  aggregate->op == PLAN_COUNT_DISTINCT ?
				  "count something of the list, as in "
				  "CAST(args AS TEXT)" :
				  "COUNT(DISTINCT x) and COUNT(x) take any "
				  "value",
			  "%s takes no %s", ast->text,
			  value_type_name(aggregate->arg->type));
	return false;
}

/* The first OVER of a block is its window; the others must say the same. */
static bool bind_over(struct binder *b, const struct scope *scope,
		      const struct ast_over *over, struct span span)
{
	struct bound_rule *rule = b->rule;
	bool first = rule->top != BOUND_OVER, same = !first, ok = true;
	enum clause clause = b->clause;

	b->clause = CLAUSE_ORDER;
	ok = bind_time(b, scope, over->order, "a window");
	if (over->range_ns <= 0) {
		compilation_error(b->c, over->range_span, NULL,
				  "a window needs an interval above zero");
		ok = false;
	}
	if (over->key_count > PLAN_KEYS_MAX) {
		compilation_error(b->c, over->keys[PLAN_KEYS_MAX]->span, NULL,
				  "PARTITION BY has at most %d keys",
				  PLAN_KEYS_MAX);
		return false;
	}
	same &= over->range_ns == rule->range_ns &&
		over->key_count == rule->key_count;
	b->clause = CLAUSE_KEY;
	for (unsigned i = 0; i < over->key_count; i++) {
		const struct ast_expr *ast = over->keys[i];
		const struct expr *key = bind_expr(b, scope, ast);

		ok &= key && bind_key_type(b, ast->span, key);
		if (first && key)
			rule->keys[i] =
				(struct plan_output){ bind_key_name(b, ast),
						      key };
		else if (same && key)
			same = build_equal(rule->keys[i].expr, key);
	}
	b->clause = clause;
	if (!ok)
		return false;
	if (first) {
		rule->key_count = over->key_count;
		rule->range_ns = over->range_ns;
		rule->top = BOUND_OVER;
		return true;
	}
	if (!same)
		compilation_error(b->c, span,
				  "write two rules, or a subquery for one of "
				  "the windows",
				  "all aggregates of a query are over one "
				  "window: the same PARTITION BY and RANGE");
	return same;
}

static bool is_equal(const struct bound_aggregate *a,
		     const struct bound_aggregate *b)
{
	return a->op == b->op && !a->arg == !b->arg &&
	       (!a->arg || build_equal(a->arg, b->arg));
}

/* AS name when the column is the aggregate; unique among the slots. */
static const char *slot_name(struct binder *b, const struct ast_expr *ast)
{
	const struct ast_output *output = b->block->output;
	const struct bound_rule *rule = b->rule;
	const char *base = output && output->expr == ast && output->alias ?
				   output->alias :
				   ast->text;
	const char *name = base;

	for (unsigned n = 2; name; n++) {
		bool used = false;

		for (unsigned i = 0; i < rule->aggregate_count; i++)
			used |= strcmp(rule->aggregates[i].name, name) == 0;
		if (!used)
			break;
		name = compilation_text(b->c, "%s_%u", base, n);
	}
	return name;
}

static const struct expr *add_aggregate(struct binder *b,
					const struct ast_expr *ast,
					struct bound_aggregate *aggregate)
{
	struct bound_rule *rule = b->rule;
	unsigned first = rule->top == BOUND_GROUP ? 2 + rule->key_count : 0;
	struct bound_aggregate *grown;
	unsigned at = 0;

	while (at < rule->aggregate_count &&
	       !is_equal(&rule->aggregates[at], aggregate))
		at++;
	if (at < rule->aggregate_count)
		return bind_slot(b, first + at, aggregate->type);
	if (at >= PLAN_AGGREGATES_MAX) {
		compilation_error(b->c, ast->span, "split the rule",
				  "a query has at most %d aggregates",
				  PLAN_AGGREGATES_MAX);
		return NULL;
	}
	aggregate->name = slot_name(b, ast);
	grown = compilation_grow(b->c, rule->aggregates, at, sizeof(*grown));
	if (!grown || !aggregate->name)
		return NULL;
	rule->aggregates = grown;
	rule->aggregates[rule->aggregate_count++] = *aggregate;
	return bind_slot(b, first + at, aggregate->type);
}

static void needs_window(struct binder *b, const struct scope *scope,
			 const struct ast_expr *ast)
{
	const char *alias = scope->count ? scope->items[0].alias : NULL;
	const char *dot = alias ? "." : "";
	const char *what = bind_quote(b, ast);

	if (!alias)
		alias = "";
	compilation_error(b->c, ast->span,
			  compilation_text(b->c,
					   "write %s OVER (PARTITION BY "
					   "%s%spid_key ORDER BY %s%sts RANGE "
					   "BETWEEN INTERVAL '60' SECOND "
					   "PRECEDING AND CURRENT ROW) AS n",
					   what, alias, dot, alias, dot),
			  "%s needs a window: a stream has no end", what);
}

const struct expr *bind_aggregate(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast)
{
	struct bound_aggregate aggregate = { .span = ast->span };

	if (!bind_aggregate_op(ast, &aggregate.op))
		CHECK(!"a call of an aggregate");
	if (ast->over && b->block->grouped) {
		compilation_error(b->c, ast->span,
				  "aggregate in a subquery, and that over time",
				  "OVER does not go with the groups of a "
				  "window");
		return NULL;
	}
	if (!ast->over && !b->block->grouped) {
		if (!b->block->no_window)
			needs_window(b, scope, ast);
		return NULL;
	}
	if (!bind_argument(b, scope, ast, &aggregate) ||
	    (ast->over && !bind_over(b, scope, ast->over, ast->span)))
		return NULL;
	return add_aggregate(b, ast, &aggregate);
}
