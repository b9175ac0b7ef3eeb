// SPDX-License-Identifier: Apache-2.0
/*
 * CASE and its short forms. Where only TRUE counts, a CASE of truth values is
 *
 *   (c1 AND not one of the conditions before c1 that give no TRUE) OR ...
 *
 * over the conditions that give TRUE, "not" being NOT (c IS TRUE): such terms
 * can be looked at one by one, in the kernel too.
 */
#include "compiler/fold_int.h"

static bool charge(struct fold *f)
{
	f->exhausted |= !f->nodes_left;
	if (f->exhausted)
		return false;
	f->nodes_left--;
	return true;
}

static const struct expr *null_of(struct fold *f, enum value_type type,
				  struct use use)
{
	if (type == VALUE_BOOL)
		return fold_truth(f, -1, use);
	return fold_keep(f, build_const(f->arena, type, value_null()));
}

/* Alone in its place, what gave DOUBLE among others must give it still. */
static const struct expr *as_type(struct fold *f, const struct expr *expr,
				  enum value_type type)
{
	struct expr *cast;

	if (expr->type == type || type != VALUE_DOUBLE)
		return expr;
	cast = build_op(f->arena, EXPR_CAST, type, 1);
	if (!fold_keep(f, cast))
		return NULL;
	cast->args[0] = expr;
	if (build_is_const(expr))
		return fold_compute(f, cast, (struct use){ 0 });
	return cast;
}

static bool same_operand(const struct expr *a, const struct expr *b)
{
	if (a->op != b->op)
		return false;
	if (a->op == EXPR_COLUMN)
		return a->input == b->input && a->column == b->column;
	return a->op == EXPR_SLOT && a->slot == b->slot;
}

/* x = 1 and x = 2 are never both TRUE. */
static bool exclusive(const struct expr *a, const struct expr *b)
{
	return a->op == EXPR_EQ && b->op == EXPR_EQ &&
	       build_is_const(a->args[1]) && build_is_const(b->args[1]) &&
	       same_operand(a->args[0], b->args[0]) &&
	       value_compare(a->args[1]->value, b->args[1]->value) != 0;
}

/* not = NOT (condition IS TRUE) */
static const struct expr *not_true(struct fold *f, const struct expr *condition)
{
	struct expr *is_true = build_op(f->arena, EXPR_IS_TRUE, VALUE_BOOL, 1);

	if (!fold_keep(f, is_true))
		return NULL;
	is_true->args[0] = condition;
	return fold_keep(f, build_not(f->arena, is_true));
}

/*
 * The term of the condition at `at`, or of ELSE. The conditions before it that
 * give TRUE themselves need no word: their own terms are TRUE then.
 */
static const struct expr *branch_term(struct fold *f, const struct expr *expr,
				      unsigned at)
{
	const struct expr *own =
		at + 1 < expr->arg_count ? expr->args[at] : NULL;
	struct expr *term =
		build_op(f->arena, EXPR_AND, VALUE_BOOL, at / 2 + 1);
	unsigned count = 0;

	if (!fold_keep(f, term))
		return NULL;
	for (unsigned i = 0; i < at; i += 2) {
		const struct expr *before = expr->args[i];

		if (!charge(f))
			return NULL;
		if (build_is_bool(expr->args[i + 1], true) ||
		    (own && exclusive(own, before)))
			continue;
		term->args[count] = not_true(f, before);
		if (!term->args[count++])
			return NULL;
	}
	if (own)
		term->args[count++] = own;
	term->arg_count = (uint16_t)count;
	return term;
}

static const struct expr *to_logic(struct fold *f, const struct expr *expr)
{
	const struct use truth = { .truth = true };
	struct expr *any = build_op(f->arena, EXPR_OR, VALUE_BOOL,
				    expr->arg_count / 2u + 1);
	unsigned count = 0;

	if (!fold_keep(f, any))
		return NULL;
	for (unsigned i = 0; i < expr->arg_count; i += 2) {
		unsigned value = i + 1 < expr->arg_count ? i + 1 : i;

		if (!build_is_bool(expr->args[value], true))
			continue;
		any->args[count] = branch_term(f, expr, i);
		if (!any->args[count++])
			return NULL;
	}
	any->arg_count = (uint16_t)count;
	return fold_expr(f, any, truth);
}

static bool is_result(const struct expr *expr, unsigned i)
{
	return i % 2 || i + 1 == expr->arg_count;
}

static bool results_const(const struct expr *expr)
{
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (is_result(expr, i) && !build_is_const(expr->args[i]))
			return false;
	return true;
}

/* Its conditions are folded and not constant, its results are used so. */
static const struct expr *finish(struct fold *f, struct expr *expr,
				 struct use use)
{
	if (expr->arg_count == 0)
		return null_of(f, expr->type, use);
	if (expr->arg_count == 1)
		return as_type(f, expr->args[0], expr->type);
	if (use.truth && results_const(expr))
		return to_logic(f, expr);
	return expr;
}

const struct expr *fold_case(struct fold *f, const struct expr *expr,
			     struct use use)
{
	const struct use truth = { .truth = true };
	struct expr *ret = build_copy(f->arena, expr);
	bool decided = false;
	unsigned count = 0, i;

	if (!fold_keep(f, ret))
		return NULL;
	for (i = 0; i + 1 < expr->arg_count && !decided; i += 2) {
		const struct expr *condition =
			fold_expr(f, expr->args[i], truth);

		if (!condition)
			return NULL;
		decided = build_is_bool(condition, true);
		if (build_is_const(condition) && !decided)
			continue;
		if (!decided)
			ret->args[count++] = condition;
		ret->args[count] = fold_expr(f, expr->args[i + 1], use);
		if (!ret->args[count++])
			return NULL;
	}
	if (!decided && i < expr->arg_count) {
		ret->args[count] = fold_expr(f, expr->args[i], use);
		if (!ret->args[count++])
			return NULL;
	}
	ret->arg_count = (uint16_t)count;
	return finish(f, ret, use);
}

bool fold_is_over_case(const struct expr *expr)
{
	return ((expr->op >= EXPR_EQ && expr->op <= EXPR_IS_NULL) ||
		(expr->op >= EXPR_IN && expr->op <= EXPR_CIDR)) &&
	       expr->args[0]->op == EXPR_CASE && results_const(expr->args[0]);
}

const struct expr *fold_over_case(struct fold *f, const struct expr *expr,
				  struct use use)
{
	const struct expr *inner = expr->args[0];
	unsigned count = inner->arg_count | 1u; /* ELSE NULL is spelled out */
	struct expr *ret = build_op(f->arena, EXPR_CASE, VALUE_BOOL, count);

	if (!fold_keep(f, ret))
		return NULL;
	for (unsigned i = 0; i < count; i++) {
		struct expr *test;

		if (i < inner->arg_count && !is_result(inner, i)) {
			ret->args[i] = inner->args[i];
			continue;
		}
		test = build_copy(f->arena, expr);
		if (!charge(f) || !fold_keep(f, test))
			return NULL;
		test->args[0] = i < inner->arg_count ?
					inner->args[i] :
					build_const(f->arena, inner->type,
						    value_null());
		if (!fold_keep(f, test->args[0]))
			return NULL;
		ret->args[i] = fold_compute(f, test, use);
		if (!ret->args[i])
			return NULL;
	}
	return finish(f, ret, use);
}

/* Without constants that are NULL, and what follows one that is not. */
static const struct expr *fold_coalesce(struct fold *f, struct expr *expr,
					struct use use)
{
	const struct expr *only;
	unsigned count = 0;

	for (unsigned i = 0; i < expr->arg_count; i++) {
		const struct expr *arg = expr->args[i];

		if (build_is_const(arg) && value_is_null(arg->value))
			continue;
		expr->args[count++] = arg;
		if (build_is_const(arg))
			break;
	}
	expr->arg_count = (uint16_t)count;
	if (count == 0)
		return null_of(f, expr->type, use);
	if (count > 1)
		return fold_negated(f, expr, use);
	only = as_type(f, expr->args[0], expr->type);
	if (!only || expr->type != VALUE_BOOL)
		return only;
	return fold_expr(f, only, use);
}

const struct expr *fold_call(struct fold *f, struct expr *expr, struct use use)
{
	if (expr->function == FUNCTION_COALESCE ||
	    expr->function == FUNCTION_IFNULL)
		return fold_coalesce(f, expr, use);
	if (expr->function == FUNCTION_NULLIF)
		return fold_negated(f, expr, use);
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (build_is_const(expr->args[i]) &&
		    value_is_null(expr->args[i]->value))
			return null_of(f, expr->type, use);
	return fold_negated(f, expr, use);
}
