// SPDX-License-Identifier: Apache-2.0
/* = <> < <= > >= and BETWEEN, also of ANY(list) and ALL(list). */
#include "compiler/type_int.h"

#include "compiler/comparison.h"

#include <string.h>

bool type_comparable(enum value_type l, enum value_type r)
{
	if (l == VALUE_LIST || r == VALUE_LIST)
		return false;
	return l == r || l == VALUE_NULL || r == VALUE_NULL ||
	       (type_is_number(l) && type_is_number(r));
}

static bool is_ordered(enum value_type type)
{
	return type != VALUE_BOOL && type != VALUE_IP && type != VALUE_HASH &&
	       type != VALUE_LIST;
}

static bool is_integer(const char *text)
{
	text += *text == '-';
	return *text && strspn(text, "0123456789") == strlen(text);
}

static bool is_user(struct binder *b, const struct expr *x)
{
	enum stream_id stream;
	const struct column *column = bind_origin(b->rule, x, &stream);

	return column && (strcmp(column->name, "uid") == 0 ||
			  strcmp(column->name, "euid") == 0);
}

/* What to write where the number `l` is compared with a text. */
static const char *number_hint(struct binder *b, struct operand l,
			       const char *text)
{
	if (is_integer(text))
		return compilation_text(b->c, "write %s without quotes", text);
	if (is_user(b, l.expr))
		return "a user is a number here: 0 is root";
	return compilation_text(b->c, "write a number, as in %s = 0",
				bind_quote(b, l.ast));
}

/* What to write where `l` is of a type that `r` is not. */
static const char *mismatch_hint(struct binder *b, struct operand l,
				 struct operand r)
{
	const char *left = bind_quote(b, l.ast), *right = bind_quote(b, r.ast);
	enum value_type type = l.expr->type, other = r.expr->type;

	if (type == VALUE_LIST)
		return compilation_text(b->c, "write %s = ANY(%s)", right,
					left);
	if (type_is_number(type) && r.ast->op == AST_TEXT)
		return number_hint(b, l, r.ast->text);
	if (type == VALUE_TEXT &&
	    (r.ast->op == AST_INT || r.ast->op == AST_DOUBLE))
		return compilation_text(b->c, "write '%s'", right);
	if (type == VALUE_BOOL && r.ast->op == AST_INT)
		return compilation_text(b->c, "write %s%s",
					r.ast->number ? "" : "NOT ", left);
	if (type == VALUE_BOOL && r.ast->op == AST_TEXT)
		return compilation_text(b->c, "write %s or NOT %s", left, left);
	if (type == VALUE_INTERVAL && other == VALUE_INT)
		return compilation_text(b->c, "write INTERVAL '%s' SECOND",
					right);
	if (type == VALUE_TIMESTAMP && other == VALUE_INT)
		return "a time is written '2026-01-31T23:59:59Z'";
	if (type == VALUE_TEXT && type_is_number(other) &&
	    l.ast->op != AST_TEXT)
		return compilation_text(b->c, "write CAST(%s AS TEXT)", right);
	return NULL;
}

void type_mismatch(struct binder *b, struct span span, struct operand l,
		   struct operand r)
{
	const char *hint = mismatch_hint(b, l, r);

	if (!hint)
		hint = mismatch_hint(b, r, l);
	compilation_error(b->c, span, hint,
			  "cannot compare %s (%s) with %s (%s)",
			  bind_quote(b, l.ast), value_type_name(l.expr->type),
			  bind_quote(b, r.ast), value_type_name(r.expr->type));
}

static void no_order(struct binder *b, struct span span, enum value_type type)
{
	compilation_error(b->c, span,
			  type == VALUE_IP ? "write a network: dst_ip IN "
					     "('10.0.0.0/8', '192.0.2.1')" :
					     NULL,
			  "%s has no order: it compares with =, <> and IN",
			  value_type_name(type));
}

static bool is_equality(enum expr_op op)
{
	return op == EXPR_EQ || op == EXPR_NE;
}

/* ip = '10.0.0.0/8' */
static bool is_network(struct operand x, struct operand text)
{
	return x.expr->type == VALUE_IP && literal_is_network(text.ast);
}

static const struct expr *compare_network(struct binder *b, struct span span,
					  enum expr_op op, struct operand x,
					  struct operand text)
{
	const struct expr *in;

	if (!is_equality(op)) {
		no_order(b, span, VALUE_IP);
		return NULL;
	}
	in = literal_network(b, text.ast, x.expr);
	if (!in || op == EXPR_EQ)
		return in;
	return type_keep(b, build_not(b->c->arena, in));
}

static void warn_null(struct binder *b, struct span span, struct operand l,
		      struct operand r)
{
	if (l.ast->op == AST_NULL || r.ast->op == AST_NULL)
		compilation_warning(b->c, span, "write IS NULL or IS NOT NULL",
				    "a comparison with NULL is never true");
}

enum bound { BOUND_ALONE, BOUND_OF_BETWEEN };

static const struct expr *compare(struct binder *b, struct span span,
				  enum expr_op op, struct operand l,
				  struct operand r, enum bound bound)
{
	enum value_type type;

	if (!l.expr || !r.expr)
		return NULL;
	if (is_network(l, r))
		return compare_network(b, span, op, l, r);
	if (is_network(r, l))
		return compare_network(b, span, op, r, l);
	if (!bind_literal(b, r.ast, l.expr, &r.expr) ||
	    !bind_literal(b, l.ast, r.expr, &l.expr))
		return NULL;
	if (!type_comparable(l.expr->type, r.expr->type)) {
		type_mismatch(b, span, l, r);
		return NULL;
	}
	type = l.expr->type == VALUE_NULL ? r.expr->type : l.expr->type;
	if (!is_equality(op) && !is_ordered(type)) {
		no_order(b, span, type);
		return NULL;
	}
	warn_null(b, span, l, r);
	if (is_equality(op)) {
		warn_equal(b, r.ast, l.expr);
		warn_equal(b, l.ast, r.expr);
	}
	bind_range(b, op, l.expr, r.ast, r.expr, bound == BOUND_ALONE);
	bind_range(b, comparison_mirror(op), r.expr, l.ast, l.expr,
		   bound == BOUND_ALONE);
	bind_range_same(b, span, op, l.ast, l.expr, r.expr);
	return type_keep(
		b, build_two(b->c->arena, op, VALUE_BOOL, l.expr, r.expr));
}

/* One side is ANY(list) or ALL(list), which comes to the left. */
static const struct expr *compare_elements(struct binder *b,
					   const struct scope *scope,
					   const struct ast_expr *ast,
					   enum expr_op op)
{
	const struct ast_expr *any = ast->args[0], *other = ast->args[1];
	const struct expr *list;
	struct operand x;

	CHECK(!type_is_quantifier(any) || !type_is_quantifier(other));
	if (type_is_quantifier(other)) {
		other = ast->args[0];
		any = ast->args[1];
		op = comparison_mirror(op);
	}
	x = type_operand(b, scope, other);
	list = type_quantifier_list(b, scope, any);
	return type_quantify(b, any, list,
			     compare(b, ast->span, op, type_element(b, any), x,
				     BOUND_ALONE));
}

const struct expr *type_comparison(struct binder *b, const struct scope *scope,
				   const struct ast_expr *ast)
{
	static const enum expr_op ops[AST_OP_COUNT] = {
		[AST_EQ] = EXPR_EQ, [AST_NE] = EXPR_NE, [AST_LT] = EXPR_LT,
		[AST_LE] = EXPR_LE, [AST_GT] = EXPR_GT, [AST_GE] = EXPR_GE,
	};
	enum expr_op op = ops[ast->op];
	struct operand l, r;

	if (type_is_quantifier(ast->args[0]) ||
	    type_is_quantifier(ast->args[1]))
		return compare_elements(b, scope, ast, op);
	l = type_operand(b, scope, ast->args[0]);
	r = type_operand(b, scope, ast->args[1]);
	return compare(b, ast->span, op, l, r, BOUND_ALONE);
}

static void check_bounds(struct binder *b, const struct ast_expr *ast,
			 const struct expr *from, const struct expr *to)
{
	if (!build_is_const(from) || !build_is_const(to) ||
	    value_is_null(from->value) || value_is_null(to->value) ||
	    !type_comparable(from->type, to->type) ||
	    value_compare(from->value, to->value) <= 0)
		return;
	compilation_warning(b->c, ast->span,
			    compilation_text(b->c, "write BETWEEN %s AND %s",
					     bind_quote(b, ast->args[2]),
					     bind_quote(b, ast->args[1])),
			    "nothing is between these: the first is above the "
			    "second");
}

const struct expr *type_between(struct binder *b, const struct scope *scope,
				const struct ast_expr *ast)
{
	struct operand x = type_operand(b, scope, ast->args[0]);
	struct operand from = type_operand(b, scope, ast->args[1]);
	struct operand to = type_operand(b, scope, ast->args[2]);

	from.expr = compare(b, ast->span, EXPR_GE, x, from, BOUND_OF_BETWEEN);
	/* What is wrong with x was said. */
	if (from.expr)
		to.expr =
			compare(b, ast->span, EXPR_LE, x, to, BOUND_OF_BETWEEN);
	if (!from.expr || !to.expr)
		return NULL;
	/* As they are after a text beside a time became one. */
	check_bounds(b, ast, from.expr->args[1], to.expr->args[1]);
	return type_negate(b, ast,
			   build_two(b->c->arena, EXPR_AND, VALUE_BOOL,
				     from.expr, to.expr));
}
