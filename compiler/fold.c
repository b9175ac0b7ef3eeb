// SPDX-License-Identifier: Apache-2.0
#include "compiler/fold_int.h"

#include "compiler/comparison.h"

#include <stdlib.h>

static const struct use as_value;

void fold_init(struct fold *fold, struct arena *arena)
{
	*fold = (struct fold){ .arena = arena, .nodes_left = FOLD_NODES_MAX };
}

void fold_release(struct fold *fold)
{
	expr_env_release(&fold->env);
}

const struct expr *fold_keep(struct fold *f, const struct expr *expr)
{
	f->nomem |= !expr;
	return expr;
}

/* A truth value: 1, 0, -1 for NULL. */
const struct expr *fold_truth(struct fold *f, int truth, struct use use)
{
	if (truth < 0 && !use.truth)
		return fold_keep(f, build_null(f->arena));
	if (truth < 0)
		return fold_keep(f, build_bool(f->arena, false));
	return fold_keep(f, build_bool(f->arena, use.negate ? !truth : truth));
}

static int truth_of(struct value v)
{
	return value_is_null(v) ? -1 : v.i != 0;
}

static const struct expr *fold_const(struct fold *f, const struct expr *expr,
				     struct use use)
{
	if (expr->type == VALUE_BOOL || use.negate || use.truth)
		return fold_truth(f, truth_of(expr->value), use);
	return expr;
}

const struct expr *fold_negated(struct fold *f, const struct expr *expr,
				struct use use)
{
	if (!expr || !use.negate)
		return fold_keep(f, expr);
	return fold_keep(f, build_not(f->arena, expr));
}

/* All args are constants, there is no row to look at. */
const struct expr *fold_compute(struct fold *f, const struct expr *expr,
				struct use use)
{
	static const struct tuple nothing;
	const char *problem = expr_constant_problem(expr);
	struct value v;

	if ((!f->env.scratch && expr_env_init(&f->env, NULL)) ||
	    expr_env_fit(&f->env, expr, NULL))
		return fold_keep(f, NULL);
	if (!f->problem)
		f->problem = problem;
	v = expr_eval(expr, &nothing, &f->env);
	if (value_is_bytes(v)) {
		v.p = (const uint8_t *)arena_copy(f->arena, v.p, v.len);
		if (!v.p)
			return fold_keep(f, NULL);
	}
	expr_restore(&f->env, 0);
	if (expr->type == VALUE_BOOL)
		return fold_truth(f, truth_of(v), use);
	return fold_keep(f, build_const(f->arena, expr->type, v));
}

static bool all_const(const struct expr *expr)
{
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (!build_is_const(expr->args[i]))
			return false;
	return true;
}

/* A copy whose args are folded values; NULL: see the flags. */
struct expr *fold_copy(struct fold *f, const struct expr *expr)
{
	struct expr *ret = build_copy(f->arena, expr);

	fold_keep(f, ret);
	for (unsigned i = 0; ret && i < expr->arg_count; i++) {
		ret->args[i] = fold_expr(f, expr->args[i], as_value);
		if (!ret->args[i])
			return NULL;
	}
	return ret;
}

/* What has no opposite: IN, LIKE and such, IS NULL, arithmetic. */
static const struct expr *fold_leaf(struct fold *f, const struct expr *expr,
				    struct use use)
{
	struct expr *ret = fold_copy(f, expr);

	if (!ret)
		return NULL;
	if (ret->arg_count && all_const(ret))
		return fold_compute(f, ret, use);
	if (fold_is_over_case(ret))
		return fold_over_case(f, ret, use);
	if (expr->op == EXPR_LIKE || expr->op == EXPR_REGEXP)
		return fold_pattern(f, ret, use);
	if (expr->op == EXPR_CALL)
		return fold_call(f, ret, use);
	if (expr->op == EXPR_CAST && ret->args[0]->type == expr->type)
		return fold_negated(f, ret->args[0], use);
	return fold_negated(f, ret, use);
}

/* NOT ANY is ALL of NOT: an element that is unknown stays so. */
static const struct expr *fold_elements(struct fold *f, const struct expr *expr,
					struct use use)
{
	struct expr *ret = build_copy(f->arena, expr);

	if (!fold_keep(f, ret))
		return NULL;
	if (use.negate)
		ret->op = ret->op == EXPR_ANY ? EXPR_ALL : EXPR_ANY;
	ret->args[0] = fold_expr(f, expr->args[0], as_value);
	ret->args[1] = fold_expr(f, expr->args[1], use);
	if (!ret->args[0] || !ret->args[1])
		return NULL;
	if (use.truth && ret->op == EXPR_ANY &&
	    build_is_bool(ret->args[1], false))
		return ret->args[1];
	return ret;
}

static const struct expr *fold_is_true(struct fold *f, const struct expr *expr,
				       struct use use)
{
	const struct use truth = { .truth = true };
	const struct expr *arg = fold_expr(f, expr->args[0], truth);
	struct expr *ret;

	if (!arg)
		return NULL;
	if (build_is_const(arg))
		return fold_truth(f, truth_of(arg->value) == 1, use);
	if (use.truth && !use.negate)
		return arg;
	if (build_two_valued(arg)) {
		if (!use.negate)
			return arg;
		return fold_expr(f, arg, use);
	}
	ret = build_copy(f->arena, expr);
	if (!fold_keep(f, ret))
		return NULL;
	ret->args[0] = arg;
	return fold_negated(f, ret, use);
}

static bool is_null_const(const struct expr *expr)
{
	return build_is_const(expr) && value_is_null(expr->value);
}

static const struct expr *
fold_comparison(struct fold *f, const struct expr *expr, struct use use)
{
	struct expr *ret = fold_copy(f, expr);
	const struct expr *left;

	if (!ret)
		return NULL;
	left = ret->args[0];
	if (is_null_const(left) || is_null_const(ret->args[1]))
		return fold_truth(f, -1, use);
	if (all_const(ret))
		return fold_compute(f, ret, use);
	if (build_is_const(left)) {
		ret->args[0] = ret->args[1];
		ret->args[1] = left;
		ret->op = comparison_mirror(ret->op);
	}
	if (build_is_const(ret->args[1]) && fold_is_over_case(ret))
		return fold_over_case(f, ret, use);
	if (use.negate)
		ret->op = comparison_opposite(ret->op);
	return ret;
}

/* The args of an AND or OR, while it is made flat. */
struct chain {
	const struct expr **items;
	unsigned count;
	unsigned size;
	bool null;     /* one of them is NULL */
	bool absorbed; /* FALSE in AND, TRUE in OR */
};

static bool chain_put(struct fold *f, struct chain *chain,
		      const struct expr *item)
{
	if (chain->count == chain->size) {
		unsigned size = chain->size ? chain->size * 2 : 8;
		const struct expr **items =
			arena_array(f->arena, size, sizeof(*items));

		if (!fold_keep(f, (const void *)items))
			return false;
		if (chain->count)
			memcpy(items, chain->items,
			       chain->count * sizeof(*items));
		chain->items = items;
		chain->size = size;
	}
	chain->items[chain->count++] = item;
	return true;
}

static bool chain_add(struct fold *f, struct chain *chain, enum expr_op op,
		      const struct expr *item)
{
	if (item->op == op) {
		for (unsigned i = 0; i < item->arg_count; i++)
			if (!chain_add(f, chain, op, item->args[i]))
				return false;
		return true;
	}
	if (is_null_const(item)) {
		chain->null = true;
		return true;
	}
	if (build_is_const(item)) {
		chain->absorbed |= build_is_bool(item, op == EXPR_OR);
		return true;
	}
	return chain_put(f, chain, item);
}

/* By De Morgan NOT goes to the leaves; that holds with NULL too. */
static const struct expr *fold_chain(struct fold *f, const struct expr *expr,
				     struct use use)
{
	enum expr_op op = expr->op;
	struct chain chain = { 0 };
	struct expr *ret;

	if (use.negate)
		op = op == EXPR_AND ? EXPR_OR : EXPR_AND;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		const struct expr *item = fold_expr(f, expr->args[i], use);

		if (!item || !chain_add(f, &chain, op, item))
			return NULL;
	}
	if (chain.absorbed)
		return fold_keep(f, build_bool(f->arena, op == EXPR_OR));
	if (chain.null &&
	    !chain_put(f, &chain, fold_keep(f, build_null(f->arena))))
		return NULL;
	if (chain.count == 0)
		return fold_keep(f, build_bool(f->arena, op == EXPR_AND));
	if (chain.count == 1)
		return chain.items[0];
	ret = build_op(f->arena, op, VALUE_BOOL, 0);
	if (!fold_keep(f, ret))
		return NULL;
	ret->args = chain.items;
	ret->arg_count = (uint16_t)chain.count;
	return ret;
}

const struct expr *fold_expr(struct fold *f, const struct expr *expr,
			     struct use use)
{
	struct use inner = use;

	if (!f->nodes_left) {
		f->exhausted = true;
		return NULL;
	}
	f->nodes_left--;
	switch (expr->op) {
	case EXPR_CONST:
		return fold_const(f, expr, use);
	case EXPR_COLUMN:
	case EXPR_SLOT:
	case EXPR_IS_NULL:
	case EXPR_IN:
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_ELEMENT:
	case EXPR_LIKE:
	case EXPR_REGEXP:
	case EXPR_CIDR:
	case EXPR_ADD:
	case EXPR_SUB:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_MOD:
	case EXPR_NEG:
	case EXPR_CONCAT:
	case EXPR_CAST:
	case EXPR_CALL:
		return fold_leaf(f, expr, use);
	case EXPR_ANY:
	case EXPR_ALL:
		return fold_elements(f, expr, use);
	case EXPR_IS_TRUE:
		return fold_is_true(f, expr, use);
	case EXPR_CASE:
		return fold_case(f, expr, use);
	case EXPR_NOT:
		inner.negate = !use.negate;
		return fold_expr(f, expr->args[0], inner);
	case EXPR_AND:
	case EXPR_OR:
		return fold_chain(f, expr, use);
	case EXPR_EQ:
	case EXPR_NE:
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
		return fold_comparison(f, expr, use);
	case EXPR_OP_COUNT:
		break;
	}
	CHECK(!"an operator of expressions");
	return NULL;
}

const struct expr *fold_value(struct fold *fold, const struct expr *expr)
{
	return fold_expr(fold, expr, as_value);
}

const struct expr *fold_condition(struct fold *fold, const struct expr *expr)
{
	return fold_expr(fold, expr, (struct use){ .truth = true });
}
