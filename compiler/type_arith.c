// SPDX-License-Identifier: Apache-2.0
/*
 * Arithmetic and ||.
 *
 *   + - * / %   numbers: BIGINT of two BIGINT, else DOUBLE
 *   + -         INTERVAL and INTERVAL; TIMESTAMP and INTERVAL;
 *               TIMESTAMP - TIMESTAMP: INTERVAL
 *   *           INTERVAL and BIGINT
 *   ||          texts; numbers are cast
 *
 * NULL goes with everything.
 */
#include "compiler/type_int.h"

/* A sum in which times take part. TYPE_COUNT: these do not add up. */
static enum value_type time_type(enum expr_op op, enum value_type l,
				 enum value_type r)
{
	bool add = op == EXPR_ADD;

	if (!add && op != EXPR_SUB)
		return VALUE_TYPE_COUNT;
	if (l == VALUE_INTERVAL && r == VALUE_INTERVAL)
		return VALUE_INTERVAL;
	if (l == VALUE_TIMESTAMP && r == VALUE_INTERVAL)
		return VALUE_TIMESTAMP;
	if (add && l == VALUE_INTERVAL && r == VALUE_TIMESTAMP)
		return VALUE_TIMESTAMP;
	if (!add && l == VALUE_TIMESTAMP && r == VALUE_TIMESTAMP)
		return VALUE_INTERVAL;
	return VALUE_TYPE_COUNT;
}

/* Beside NULL: what a partner could make of it. */
static enum value_type lone_type(enum expr_op op, enum value_type type)
{
	bool sum = op == EXPR_ADD || op == EXPR_SUB;

	if (type_is_number(type) || type == VALUE_NULL)
		return type;
	if (type == VALUE_INTERVAL && (sum || op == EXPR_MUL))
		return type;
	return type == VALUE_TIMESTAMP && sum ? type : VALUE_TYPE_COUNT;
}

static enum value_type arith_type(enum expr_op op, enum value_type l,
				  enum value_type r)
{
	if (l == VALUE_NULL || r == VALUE_NULL)
		return lone_type(op, l == VALUE_NULL ? r : l);
	if (type_is_number(l) && type_is_number(r))
		return l == VALUE_DOUBLE ? l : r;
	if (op == EXPR_MUL && ((l == VALUE_INTERVAL && r == VALUE_INT) ||
			       (l == VALUE_INT && r == VALUE_INTERVAL)))
		return VALUE_INTERVAL;
	return time_type(op, l, r);
}

static const char *arith_hint(struct binder *b, enum expr_op op,
			      struct operand l, struct operand r)
{
	enum value_type lt = l.expr->type, rt = r.expr->type;

	if (lt == VALUE_TEXT && rt == VALUE_TEXT && op == EXPR_ADD)
		return compilation_text(b->c, "write %s || %s",
					bind_quote(b, l.ast),
					bind_quote(b, r.ast));
	if (lt == VALUE_TEXT && type_is_number(rt))
		return compilation_text(b->c, "write CAST(%s AS BIGINT)",
					bind_quote(b, l.ast));
	if (rt == VALUE_TEXT && type_is_number(lt))
		return compilation_text(b->c, "write CAST(%s AS BIGINT)",
					bind_quote(b, r.ast));
	if (lt == VALUE_TIMESTAMP && rt == VALUE_TIMESTAMP)
		return "subtract them, or add an interval to one";
	if (lt == VALUE_TIMESTAMP || rt == VALUE_TIMESTAMP)
		return "add an interval, as in ts + INTERVAL '5' SECOND";
	return NULL;
}

const struct expr *type_arith(struct binder *b, const struct scope *scope,
			      const struct ast_expr *ast)
{
	static const struct {
		enum expr_op op;
		const char *sign;
	} ops[AST_OP_COUNT] = {
		[AST_ADD] = { EXPR_ADD, "+" }, [AST_SUB] = { EXPR_SUB, "-" },
		[AST_MUL] = { EXPR_MUL, "*" }, [AST_DIV] = { EXPR_DIV, "/" },
		[AST_MOD] = { EXPR_MOD, "%" },
	};
	enum expr_op op = ops[ast->op].op;
	struct operand l = type_operand(b, scope, ast->args[0]);
	struct operand r = type_operand(b, scope, ast->args[1]);
	enum value_type type;

	if (!l.expr || !r.expr)
		return NULL;
	type = arith_type(op, l.expr->type, r.expr->type);
	if (type == VALUE_TYPE_COUNT) {
		compilation_error(b->c, ast->span, arith_hint(b, op, l, r),
				  "%s does not go with %s and %s",
				  ops[ast->op].sign,
				  value_type_name(l.expr->type),
				  value_type_name(r.expr->type));
		return NULL;
	}
	return type_compute(b, ast,
			    build_two(b->c->arena, op, type, l.expr, r.expr));
}

const struct expr *type_negative(struct binder *b, const struct scope *scope,
				 const struct ast_expr *ast)
{
	const struct expr *x = bind_expr(b, scope, ast->args[0]);
	struct expr *expr;

	if (!x)
		return NULL;
	if (!type_is_number(x->type) && x->type != VALUE_INTERVAL &&
	    x->type != VALUE_NULL) {
		compilation_error(b->c, ast->span, NULL,
				  "- takes a number or an interval, but %s is "
				  "%s",
				  bind_quote(b, ast->args[0]),
				  value_type_name(x->type));
		return NULL;
	}
	expr = build_op(b->c->arena, EXPR_NEG, x->type, 1);
	if (!type_keep(b, expr))
		return NULL;
	expr->args[0] = x;
	return type_compute(b, ast, expr);
}

/* A text, or a number as a text. */
static const struct expr *as_text(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast)
{
	const struct expr *x = bind_expr(b, scope, ast);

	if (!x || x->type == VALUE_TEXT || x->type == VALUE_NULL)
		return x;
	if (type_is_number(x->type))
		return type_cast_to(b, ast, x, VALUE_TEXT);
	compilation_error(b->c, ast->span,
			  x->type == VALUE_LIST ?
				  "use cmdline: it is the args with spaces" :
				  compilation_text(b->c,
						   "write CAST(%s AS TEXT)",
						   bind_quote(b, ast)),
			  "|| joins texts and numbers, but %s is %s",
			  bind_quote(b, ast), value_type_name(x->type));
	return NULL;
}

const struct expr *type_concat(struct binder *b, const struct scope *scope,
			       const struct ast_expr *ast)
{
	struct expr *expr =
		build_op(b->c->arena, EXPR_CONCAT, VALUE_TEXT, ast->arg_count);
	bool ok = true;

	if (!type_keep(b, expr))
		return NULL;
	for (unsigned i = 0; i < ast->arg_count; i++) {
		expr->args[i] = as_text(b, scope, ast->args[i]);
		ok &= expr->args[i] != NULL;
	}
	return ok ? type_compute(b, ast, expr) : NULL;
}
