// SPDX-License-Identifier: Apache-2.0
#include "stream/function_int.h"

static const struct function_info functions[] = {
#define FUNCTION_INFO(id, fn_name, least, most, result, fn_signature, fn_doc) \
	[FUNCTION_##id] = { .name = (fn_name),                                \
			    .least_args = (least),                            \
			    .most_args = (most),                              \
			    .type = VALUE_##result,                           \
			    .signature = (fn_signature),                      \
			    .doc = (fn_doc) },
	FUNCTIONS(FUNCTION_INFO)
};

const struct function_info *function_info(enum function function)
{
	CHECK((unsigned)function < FUNCTION_COUNT);
	return &functions[function];
}

static struct value nullif(const struct expr *expr, const struct value *args)
{
	return value_equal(args[0], args[1]) ? value_null() :
					       expr_widen(args[0], expr->type);
}

static const struct context *ancestor(struct expr_env *env, struct value pid,
				      int64_t n)
{
	if (!env->ancestor || pid.type != VALUE_INT || n < 1 ||
	    n > FUNCTION_ANCESTORS_MAX)
		return NULL;
	return env->ancestor(env->ancestor_ctx, pid.i, (unsigned)n);
}

static struct value context_value(const struct context *context,
				  unsigned column)
{
	return context->values[column - COL_CONTEXT_FIRST];
}

static struct value ancestor_exe(const struct value *args, struct expr_env *env)
{
	const struct context *context;

	if (args[1].type != VALUE_INT)
		return value_null();
	context = ancestor(env, args[0], args[1].i);
	return context ? context_value(context, COL_exe) : value_null();
}

/* NULL when not even the parent is known. */
static struct value has_ancestor(const struct value *args, struct expr_env *env)
{
	struct value want = args[1];
	const struct context *context;
	unsigned column;
	int64_t n;

	if (want.type != VALUE_TEXT)
		return value_null();
	column = want.len && memchr(want.p, '/', want.len) ? COL_exe : COL_name;
	for (n = 1; (context = ancestor(env, args[0], n)) != NULL; n++)
		if (value_equal(context_value(context, column), want))
			return value_bool(true);
	return n == 1 ? value_null() : value_bool(false);
}

struct value function_call(const struct expr *expr, const struct value *args,
			   struct expr_env *env)
{
	unsigned count = expr->arg_count;

	if (expr->function == FUNCTION_NULLIF)
		return nullif(expr, args);
	for (unsigned i = 0; i < count; i++)
		if (value_is_null(args[i]))
			return value_null();
	switch (expr->function) {
	case FUNCTION_LENGTH:
		return function_length(args, env);
	case FUNCTION_SUBSTR:
		return function_substr(args, count, env);
	case FUNCTION_INSTR:
		return function_instr(args, env);
	case FUNCTION_UPPER:
		return function_letters(args, env, true);
	case FUNCTION_LOWER:
		return function_letters(args, env, false);
	case FUNCTION_TRIM:
		return function_trim(args, count, env);
	case FUNCTION_REPLACE:
		return function_replace(args, env);
	case FUNCTION_HEX:
		return function_hex(args, env);
	case FUNCTION_UNHEX:
		return function_unhex(args, env);
	case FUNCTION_BASENAME:
		return function_basename(args, env);
	case FUNCTION_DIRNAME:
		return function_dirname(args, env);
	case FUNCTION_ANCESTOR:
		return ancestor_exe(args, env);
	case FUNCTION_HAS_ANCESTOR:
		return has_ancestor(args, env);
	case FUNCTION_ENTROPY:
		return function_entropy(args, env);
	case FUNCTION_BASE64_DECODE:
		return function_base64_decode(args, env);
	case FUNCTION_COALESCE:
	case FUNCTION_NULLIF:
	case FUNCTION_IFNULL:
	case FUNCTION_COUNT:
		break;
	}
	CHECK(!"a function that is called");
}
