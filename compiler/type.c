// SPDX-License-Identifier: Apache-2.0
/*
 * From a syntax tree to a typed expression, by operator. What each takes and
 * gives is said where it is done: type_compare.c, type_in.c, type_arith.c,
 * type_pattern.c, type_quantifier.c, type_case.c, type_cast.c, type_call.c.
 */
#include "compiler/type_int.h"

#include "compiler/fold.h"
#include "compiler/print.h"

const char *bind_quote(struct binder *b, const struct ast_expr *ast)
{
	const size_t most = 60;
	struct buf text = BUF_INIT;
	const char *ret;

	print_expr(&text, ast);
	if (!text.failed && text.len > most) {
		text.len = most;
		/* Not in the middle of a character. */
		while (text.len && (text.bytes[text.len] & 0xc0) == 0x80)
			text.len--;
		buf_puts(&text, "...");
	}
	ret = compilation_take(b->c, &text);
	return ret ? ret : "";
}

const struct expr *type_keep(struct binder *b, const struct expr *expr)
{
	b->c->nomem |= !expr;
	return expr;
}

const struct expr *type_negate(struct binder *b, const struct ast_expr *ast,
			       const struct expr *expr)
{
	if (!expr || !ast->negated)
		return type_keep(b, expr);
	return type_keep(b, build_not(b->c->arena, expr));
}

struct operand type_operand(struct binder *b, const struct scope *scope,
			    const struct ast_expr *ast)
{
	return (struct operand){ ast, bind_expr(b, scope, ast) };
}

static const struct expr *bind_const(struct binder *b,
				     const struct ast_expr *ast)
{
	struct arena *arena = b->c->arena;
	struct value v = value_int(ast->number);

	switch ((int)ast->op) {
	case AST_NULL:
		return type_keep(b,
				 build_const(arena, VALUE_NULL, value_null()));
	case AST_BOOL:
		return type_keep(b, build_bool(arena, ast->number));
	case AST_TEXT:
		return type_keep(b, build_const(arena, VALUE_TEXT,
						value_text(ast->text)));
	case AST_INTERVAL:
		v.type = VALUE_INTERVAL;
		return type_keep(b, build_const(arena, VALUE_INTERVAL, v));
	case AST_DOUBLE:
		v.type = VALUE_DOUBLE;
		v.d = ast->real;
		return type_keep(b, build_const(arena, VALUE_DOUBLE, v));
	default:
		return type_keep(b, build_const(arena, VALUE_INT, v));
	}
}

static const struct expr *bind_logic(struct binder *b,
				     const struct scope *scope,
				     const struct ast_expr *ast)
{
	enum expr_op op = ast->op == AST_AND ? EXPR_AND :
			  ast->op == AST_OR  ? EXPR_OR :
					       EXPR_NOT;
	struct expr *expr =
		build_op(b->c->arena, op, VALUE_BOOL, ast->arg_count);
	bool ok = true;

	if (!type_keep(b, expr))
		return NULL;
	for (unsigned i = 0; i < ast->arg_count; i++) {
		expr->args[i] = bind_condition(b, scope, ast->args[i]);
		ok &= expr->args[i] != NULL;
	}
	return ok ? expr : NULL;
}

static const struct expr *bind_is_null(struct binder *b,
				       const struct scope *scope,
				       const struct ast_expr *ast)
{
	const struct expr *x = bind_expr(b, scope, ast->args[0]);
	struct expr *expr;

	if (!x)
		return NULL;
	expr = build_op(b->c->arena, EXPR_IS_NULL, VALUE_BOOL, 1);
	if (expr)
		expr->args[0] = x;
	return type_negate(b, ast, expr);
}

/* x IS FALSE is (NOT x) IS TRUE. */
static const struct expr *bind_is_true(struct binder *b,
				       const struct scope *scope,
				       const struct ast_expr *ast)
{
	const struct expr *x = bind_condition(b, scope, ast->args[0]);
	struct expr *expr;

	if (x && ast->op == AST_IS_FALSE)
		x = type_keep(b, build_not(b->c->arena, x));
	if (!x)
		return NULL;
	expr = build_op(b->c->arena, EXPR_IS_TRUE, VALUE_BOOL, 1);
	if (expr)
		expr->args[0] = x;
	return type_negate(b, ast, expr);
}

/* What only expansion can give a meaning. */
static const struct expr *unexpanded(struct binder *b,
				     const struct scope *scope,
				     const struct ast_expr *ast)
{
	if (ast->op == AST_PARAM)
		compilation_error(
			b->c, ast->span, "as in ts >= :t_start AND ts < :t_end",
			":%s stands in a comparison with ts", ast->text);
	else if (!*ast->text)
		bind_expr(b, scope, ast->args[0]);
	else
		compilation_error(b->c, ast->span,
				  "CREATE LIST name ('a', 'b') makes one",
				  "there is no list '%s'", ast->text);
	return NULL;
}

/* name = 'sh' OR 'bash' */
static const char *condition_hint(struct binder *b, const struct ast_expr *ast,
				  enum value_type type)
{
	const char *x = bind_quote(b, ast);

	if (ast->op == AST_TEXT)
		return compilation_text(b->c,
					"write the column again: x = %s; or x "
					"IN ('a', 'b')",
					x);
	if (type_is_number(type))
		return compilation_text(b->c, "compare it, as in %s <> 0", x);
	if (type == VALUE_TEXT)
		return compilation_text(b->c, "compare it, as in %s <> ''", x);
	if (type == VALUE_LIST)
		return compilation_text(b->c, "compare it, as in 'x' = ANY(%s)",
					x);
	return compilation_text(b->c, "compare it, as in %s IS NOT NULL", x);
}

const struct expr *bind_condition(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast)
{
	const struct expr *expr = bind_expr(b, scope, ast);

	if (!expr || expr->type == VALUE_BOOL || expr->type == VALUE_NULL)
		return expr;
	compilation_error(b->c, ast->span, condition_hint(b, ast, expr->type),
			  "a condition is true or false, but %s is %s",
			  bind_quote(b, ast), value_type_name(expr->type));
	return NULL;
}

static const struct expr *bind_op(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast)
{
	switch (ast->op) {
	case AST_NULL:
	case AST_BOOL:
	case AST_INT:
	case AST_DOUBLE:
	case AST_INTERVAL:
	case AST_TEXT:
		return bind_const(b, ast);
	case AST_NAME:
		return bind_name(b, scope, ast);
	case AST_NOT:
	case AST_AND:
	case AST_OR:
		return bind_logic(b, scope, ast);
	case AST_EQ:
	case AST_NE:
	case AST_LT:
	case AST_LE:
	case AST_GT:
	case AST_GE:
		return type_comparison(b, scope, ast);
	case AST_ADD:
	case AST_SUB:
	case AST_MUL:
	case AST_DIV:
	case AST_MOD:
		return type_arith(b, scope, ast);
	case AST_NEG:
		return type_negative(b, scope, ast);
	case AST_CONCAT:
		return type_concat(b, scope, ast);
	case AST_IS_NULL:
		return bind_is_null(b, scope, ast);
	case AST_IS_TRUE:
	case AST_IS_FALSE:
		return bind_is_true(b, scope, ast);
	case AST_IN:
		return type_in(b, scope, ast);
	case AST_BETWEEN:
		return type_between(b, scope, ast);
	case AST_LIKE:
	case AST_ILIKE:
		return type_like(b, scope, ast);
	case AST_REGEXP:
		return type_regexp(b, scope, ast);
	case AST_CASE:
		return type_case(b, scope, ast);
	case AST_CAST:
		return type_cast(b, scope, ast);
	case AST_CALL:
		return type_call(b, scope, ast);
	case AST_EXISTS:
		type_misplaced_exists(b, ast);
		return NULL;
	case AST_IN_LIST:
	case AST_PARAM:
		return unexpanded(b, scope, ast);
	case AST_ANY: /* their comparison takes them */
	case AST_ALL:
	case AST_OP_COUNT:
		break;
	}
	CHECK(!"an operator of the syntax tree");
	return NULL;
}

/*
 * Up to one more than there may be of each; what was counted before is not
 * walked again.
 */
static void measure(const struct expr *expr)
{
	/* It was made by the binder, in the arena. */
	struct expr *measured = (struct expr *)(uintptr_t)expr;
	uint32_t parts = 1;
	uint16_t height = 0;

	if (expr->parts)
		return;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		const struct expr *arg = expr->args[i];

		measure(arg);
		parts += arg->parts;
		if (parts > FOLD_NODES_MAX)
			parts = FOLD_NODES_MAX + 1;
		if (arg->height > height)
			height = arg->height;
	}
	measured->parts = parts;
	measured->height =
		(uint16_t)(height <= BIND_HEIGHT_MAX ? height + 1 : height);
}

/*
 * An operand that stands twice in the tree, as x of BETWEEN and the columns of
 * subqueries do, is one node with two parents. Whoever walks the tree meets it
 * twice, and with each level of such operands twice as often as above.
 */
const struct expr *bind_expr(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast)
{
	const struct expr *expr = bind_op(b, scope, ast);

	if (!expr)
		return NULL;
	measure(expr);
	if (expr->parts > FOLD_NODES_MAX)
		compilation_error(b->c, ast->span,
				  "name fewer computed columns of subqueries, "
				  "and compute less in x of x BETWEEN and x IN",
				  "the rule's expressions have more than %d "
				  "parts",
				  FOLD_NODES_MAX);
	else if (expr->height > BIND_HEIGHT_MAX)
		compilation_error(b->c, ast->span, "split the rule",
				  "with the columns of subqueries in place an "
				  "expression nests more than %d levels deep",
				  BIND_HEIGHT_MAX);
	else
		return expr;
	return NULL;
}
