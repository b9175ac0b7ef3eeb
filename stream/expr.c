// SPDX-License-Identifier: Apache-2.0
/*
 * Evaluation. TRUE, FALSE and unknown are the values BOOL 1, BOOL 0 and NULL;
 * a number is true when it is not 0, any other value is not.
 */
#include "stream/expr_int.h"

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

/* The truth of a condition; its values are gone. */
static enum truth test(const struct expr *expr, const struct tuple *tuple,
		       struct expr_env *env)
{
	size_t mark = expr_mark(env);
	enum truth t = truth_of(expr_eval(expr, tuple, env));

	expr_restore(env, mark);
	return t;
}

/* AND when `decides` is FALSE_, OR when it is TRUE_. */
static struct value eval_logic(const struct expr *expr,
			       const struct tuple *tuple, struct expr_env *env,
			       enum truth decides)
{
	bool unknown = false;

	for (unsigned i = 0; i < expr->arg_count; i++) {
		enum truth t = test(expr->args[i], tuple, env);

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
	size_t mark = expr_mark(env);
	struct value a = expr_eval(expr->args[0], tuple, env);
	struct value b = expr_eval(expr->args[1], tuple, env);
	int order;

	if (value_is_null(a) || value_is_null(b)) {
		expr_restore(env, mark);
		return value_null();
	}
	order = value_compare(a, b);
	expr_restore(env, mark);
	return value_bool(order_satisfies(expr->op, order));
}

static bool is_in(const struct expr *in, struct value needle)
{
	unsigned low = 1, high = in->arg_count;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		int order = value_compare(needle, in->args[mid]->value);

		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t len,
		       bool fold_case)
{
	if (!fold_case)
		return !len || memcmp(a, b, len) == 0;
	for (size_t i = 0; i < len; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

static bool holds(struct value text, struct value want, bool fold_case)
{
	if (!fold_case)
		return !want.len ||
		       memmem(text.p, text.len, want.p, want.len) != NULL;
	for (size_t i = 0; i + want.len <= text.len; i++)
		if (same_bytes(text.p + i, want.p, want.len, true))
			return true;
	return false;
}

static bool text_matches(const struct expr *expr, struct value text)
{
	struct value want = expr->value;

	if (expr->op == EXPR_LIKE)
		return like_match(text.p, text.len, want.p, want.len,
				  expr->escape, expr->fold_case);
	if (want.len > text.len)
		return false;
	if (expr->op == EXPR_PREFIX)
		return same_bytes(text.p, want.p, want.len, expr->fold_case);
	if (expr->op == EXPR_SUFFIX)
		return same_bytes(text.p + (text.len - want.len), want.p,
				  want.len, expr->fold_case);
	return holds(text, want, expr->fold_case);
}

static bool in_network(const struct expr *expr, struct value ip)
{
	unsigned whole = expr->prefix / 8, bits = expr->prefix % 8;
	const uint8_t *net = expr->value.p;

	if (ip.len != expr->value.len || whole + (bits != 0) > ip.len)
		return false;
	if (whole && memcmp(ip.p, net, whole) != 0)
		return false;
	return !bits || (ip.p[whole] ^ net[whole]) >> (8 - bits) == 0;
}

/* IN, LIKE and its kin, REGEXP, CIDR: a question about args[0]. */
static struct value eval_test(const struct expr *expr,
			      const struct tuple *tuple, struct expr_env *env)
{
	size_t mark = expr_mark(env);
	struct value v = expr_eval(expr->args[0], tuple, env);
	struct value ret = value_null();

	if (expr->op == EXPR_IN && !value_is_null(v))
		ret = value_bool(is_in(expr, v));
	else if (expr->op == EXPR_CIDR && v.type == VALUE_IP)
		ret = value_bool(in_network(expr, v));
	else if (expr->op == EXPR_REGEXP && v.type == VALUE_TEXT)
		ret = value_bool(
			regex_match(expr->regex, env->regex, v.p, v.len));
	else if (expr->op != EXPR_IN && expr->op != EXPR_CIDR &&
		 expr->op != EXPR_REGEXP && v.type == VALUE_TEXT)
		ret = value_bool(text_matches(expr, v));
	expr_restore(env, mark);
	return ret;
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
		t = test(expr->args[1], tuple, env);
		if (t == decides || t == UNKNOWN)
			all = t;
	}
	env->element = outer;
	return truth_value(all);
}

static struct value eval_arithmetic(const struct expr *expr,
				    const struct tuple *tuple,
				    struct expr_env *env)
{
	struct value a = expr_eval(expr->args[0], tuple, env);
	struct value b = value_null();

	if (expr->op != EXPR_NEG)
		b = expr_eval(expr->args[1], tuple, env);
	return expr_arithmetic(expr, a, b);
}

static struct value eval_concat(const struct expr *expr,
				const struct tuple *tuple, struct expr_env *env)
{
	struct value sum = value_bytes(VALUE_TEXT, "", 0);

	for (unsigned i = 0; i < expr->arg_count; i++) {
		struct value v = expr_cast(
			env, expr_eval(expr->args[i], tuple, env), VALUE_TEXT);
		uint8_t *bytes;

		if (v.type != VALUE_TEXT)
			return value_null();
		if (!sum.len || !v.len) {
			sum = v.len ? v : sum;
			continue;
		}
		bytes = expr_take(env, (size_t)sum.len + v.len);
		if (!bytes)
			return value_null();
		memcpy(bytes, sum.p, sum.len);
		memcpy(bytes + sum.len, v.p, v.len);
		sum = value_bytes(VALUE_TEXT, bytes, (size_t)sum.len + v.len);
	}
	return sum;
}

static struct value eval_case(const struct expr *expr,
			      const struct tuple *tuple, struct expr_env *env)
{
	unsigned i;

	for (i = 0; i + 1 < expr->arg_count; i += 2)
		if (test(expr->args[i], tuple, env) == TRUE_)
			return expr_widen(
				expr_eval(expr->args[i + 1], tuple, env),
				expr->type);
	if (i == expr->arg_count)
		return value_null();
	return expr_widen(expr_eval(expr->args[i], tuple, env), expr->type);
}

/* COALESCE and IFNULL stop at the first that is not NULL. */
static struct value eval_coalesce(const struct expr *expr,
				  const struct tuple *tuple,
				  struct expr_env *env)
{
	struct value v = value_null();

	for (unsigned i = 0; i < expr->arg_count && value_is_null(v); i++)
		v = expr_eval(expr->args[i], tuple, env);
	return expr_widen(v, expr->type);
}

static struct value eval_call(const struct expr *expr,
			      const struct tuple *tuple, struct expr_env *env)
{
	struct value args[FUNCTION_ARGS_MAX];
	size_t mark = expr_mark(env);
	struct value ret;

	if (expr->function == FUNCTION_COALESCE ||
	    expr->function == FUNCTION_IFNULL)
		return eval_coalesce(expr, tuple, env);
	CHECK(expr->arg_count <= FUNCTION_ARGS_MAX);
	for (unsigned i = 0; i < expr->arg_count; i++)
		args[i] = expr_eval(expr->args[i], tuple, env);
	ret = function_call(expr, args, env);
	if (!value_is_bytes(ret))
		expr_restore(env, mark);
	return ret;
}

static struct value eval_not(const struct expr *expr, const struct tuple *tuple,
			     struct expr_env *env)
{
	enum truth t = test(expr->args[0], tuple, env);

	return t == UNKNOWN ? value_null() : value_bool(t == FALSE_);
}

static struct value eval_is_null(const struct expr *expr,
				 const struct tuple *tuple,
				 struct expr_env *env)
{
	size_t mark = expr_mark(env);
	bool null = value_is_null(expr_eval(expr->args[0], tuple, env));

	expr_restore(env, mark);
	return value_bool(null);
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
	case EXPR_ELEMENT:
		return env->element;
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
		return eval_is_null(expr, tuple, env);
	case EXPR_IS_TRUE:
		return value_bool(test(expr->args[0], tuple, env) == TRUE_);
	case EXPR_IN:
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_LIKE:
	case EXPR_REGEXP:
	case EXPR_CIDR:
		return eval_test(expr, tuple, env);
	case EXPR_ANY:
		return eval_elements(expr, tuple, env, TRUE_);
	case EXPR_ALL:
		return eval_elements(expr, tuple, env, FALSE_);
	case EXPR_ADD:
	case EXPR_SUB:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_MOD:
	case EXPR_NEG:
		return eval_arithmetic(expr, tuple, env);
	case EXPR_CONCAT:
		return eval_concat(expr, tuple, env);
	case EXPR_CASE:
		return eval_case(expr, tuple, env);
	case EXPR_CAST:
		return expr_cast(env, expr_eval(expr->args[0], tuple, env),
				 expr->type);
	case EXPR_CALL:
		return eval_call(expr, tuple, env);
	case EXPR_OP_COUNT:
		break;
	}
	CHECK(!"an expression of no known kind");
}

bool expr_is_true(const struct expr *expr, const struct tuple *tuple,
		  struct expr_env *env)
{
	return !expr || test(expr, tuple, env) == TRUE_;
}

uint8_t *expr_take(struct expr_env *env, size_t size)
{
	uint8_t *ret;

	if (!env->scratch || size > EXPR_SCRATCH_BYTES - env->used) {
		env->overflows++;
		return NULL;
	}
	ret = env->scratch + env->used;
	env->used += size;
	return ret;
}

struct value expr_copy(struct expr_env *env, const void *bytes, size_t len)
{
	uint8_t *copy = expr_take(env, len);

	if (!copy)
		return value_null();
	if (len)
		memcpy(copy, bytes, len);
	return value_bytes(VALUE_TEXT, copy, len);
}

int expr_env_init(struct expr_env *env, struct err *err)
{
	*env = (struct expr_env){ .scratch = malloc(EXPR_SCRATCH_BYTES) };
	return env->scratch ? 0 : err_nomem(err);
}

int expr_env_fit(struct expr_env *env, const struct expr *expr, struct err *err)
{
	int rc = 0;

	if (!expr)
		return 0;
	if (expr->op == EXPR_REGEXP)
		rc = regex_scratch_fit(&env->regex, expr->regex, err);
	for (unsigned i = 0; i < expr->arg_count && !rc; i++)
		rc = expr_env_fit(env, expr->args[i], err);
	return rc;
}

void expr_env_release(struct expr_env *env)
{
	regex_scratch_free(env->regex);
	free(env->scratch);
	*env = (struct expr_env){ 0 };
}
