// SPDX-License-Identifier: Apache-2.0
#include "compiler/build.h"

#include <string.h>

struct expr *build_op(struct arena *arena, enum expr_op op,
		      enum value_type type, unsigned arg_count)
{
	struct expr *expr = arena_alloc(arena, sizeof(*expr));

	CHECK(arg_count <= UINT16_MAX);
	if (!expr)
		return NULL;
	expr->op = op;
	expr->type = type;
	expr->arg_count = (uint16_t)arg_count;
	if (arg_count) {
		expr->args = arena_array(arena, arg_count, sizeof(*expr->args));
		if (!expr->args)
			return NULL;
	}
	return expr;
}

struct expr *build_copy(struct arena *arena, const struct expr *expr)
{
	struct expr *ret =
		build_op(arena, expr->op, expr->type, expr->arg_count);
	const struct expr **args;

	if (!ret)
		return NULL;
	args = ret->args;
	*ret = *expr;
	ret->args = args;
	ret->text = NULL;
	ret->parts = ret->height = 0;
	if (expr->arg_count)
		memcpy(args, expr->args, expr->arg_count * sizeof(*args));
	return ret;
}

struct expr *build_const(struct arena *arena, enum value_type type,
			 struct value value)
{
	struct expr *expr = build_op(arena, EXPR_CONST, type, 0);

	if (expr)
		expr->value = value;
	return expr;
}

struct expr *build_bool(struct arena *arena, bool value)
{
	return build_const(arena, VALUE_BOOL, value_bool(value));
}

struct expr *build_null(struct arena *arena)
{
	return build_const(arena, VALUE_BOOL, value_null());
}

struct expr *build_not(struct arena *arena, const struct expr *arg)
{
	struct expr *expr = build_op(arena, EXPR_NOT, VALUE_BOOL, 1);

	if (expr)
		expr->args[0] = arg;
	return expr;
}

struct expr *build_two(struct arena *arena, enum expr_op op,
		       enum value_type type, const struct expr *left,
		       const struct expr *right)
{
	struct expr *expr = build_op(arena, op, type, 2);

	if (expr) {
		expr->args[0] = left;
		expr->args[1] = right;
	}
	return expr;
}

bool build_equal(const struct expr *a, const struct expr *b)
{
	if (a->op != b->op || a->type != b->type || a->input != b->input ||
	    a->column != b->column || a->slot != b->slot ||
	    a->escape != b->escape || a->prefix != b->prefix ||
	    a->fold_case != b->fold_case || a->function != b->function ||
	    a->arg_count != b->arg_count || a->value.type != b->value.type)
		return false;
	if (value_is_bytes(a->value) ? value_compare(a->value, b->value) != 0 :
				       a->value.i != b->value.i)
		return false;
	for (unsigned i = 0; i < a->arg_count; i++)
		if (!build_equal(a->args[i], b->args[i]))
			return false;
	return true;
}

bool build_is_const(const struct expr *expr)
{
	return expr->op == EXPR_CONST;
}

bool build_is_bool(const struct expr *expr, bool value)
{
	return expr->op == EXPR_CONST && expr->value.type == VALUE_BOOL &&
	       (expr->value.i != 0) == value;
}

bool build_two_valued(const struct expr *expr)
{
	if (expr->op == EXPR_CONST)
		return expr->value.type == VALUE_BOOL;
	if (expr->op == EXPR_IS_NULL || expr->op == EXPR_IS_TRUE)
		return true;
	if (expr->op != EXPR_AND && expr->op != EXPR_OR && expr->op != EXPR_NOT)
		return false;
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (!build_two_valued(expr->args[i]))
			return false;
	return true;
}
