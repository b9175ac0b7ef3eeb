// SPDX-License-Identifier: Apache-2.0
/*
 * Columns with named values: which one an expression is, and the names in place
 * of its numbers. MIN, MAX, CASE, COALESCE, IFNULL and NULLIF choose one of
 * their operands, and so have the names of those.
 */
#include "compiler/bind_int.h"

static bool is_call(const struct expr *x, enum function function)
{
	return x->op == EXPR_CALL && x->function == function;
}

/* How many operands may be the value; argument choice_place(i) is one. */
static unsigned choices(const struct expr *x)
{
	if (x->op == EXPR_CASE)
		return (x->arg_count + 1) / 2;
	if (is_call(x, FUNCTION_COALESCE) || is_call(x, FUNCTION_IFNULL))
		return x->arg_count;
	return is_call(x, FUNCTION_NULLIF);
}

/* Value i of CASE is args[2i + 1], and the ELSE the last. */
static unsigned choice_place(const struct expr *x, unsigned i)
{
	if (x->op != EXPR_CASE)
		return i;
	return 2 * i + 1 < x->arg_count ? 2 * i + 1 : 2 * i;
}

const struct bound_aggregate *bind_aggregate_of(const struct bound_rule *rule,
						const struct expr *x)
{
	unsigned first = rule->top == BOUND_GROUP ? 2 + rule->key_count : 0;

	if (x->op != EXPR_SLOT || x->slot < first ||
	    x->slot - first >= rule->aggregate_count ||
	    (rule->top != BOUND_GROUP && rule->top != BOUND_OVER))
		return NULL;
	return &rule->aggregates[x->slot - first];
}

/* What is in a group's key, or what MIN and MAX choose from. */
static const struct expr *behind_slot(const struct bound_rule *rule,
				      const struct expr *x)
{
	const struct bound_aggregate *aggregate = bind_aggregate_of(rule, x);

	if (aggregate &&
	    (aggregate->op == PLAN_MIN || aggregate->op == PLAN_MAX))
		return aggregate->arg;
	if (x->op == EXPR_SLOT && rule->top == BOUND_GROUP && x->slot >= 2 &&
	    x->slot - 2u < rule->key_count)
		return rule->keys[x->slot - 2].expr;
	return x;
}

/* The one column that all operands are which are not NULL. */
static const struct column *origin_of_choices(const struct bound_rule *rule,
					      const struct expr *x,
					      enum stream_id *ret_stream)
{
	const struct column *all = NULL, *one;
	enum stream_id stream;

	for (unsigned i = 0; i < choices(x); i++) {
		const struct expr *arg = x->args[choice_place(x, i)];

		if (!arg)
			return NULL;
		if (arg->type == VALUE_NULL)
			continue;
		one = bind_origin(rule, arg, &stream);
		if (!one || (all && one != all))
			return NULL;
		all = one;
		*ret_stream = stream;
	}
	return all;
}

const struct column *bind_origin(const struct bound_rule *rule,
				 const struct expr *x,
				 enum stream_id *ret_stream)
{
	/* Each step leads to a rule that was bound before. */
	while (x && (x = behind_slot(rule, x)) && x->op == EXPR_COLUMN) {
		const struct bound_input *input = &rule->inputs[x->input];
		unsigned output = x->column - COL_OWN_FIRST;

		if (input->stream != PLAN_STREAM_MATCHES) {
			*ret_stream = input->stream;
			return catalog_column_at(catalog_stream(input->stream),
						 x->column);
		}
		rule = input->source;
		if (!rule || x->column < COL_OWN_FIRST)
			return NULL;
		x = rule->unspelled ? rule->unspelled[output] :
				      rule->outputs[output].expr;
	}
	return x ? origin_of_choices(rule, x, ret_stream) : NULL;
}

/* CASE WHEN column = value THEN 'name' ... ELSE CAST(column AS TEXT) END */
static struct expr *spell(struct arena *arena, enum stream_id stream,
			  const struct column *column, const struct expr *expr,
			  unsigned names)
{
	struct expr *ret =
		build_op(arena, EXPR_CASE, VALUE_TEXT, 2 * names + 1);
	struct expr *number = build_op(arena, EXPR_CAST, VALUE_TEXT, 1);

	if (!ret || !number)
		return NULL;
	for (unsigned i = 0; i < names; i++) {
		int64_t value;
		const char *name = catalog_literal(stream, column, i, &value);

		ret->args[2 * i] = build_two(
			arena, EXPR_EQ, VALUE_BOOL, expr,
			build_const(arena, VALUE_INT, value_int(value)));
		ret->args[2 * i + 1] =
			build_const(arena, VALUE_TEXT, value_text(name));
		if (!ret->args[2 * i] || !ret->args[2 * i + 1])
			return NULL;
	}
	number->args[0] = expr;
	ret->args[2 * names] = number;
	return ret;
}

/* NULLIF compares numbers: its value is spelled as a whole. */
static const struct expr *spell_choices(struct compilation *c,
					const struct bound_rule *rule,
					const struct expr *expr)
{
	struct expr *ret = build_copy(c->arena, expr);

	if (!ret) {
		c->nomem = true;
		return NULL;
	}
	ret->type = VALUE_TEXT;
	for (unsigned i = 0; i < choices(expr); i++) {
		unsigned place = choice_place(expr, i);

		ret->args[place] = bind_spelled(c, rule, expr->args[place]);
		if (!ret->args[place])
			return NULL;
	}
	return ret;
}

const struct expr *bind_spelled(struct compilation *c,
				const struct bound_rule *rule,
				const struct expr *expr)
{
	const struct column *column;
	enum stream_id stream;
	unsigned names = 0;
	struct expr *ret;
	int64_t value;

	if (expr->type != VALUE_INT)
		return expr;
	column = bind_origin(rule, expr, &stream);
	if (!column)
		return expr;
	while (catalog_literal(stream, column, names, &value))
		names++;
	if (!names)
		return expr;
	if (choices(expr) && !is_call(expr, FUNCTION_NULLIF))
		return spell_choices(c, rule, expr);
	ret = spell(c->arena, stream, column, expr, names);
	c->nomem |= !ret;
	return ret;
}
