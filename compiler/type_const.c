// SPDX-License-Identifier: Apache-2.0
/*
 * What is constant is computed as soon as it is typed, by the evaluator that
 * events meet: constants stand where the language asks for one, and what gives
 * NULL for an event's value (overflow, division by zero, no hexadecimal) is the
 * author's mistake in a constant.
 */
#include "compiler/type_int.h"

#include <math.h>

static bool all_constant(const struct expr *expr)
{
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (!build_is_const(expr->args[i]))
			return false;
	return true;
}

static bool has_null(const struct expr *expr)
{
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (value_is_null(expr->args[i]->value))
			return true;
	return false;
}

static bool is_spelled(const struct expr *expr)
{
	return expr->op == EXPR_CAST ||
	       (expr->op == EXPR_CALL &&
		(expr->function == FUNCTION_UNHEX ||
		 expr->function == FUNCTION_BASE64_DECODE));
}

static void complain_spelled(struct binder *b, const struct ast_expr *ast,
			     const struct expr *expr)
{
	const char *arg = bind_quote(b, ast->args[0]);

	if (expr->op == EXPR_CAST)
		compilation_error(b->c, ast->args[0]->span, NULL, "%s is no %s",
				  arg, value_type_name(expr->type));
	else if (expr->function == FUNCTION_UNHEX)
		compilation_error(b->c, ast->args[0]->span,
				  "a byte is two digits, as in UNHEX('00ff')",
				  "%s is not hexadecimal", arg);
	else
		compilation_error(b->c, ast->args[0]->span, NULL,
				  "%s is not base64", arg);
}

/* It has no value, though each of its constants has one. */
static void complain(struct binder *b, const struct ast_expr *ast,
		     const struct expr *expr)
{
	const char *problem = expr_constant_problem(expr);

	if (is_spelled(expr)) {
		complain_spelled(b, ast, expr);
		return;
	}
	if (!problem)
		problem = expr->type == VALUE_DOUBLE ?
				  "does not fit a DOUBLE" :
				  "is longer than a text can be";
	compilation_error(b->c, ast->span, NULL, "%s %s", bind_quote(b, ast),
			  problem);
}

/* NULL may be what it says; what asks about processes has no answer yet. */
static bool gives_null(const struct expr *expr)
{
	return expr->op == EXPR_CALL && expr->function == FUNCTION_NULLIF;
}

static bool needs_process(const struct expr *expr)
{
	return expr->op == EXPR_CALL &&
	       (expr->function == FUNCTION_ANCESTOR ||
		expr->function == FUNCTION_HAS_ANCESTOR);
}

/* The value, its bytes in the arena; NULL also when there is no memory. */
static struct value evaluate(struct binder *b, const struct expr *expr)
{
	static const struct tuple nothing;
	struct expr_env env;
	struct err err = { 0 };
	struct value v;

	if (expr_env_init(&env, &err)) {
		b->c->nomem = true;
		return value_null();
	}
	v = expr_eval(expr, &nothing, &env);
	if (value_is_bytes(v)) {
		v.p = (const uint8_t *)compilation_copy(b->c, (const char *)v.p,
							v.len);
		if (!v.p)
			v = value_null();
	}
	expr_env_release(&env);
	return v;
}

const struct expr *type_compute(struct binder *b, const struct ast_expr *ast,
				const struct expr *expr)
{
	struct value v;

	if (!expr || !all_constant(expr) || needs_process(expr))
		return type_keep(b, expr);
	v = evaluate(b, expr);
	if (b->c->nomem)
		return NULL;
	if ((value_is_null(v) && !has_null(expr) && !gives_null(expr)) ||
	    (v.type == VALUE_DOUBLE && !isfinite(v.d))) {
		complain(b, ast, expr);
		return NULL;
	}
	return type_keep(b, build_const(b->c->arena, expr->type, v));
}
