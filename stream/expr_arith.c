// SPDX-License-Identifier: Apache-2.0
/*
 * Arithmetic. Of integers and times it is exact and NULL on overflow; with a
 * DOUBLE it is IEEE's, where what would be NaN is NULL. By zero is NULL.
 */
#include "stream/expr_int.h"

static bool is_integer(struct value v)
{
	return v.type == VALUE_INT || v.type == VALUE_TIMESTAMP ||
	       v.type == VALUE_INTERVAL || v.type == VALUE_BOOL;
}

static bool is_number(struct value v)
{
	return is_integer(v) || v.type == VALUE_DOUBLE;
}

static double as_double(struct value v)
{
	return v.type == VALUE_DOUBLE ? v.d : (double)v.i;
}

enum outcome { FINE, OVERFLOW, BY_ZERO };

static enum outcome divide(enum expr_op op, int64_t a, int64_t b, int64_t *ret)
{
	if (b == 0)
		return BY_ZERO;
	/* The one quotient that does not fit; a processor traps on it. */
	if (b == -1) {
		*ret = 0;
		return op == EXPR_DIV && __builtin_sub_overflow(0, a, ret) ?
			       OVERFLOW :
			       FINE;
	}
	*ret = op == EXPR_DIV ? a / b : a % b;
	return FINE;
}

static enum outcome of_integers(enum expr_op op, int64_t a, int64_t b,
				int64_t *ret)
{
	bool overflow;

	if (op == EXPR_DIV || op == EXPR_MOD)
		return divide(op, a, b, ret);
	if (op == EXPR_ADD)
		overflow = __builtin_add_overflow(a, b, ret);
	else if (op == EXPR_MUL)
		overflow = __builtin_mul_overflow(a, b, ret);
	else
		overflow = __builtin_sub_overflow(a, b, ret);
	return overflow ? OVERFLOW : FINE;
}

/* Toward zero; what is outside becomes the nearest. */
static int64_t truncate_double(double d)
{
	if (d >= 9223372036854775808.0)
		return INT64_MAX;
	if (d < -9223372036854775808.0)
		return INT64_MIN;
	return (int64_t)d;
}

static enum outcome of_doubles(enum expr_op op, struct value a, struct value b,
			       double *ret)
{
	double x = as_double(a), y = as_double(b);
	int64_t i, k;

	if (op == EXPR_ADD)
		*ret = x + y;
	else if (op == EXPR_SUB)
		*ret = x - y;
	else if (op == EXPR_MUL)
		*ret = x * y;
	else if (op == EXPR_DIV && y == 0)
		return BY_ZERO;
	else if (op == EXPR_DIV)
		*ret = x / y;
	if (op != EXPR_MOD)
		return FINE;
	/* SQLite's: the remainder of the whole parts. */
	i = a.type == VALUE_DOUBLE ? truncate_double(x) : a.i;
	k = b.type == VALUE_DOUBLE ? truncate_double(y) : b.i;
	if (k == 0)
		return BY_ZERO;
	*ret = k == -1 ? 0 : (double)(i % k);
	return FINE;
}

static enum outcome compute(const struct expr *expr, struct value a,
			    struct value b, struct value *ret)
{
	enum expr_op op = expr->op;
	enum outcome outcome;
	double d = 0;

	*ret = value_null();
	if (op == EXPR_NEG) {
		b = a;
		a = value_int(0);
		op = EXPR_SUB;
	}
	if (!is_number(a) || !is_number(b))
		return FINE;
	if (is_integer(a) && is_integer(b)) {
		struct value sum = value_int(0);

		outcome = of_integers(op, a.i, b.i, &sum.i);
		if (expr->type == VALUE_TIMESTAMP ||
		    expr->type == VALUE_INTERVAL)
			sum.type = (uint8_t)expr->type;
		if (outcome == FINE)
			*ret = expr_widen(sum, expr->type);
		return outcome;
	}
	outcome = of_doubles(op, a, b, &d);
	if (outcome == FINE)
		*ret = expr_double(d);
	return outcome;
}

struct value expr_arithmetic(const struct expr *expr, struct value a,
			     struct value b)
{
	struct value ret;

	compute(expr, a, b, &ret);
	return ret;
}

const char *expr_constant_problem(const struct expr *expr)
{
	struct value b = value_null(), ret;

	if (expr->op < EXPR_ADD || expr->op > EXPR_NEG)
		return NULL;
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (expr->args[i]->op != EXPR_CONST)
			return NULL;
	if (expr->op != EXPR_NEG)
		b = expr->args[1]->value;
	switch (compute(expr, expr->args[0]->value, b, &ret)) {
	case OVERFLOW:
		return "does not fit 64 bits";
	case BY_ZERO:
		return "divides by zero";
	case FINE:
		break;
	}
	return NULL;
}

struct value expr_widen(struct value v, enum value_type type)
{
	if (type == VALUE_DOUBLE && v.type == VALUE_INT)
		return expr_double((double)v.i);
	return v;
}
