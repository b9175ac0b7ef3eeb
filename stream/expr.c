// SPDX-License-Identifier: Apache-2.0
/*
 * Evaluation. TRUE, FALSE and unknown are the values BOOL 1, BOOL 0 and NULL;
 * a number is true when it is not 0, any other value is not.
 */
#include "stream/expr.h"

#include "stream/regex.h"
#include "user/base/text.h"

#include <stdlib.h>

enum truth { FALSE_, TRUE_, UNKNOWN };

static enum truth truth_of(struct value v)
{
	switch ((enum value_type)v.type) {
	case VALUE_NULL:
		return UNKNOWN;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
		return v.i != 0 ? TRUE_ : FALSE_;
	case VALUE_DOUBLE:
		return v.d < 0 || v.d > 0 ? TRUE_ : FALSE_;
	case VALUE_TEXT:
	case VALUE_BYTES:
	case VALUE_IP:
	case VALUE_LIST:
	case VALUE_HASH:
	case VALUE_TYPE_COUNT:
		break;
	}
	return FALSE_;
}

static struct value truth_value(enum truth truth)
{
	return truth == UNKNOWN ? value_null() : value_bool(truth == TRUE_);
}

static struct value eval_column(const struct expr *expr,
				const struct tuple *tuple)
{
	const struct row *row = tuple->rows[expr->input];

	return row ? row_get(row, expr->column) : value_null();
}

/* AND when `decides` is FALSE_, OR when it is TRUE_. */
static struct value eval_logic(const struct expr *expr,
			       const struct tuple *tuple, struct expr_env *env,
			       enum truth decides)
{
	bool unknown = false;

	for (unsigned i = 0; i < expr->arg_count; i++) {
		enum truth t = truth_of(expr_eval(expr->args[i], tuple, env));

		if (t == decides)
			return truth_value(decides);
		unknown |= t == UNKNOWN;
	}
	if (unknown)
		return value_null();
	return value_bool(decides == FALSE_);
}

static bool order_satisfies(enum expr_op op, int order)
{
	if (op == EXPR_EQ)
		return order == 0;
	if (op == EXPR_NE)
		return order != 0;
	if (op == EXPR_LT)
		return order < 0;
	if (op == EXPR_LE)
		return order <= 0;
	if (op == EXPR_GT)
		return order > 0;
	return order >= 0;
}

static struct value eval_compare(const struct expr *expr,
				 const struct tuple *tuple,
				 struct expr_env *env)
{
	struct value a = expr_eval(expr->args[0], tuple, env);
	struct value b = expr_eval(expr->args[1], tuple, env);

	if (value_is_null(a) || value_is_null(b))
		return value_null();
	return value_bool(order_satisfies(expr->op, value_compare(a, b)));
}

static struct value eval_in(const struct expr *expr, const struct tuple *tuple,
			    struct expr_env *env)
{
	struct value needle = expr_eval(expr->args[0], tuple, env);
	unsigned low = 1, high = expr->arg_count;

	if (value_is_null(needle))
		return needle;
	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		int order = value_compare(needle, expr->args[mid]->value);

		if (order == 0)
			return value_bool(true);
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return value_bool(false);
}

static bool text_matches(const struct expr *expr, struct value text)
{
	struct value want = expr->value;

	if (expr->op == EXPR_LIKE)
		return like_match(text.p, text.len, want.p, want.len,
				  expr->escape, expr->fold_case);
	if (want.len == 0)
		return true;
	if (want.len > text.len)
		return false;
	if (expr->op == EXPR_PREFIX)
		return memcmp(text.p, want.p, want.len) == 0;
	if (expr->op == EXPR_SUFFIX)
		return memcmp(text.p + (text.len - want.len), want.p,
			      want.len) == 0;
	return memmem(text.p, text.len, want.p, want.len) != NULL;
}

static struct value eval_text(const struct expr *expr,
			      const struct tuple *tuple, struct expr_env *env)
{
	struct value text = expr_eval(expr->args[0], tuple, env);

	if (text.type != VALUE_TEXT)
		return value_null();
	return value_bool(text_matches(expr, text));
}

/* TRUE decides ANY, FALSE decides ALL. */
static struct value eval_elements(const struct expr *expr,
				  const struct tuple *tuple,
				  struct expr_env *env, enum truth decides)
{
	struct value list = expr_eval(expr->args[0], tuple, env);
	const struct value outer = env->element;
	enum truth all = decides == TRUE_ ? FALSE_ : TRUE_;

	if (list.type != VALUE_LIST)
		return value_null();
	while (list.len && all != decides) {
		enum truth t;

		env->element = text_list_take(&list);
		t = truth_of(expr_eval(expr->args[1], tuple, env));
		if (t == decides || t == UNKNOWN)
			all = t;
	}
	env->element = outer;
	return truth_value(all);
}

static bool is_integer(struct value v)
{
	return v.type == VALUE_INT || v.type == VALUE_TIMESTAMP ||
	       v.type == VALUE_INTERVAL || v.type == VALUE_BOOL;
}

static struct value eval_sum(const struct expr *expr, const struct tuple *tuple,
			     struct expr_env *env)
{
	struct value a = expr_eval(expr->args[0], tuple, env);
	struct value b = expr_eval(expr->args[1], tuple, env);
	struct value ret = value_int(0);
	bool overflow;

	if (!is_integer(a) || !is_integer(b))
		return value_null();
	overflow = expr->op == EXPR_ADD ?
			   __builtin_add_overflow(a.i, b.i, &ret.i) :
			   __builtin_sub_overflow(a.i, b.i, &ret.i);
	if (overflow)
		return value_null();
	if (expr->type == VALUE_TIMESTAMP || expr->type == VALUE_INTERVAL)
		ret.type = (uint8_t)expr->type;
	return ret;
}

static struct value eval_not(const struct expr *expr, const struct tuple *tuple,
			     struct expr_env *env)
{
	enum truth t = truth_of(expr_eval(expr->args[0], tuple, env));

	return t == UNKNOWN ? value_null() : value_bool(t == FALSE_);
}

struct value expr_eval(const struct expr *expr, const struct tuple *tuple,
		       struct expr_env *env)
{
	switch (expr->op) {
	case EXPR_CONST:
		return expr->value;
	case EXPR_COLUMN:
		return eval_column(expr, tuple);
	case EXPR_SLOT:
		return tuple->slots[expr->slot];
	case EXPR_NOT:
		return eval_not(expr, tuple, env);
	case EXPR_AND:
		return eval_logic(expr, tuple, env, FALSE_);
	case EXPR_OR:
		return eval_logic(expr, tuple, env, TRUE_);
	case EXPR_EQ:
	case EXPR_NE:
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
		return eval_compare(expr, tuple, env);
	case EXPR_IS_NULL:
		return value_bool(
			value_is_null(expr_eval(expr->args[0], tuple, env)));
	case EXPR_IN:
		return eval_in(expr, tuple, env);
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_LIKE:
		return eval_text(expr, tuple, env);
	case EXPR_ELEMENT:
		return env->element;
	case EXPR_ANY:
		return eval_elements(expr, tuple, env, TRUE_);
	case EXPR_ALL:
		return eval_elements(expr, tuple, env, FALSE_);
	case EXPR_ADD:
	case EXPR_SUB:
		return eval_sum(expr, tuple, env);
	case EXPR_IS_TRUE:
	case EXPR_REGEXP:
	case EXPR_CIDR:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_MOD:
	case EXPR_NEG:
	case EXPR_CONCAT:
	case EXPR_CASE:
	case EXPR_CAST:
	case EXPR_CALL:
	case EXPR_OP_COUNT:
		break;
	}
	CHECK(!"an expression of no known kind");
}

bool expr_is_true(const struct expr *expr, const struct tuple *tuple,
		  struct expr_env *env)
{
	size_t mark = expr_mark(env);
	bool ret = !expr || truth_of(expr_eval(expr, tuple, env)) == TRUE_;

	expr_restore(env, mark);
	return ret;
}

int expr_env_init(struct expr_env *env, struct err *err)
{
	*env = (struct expr_env){ .scratch = malloc(EXPR_SCRATCH_BYTES) };
	return env->scratch ? 0 : err_nomem(err);
}

void expr_env_release(struct expr_env *env)
{
	free(env->scratch);
	*env = (struct expr_env){ 0 };
}
