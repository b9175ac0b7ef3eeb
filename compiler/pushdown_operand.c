// SPDX-License-Identifier: Apache-2.0
/*
 * Integer operands: columns of the record, constants, arithmetic of them. It is
 * done in the kernel only where it cannot overflow for any record, because
 * SQL's overflow is NULL. So no operand is ever NULL.
 */
#include "compiler/pushdown_int.h"

#include <ctype.h>

static const struct operand *make(struct cond_set *set, struct operand o)
{
	struct operand *copy = arena_alloc(set->arena, sizeof(*copy));

	if (copy)
		*copy = o;
	else
		set->failed = true;
	return copy;
}

const struct operand *operand_const(struct cond_set *set, int64_t i)
{
	static const struct operand zero = { .kind = OPERAND_CONST };
	const struct operand *o = make(
		set,
		(struct operand){ .kind = OPERAND_CONST, .min = i, .max = i });
	return o ? o : &zero;
}

const struct operand *operand_field(struct cond_set *set, struct field field)
{
	struct operand o = { .kind = OPERAND_FIELD, .field = field };
	const struct operand *copy;

	if (field.size == 8) {
		o.min = INT64_MIN;
		o.max = INT64_MAX;
	} else if (field.is_signed) {
		o.min = INT32_MIN;
		o.max = INT32_MAX;
	} else {
		o.max = (int64_t)((1ULL << (8 * field.size)) - 1);
	}
	copy = make(set, o);
	return copy ? copy : operand_const(set, 0);
}

bool operand_equal(const struct operand *a, const struct operand *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->min != b->min || a->max != b->max ||
	    a->field.offset != b->field.offset ||
	    a->field.size != b->field.size ||
	    a->field.is_signed != b->field.is_signed)
		return false;
	return !a->left || (operand_equal(a->left, b->left) &&
			    operand_equal(a->right, b->right));
}

unsigned operand_cost(const struct operand *operand)
{
	switch (operand->kind) {
	case OPERAND_CONST:
		return ir_fits_s32(operand->min) ? 0 : 2;
	case OPERAND_FIELD:
		return operand->field.is_signed ? 3 : 1;
	case OPERAND_DIV:
	case OPERAND_MOD:
		return (operand->left->min < 0 ? 9 : 2) +
		       operand_cost(operand->left);
	case OPERAND_ADD:
	case OPERAND_SUB:
	case OPERAND_MUL:
	case OPERAND_AND:
		break;
	}
	return 2 + operand_cost(operand->left) + operand_cost(operand->right);
}

const struct operand *operand_and(struct cond_set *set,
				  const struct operand *left, uint64_t mask)
{
	struct operand o = { .kind = OPERAND_AND,
			     .left = left,
			     .right = operand_const(set, (int64_t)mask),
			     .max = (int64_t)mask,
			     .depth = left->depth + 1 };
	const struct operand *copy;

	/* The sign may be left of it. */
	if ((int64_t)mask < 0) {
		o.min = INT64_MIN;
		o.max = INT64_MAX;
	}
	copy = make(set, o);
	return copy ? copy : operand_const(set, 0);
}

const struct column *column_of(const struct cond_set *set,
			       const struct expr *expr)
{
	if (expr->op != EXPR_COLUMN ||
	    expr->column >= catalog_column_count(set->stream))
		return NULL;
	return catalog_column_at(set->stream, expr->column);
}

static const char *explain_column(struct cond_set *set,
				  const struct column *column, const char *why)
{
	const char *text = arena_printf(set->arena, "%s %s", column->name, why);

	if (!text)
		set->failed = true;
	return text ? text : why;
}

const char *column_reason(struct cond_set *set, const struct column *column)
{
	if (column->wire == WIRE_NONE && set->of_exec)
		return explain_column(set, column, "is read in user space");
	if (column->wire == WIRE_NONE)
		return explain_column(set, column,
				      "comes from the process table");
	if (column->wire == WIRE_BLOB || column->wire == WIRE_DNS)
		return explain_column(set, column,
				      "has no fixed place in the record");
	if (column->wire == WIRE_OPT)
		return explain_column(set, column, "may be absent");
	if (column->id == COL_ts || column->id == COL_mono_ns ||
	    column->id == COL_seq || column->id == COL_cpu)
		return explain_column(set, column,
				      "is set after the predicate has run");
	if (!catalog_in_kernel(column) && !set->of_exec)
		return explain_column(set, column, "is not for predicates");
	return NULL;
}

static const struct operand *operand_of_column(struct cond_set *set,
					       const struct expr *expr,
					       const char **ret_reason)
{
	const struct column *column = column_of(set, expr);
	struct field field;

	*ret_reason = column ? column_reason(set, column) :
			       "it is no column of the stream";
	if (*ret_reason)
		return NULL;
	field = (struct field){ .offset = column->offset,
				.size = (uint8_t)column->size,
				.is_signed = column->wire == WIRE_S32 };
	switch (column->wire) {
	case WIRE_U8:
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
	case WIRE_S32:
		if (column->type != VALUE_BOOL)
			return operand_field(set, field);
		*ret_reason = "a truth value used as a number is decided in "
			      "user space";
		return NULL;
	case WIRE_FLAG:
	case WIRE_CHARS:
	case WIRE_IP:
	case WIRE_PATH:
	case WIRE_NONE:
	case WIRE_BLOB:
	case WIRE_OPT:
	case WIRE_DNS:
	case WIRE_TIME:
	case WIRE_COUNT:
		break;
	}
	*ret_reason = explain_column(set, column, "is not a number here");
	return NULL;
}

static void widen(int64_t value, int64_t *min, int64_t *max)
{
	if (value < *min)
		*min = value;
	if (value > *max)
		*max = value;
}

static bool product_range(struct operand *o)
{
	const int64_t left[] = { o->left->min, o->left->max };
	const int64_t right[] = { o->right->min, o->right->max };

	o->min = INT64_MAX;
	o->max = INT64_MIN;
	for (unsigned i = 0; i < 4; i++) {
		int64_t product;

		if (__builtin_mul_overflow(left[i / 2], right[i % 2], &product))
			return false;
		widen(product, &o->min, &o->max);
	}
	return true;
}

/* What the operation can give; false: something that does not fit. */
static bool operand_range(struct operand *o)
{
	const struct operand *l = o->left, *r = o->right;

	if (o->kind == OPERAND_MUL)
		return product_range(o);
	if (o->kind == OPERAND_ADD)
		return !(__builtin_add_overflow(l->min, r->min, &o->min) |
			 __builtin_add_overflow(l->max, r->max, &o->max));
	return !(__builtin_sub_overflow(l->min, r->max, &o->min) |
		 __builtin_sub_overflow(l->max, r->min, &o->max));
}

static const struct operand *operand_join(struct cond_set *set,
					  enum operand_kind kind,
					  const struct operand *left,
					  const struct operand *right,
					  const char **ret_reason)
{
	struct operand o = { .kind = kind, .left = left, .right = right };

	o.depth = 1 + (left->depth > right->depth ? left->depth : right->depth);
	if (!operand_range(&o))
		*ret_reason = kind == OPERAND_MUL ?
				      "the product may overflow, which user "
				      "space decides" :
				      "the sum may overflow, which user space "
				      "decides";
	else if (o.depth > PUSHDOWN_DEPTH_MAX)
		*ret_reason = "the arithmetic is nested too deep";
	if (*ret_reason)
		return NULL;
	if (left->kind == OPERAND_CONST && right->kind == OPERAND_CONST)
		return operand_const(set, o.min);
	return make(set, o);
}

/* By a constant; its sign goes to the quotient, a remainder has the left's. */
static const struct operand *operand_divide(struct cond_set *set, bool divide,
					    const struct operand *left,
					    const struct operand *right,
					    const char **ret_reason)
{
	struct operand o = { .kind = divide ? OPERAND_DIV : OPERAND_MOD,
			     .left = left,
			     .depth = left->depth + 1 };
	bool negative = right->min < 0;
	int64_t by = right->min;

	if (right->kind != OPERAND_CONST)
		*ret_reason = "division by what is no constant is done in "
			      "user space";
	else if (by == 0 || by < -INT32_MAX || by > INT32_MAX)
		*ret_reason = "division by such a constant is done in user "
			      "space";
	else if (o.depth > PUSHDOWN_DEPTH_MAX)
		*ret_reason = "the arithmetic is nested too deep";
	if (*ret_reason)
		return NULL;
	by = negative ? -by : by;
	o.right = operand_const(set, by);
	o.min = divide ? left->min / by : left->min < 0 ? 1 - by : 0;
	o.max = divide ? left->max / by : by - 1;
	left = make(set, o);
	if (!left || !divide || !negative)
		return left;
	return operand_join(set, OPERAND_SUB, operand_const(set, 0), left,
			    ret_reason);
}

static const struct operand *operand_of_arithmetic(struct cond_set *set,
						   const struct expr *expr,
						   const char **ret_reason)
{
	const struct operand *left, *right;

	if (expr->type == VALUE_DOUBLE) {
		*ret_reason = "a fraction is compared in user space";
		return NULL;
	}
	left = operand_of(set, expr->args[0], ret_reason);
	if (!left)
		return NULL;
	if (expr->op == EXPR_NEG)
		return operand_join(set, OPERAND_SUB, operand_const(set, 0),
				    left, ret_reason);
	right = operand_of(set, expr->args[1], ret_reason);
	if (!right)
		return NULL;
	if (expr->op == EXPR_DIV || expr->op == EXPR_MOD)
		return operand_divide(set, expr->op == EXPR_DIV, left, right,
				      ret_reason);
	return operand_join(set,
			    expr->op == EXPR_ADD ? OPERAND_ADD :
			    expr->op == EXPR_SUB ? OPERAND_SUB :
						   OPERAND_MUL,
			    left, right, ret_reason);
}

static const char *explain_call(struct cond_set *set, enum function function)
{
	const char *name = function_info(function)->name;
	char *text = arena_printf(set->arena,
				  "%s(...) is computed in user "
				  "space",
				  name);

	if (!text)
		set->failed = true;
	for (char *p = text; p && *p != '('; p++)
		*p = (char)toupper((unsigned char)*p);
	return text ? text : "it is computed in user space";
}

const char *value_reason(struct cond_set *set, const struct expr *expr)
{
	switch ((int)expr->op) {
	case EXPR_CONST:
		return expr->value.type == VALUE_DOUBLE ?
			       "a fraction is compared in user space" :
			       "it is not compared with a number";
	case EXPR_SLOT:
		return "an aggregate is computed in user space";
	case EXPR_ELEMENT:
		return "ANY and ALL are decided in user space";
	case EXPR_CALL:
		return explain_call(set, expr->function);
	case EXPR_CAST:
		return "CAST is computed in user space";
	case EXPR_CONCAT:
		return "|| is computed in user space";
	case EXPR_CASE:
		return "CASE within an expression is computed in user space";
	default:
		return "a condition used as a value is decided in user space";
	}
}

const struct operand *operand_of(struct cond_set *set, const struct expr *expr,
				 const char **ret_reason)
{
	const struct value *v = &expr->value;

	*ret_reason = NULL;
	if (expr->op == EXPR_COLUMN)
		return operand_of_column(set, expr, ret_reason);
	if (expr->op >= EXPR_ADD && expr->op <= EXPR_NEG)
		return operand_of_arithmetic(set, expr, ret_reason);
	if (expr->op == EXPR_CONST &&
	    (v->type == VALUE_INT || v->type == VALUE_BOOL ||
	     v->type == VALUE_INTERVAL || v->type == VALUE_TIMESTAMP))
		return operand_const(set, v->i);
	*ret_reason = value_reason(set, expr);
	return NULL;
}
