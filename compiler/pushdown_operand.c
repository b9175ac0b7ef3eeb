// SPDX-License-Identifier: Apache-2.0
/*
 * Integer operands: columns of the record, constants, sums of them. A sum is
 * computed in the kernel only where it cannot overflow for any record, because
 * SQL's overflow is NULL.
 */
#include "compiler/pushdown_int.h"

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
	case OPERAND_ADD:
	case OPERAND_SUB:
		break;
	}
	return 2 + operand_cost(operand->left) + operand_cost(operand->right);
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
	if (column->wire == WIRE_NONE)
		return explain_column(set, column,
				      "comes from the process table");
	if (column->wire == WIRE_BLOB)
		return explain_column(set, column,
				      "has no fixed place in the record");
	if (column->id == COL_ts || column->id == COL_mono_ns ||
	    column->id == COL_seq || column->id == COL_cpu)
		return explain_column(set, column,
				      "is set after the predicate has run");
	if (!catalog_in_kernel(column))
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
	case WIRE_TIME:
	case WIRE_COUNT:
		break;
	}
	*ret_reason = explain_column(set, column, "is not a number here");
	return NULL;
}

static const struct operand *operand_of_sum(struct cond_set *set,
					    const struct expr *expr,
					    const char **ret_reason)
{
	bool add = expr->op == EXPR_ADD;
	struct operand o = { .kind = add ? OPERAND_ADD : OPERAND_SUB };
	bool overflow;

	o.left = operand_of(set, expr->args[0], ret_reason);
	if (!o.left)
		return NULL;
	o.right = operand_of(set, expr->args[1], ret_reason);
	if (!o.right)
		return NULL;
	o.depth = 1 + (o.left->depth > o.right->depth ? o.left->depth :
							o.right->depth);
	if (add)
		overflow = __builtin_add_overflow(o.left->min, o.right->min,
						  &o.min) |
			   __builtin_add_overflow(o.left->max, o.right->max,
						  &o.max);
	else
		overflow = __builtin_sub_overflow(o.left->min, o.right->max,
						  &o.min) |
			   __builtin_sub_overflow(o.left->max, o.right->min,
						  &o.max);
	*ret_reason = overflow ?
			      "the sum may overflow, which user space decides" :
		      o.depth > PUSHDOWN_DEPTH_MAX ?
			      "the arithmetic is nested too deep" :
			      NULL;
	if (*ret_reason)
		return NULL;
	if (o.left->kind == OPERAND_CONST && o.right->kind == OPERAND_CONST)
		return operand_const(set, o.min);
	return make(set, o);
}

const struct operand *operand_of(struct cond_set *set, const struct expr *expr,
				 const char **ret_reason)
{
	const struct value *v = &expr->value;

	*ret_reason = NULL;
	if (expr->op == EXPR_COLUMN)
		return operand_of_column(set, expr, ret_reason);
	if (expr->op == EXPR_ADD || expr->op == EXPR_SUB)
		return operand_of_sum(set, expr, ret_reason);
	if (expr->op == EXPR_CONST &&
	    (v->type == VALUE_INT || v->type == VALUE_BOOL ||
	     v->type == VALUE_INTERVAL || v->type == VALUE_TIMESTAMP))
		return operand_const(set, v->i);
	if (expr->op == EXPR_CONST)
		*ret_reason = v->type == VALUE_DOUBLE ?
				      "a fraction is compared in user space" :
				      "it is not compared with a number";
	else if (expr->op == EXPR_SLOT)
		*ret_reason = "an aggregate is computed in user space";
	else
		*ret_reason = "a condition used as a value is decided in user "
			      "space";
	return NULL;
}
