// SPDX-License-Identifier: Apache-2.0
#include "compiler/print_int.h"

#include "compiler/interval.h"
#include "user/base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An operand is put in parentheses when it binds less than its place needs. */
enum binding {
	BINDS_OR,
	BINDS_AND,
	BINDS_NOT,
	BINDS_PREDICATE,
	BINDS_SUM,
	BINDS_PRODUCT,
	BINDS_CONCAT,
	BINDS_UNARY,
	BINDS_PRIMARY,
};

static const struct {
	enum binding binds;
	const char *infix; /* NULL: none */
} operators[] = {
	[AST_NULL] = { BINDS_PRIMARY, NULL },
	[AST_BOOL] = { BINDS_PRIMARY, NULL },
	[AST_INT] = { BINDS_PRIMARY, NULL },
	[AST_DOUBLE] = { BINDS_PRIMARY, NULL },
	[AST_INTERVAL] = { BINDS_PRIMARY, NULL },
	[AST_TEXT] = { BINDS_PRIMARY, NULL },
	[AST_NAME] = { BINDS_PRIMARY, NULL },
	[AST_PARAM] = { BINDS_PRIMARY, NULL },
	[AST_NOT] = { BINDS_NOT, NULL },
	[AST_AND] = { BINDS_AND, "AND" },
	[AST_OR] = { BINDS_OR, "OR" },
	[AST_EQ] = { BINDS_PREDICATE, "=" },
	[AST_NE] = { BINDS_PREDICATE, "<>" },
	[AST_LT] = { BINDS_PREDICATE, "<" },
	[AST_LE] = { BINDS_PREDICATE, "<=" },
	[AST_GT] = { BINDS_PREDICATE, ">" },
	[AST_GE] = { BINDS_PREDICATE, ">=" },
	[AST_ADD] = { BINDS_SUM, "+" },
	[AST_SUB] = { BINDS_SUM, "-" },
	[AST_MUL] = { BINDS_PRODUCT, "*" },
	[AST_DIV] = { BINDS_PRODUCT, "/" },
	[AST_MOD] = { BINDS_PRODUCT, "%" },
	[AST_CONCAT] = { BINDS_CONCAT, "||" },
	[AST_NEG] = { BINDS_UNARY, NULL },
	[AST_IS_NULL] = { BINDS_PREDICATE, NULL },
	[AST_IS_TRUE] = { BINDS_PREDICATE, NULL },
	[AST_IS_FALSE] = { BINDS_PREDICATE, NULL },
	[AST_IN] = { BINDS_PREDICATE, NULL },
	[AST_IN_LIST] = { BINDS_PREDICATE, NULL },
	[AST_BETWEEN] = { BINDS_PREDICATE, NULL },
	[AST_LIKE] = { BINDS_PREDICATE, " LIKE " },
	[AST_ILIKE] = { BINDS_PREDICATE, " ILIKE " },
	[AST_REGEXP] = { BINDS_PREDICATE, " REGEXP " },
	[AST_ANY] = { BINDS_SUM, NULL },
	[AST_ALL] = { BINDS_SUM, NULL },
	[AST_CASE] = { BINDS_PRIMARY, NULL },
	[AST_CAST] = { BINDS_PRIMARY, NULL },
	[AST_CALL] = { BINDS_PRIMARY, NULL },
	[AST_EXISTS] = { BINDS_PRIMARY, NULL },
};

BUILD_CHECK(ARRAY_SIZE(operators) == AST_OP_COUNT);

static enum binding binds(const struct ast_expr *expr)
{
	if (expr->op == AST_EXISTS && expr->negated)
		return BINDS_NOT;
	return operators[expr->op].binds;
}

static void print_at(struct buf *out, const struct ast_expr *expr,
		     enum binding least)
{
	bool parentheses = binds(expr) < least;

	if (parentheses)
		buf_putc(out, '(');
	print_expr(out, expr);
	if (parentheses)
		buf_putc(out, ')');
}

void print_text(struct buf *out, const char *text)
{
	buf_putc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_putc(out, '\'');
		buf_putc(out, *text);
	}
	buf_putc(out, '\'');
}

static void print_upper(struct buf *out, const char *word)
{
	for (; *word; word++)
		buf_putc(out, *word >= 'a' && *word <= 'z' ?
				      (char)(*word - 'a' + 'A') :
				      *word);
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
static void print_double(struct buf *out, double real)
{
	char text[32];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, real);
		if (strtod(text, NULL) == real)
			break;
	}
	buf_puts(out, text);
	/* 5 would be an integer. */
	if (!strpbrk(text, ".e"))
		buf_puts(out, ".0");
}

/* The first operand of a sum may be a sum, the second may not. */
static void print_infix(struct buf *out, const struct ast_expr *expr)
{
	enum binding own = operators[expr->op].binds, least = own;

	if (own == BINDS_PREDICATE)
		least = BINDS_SUM;
	else if (expr->op == AST_AND || expr->op == AST_OR)
		least = own + 1;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		if (i)
			buf_printf(out, " %s ", operators[expr->op].infix);
		if (i && own >= BINDS_SUM)
			least = own + 1;
		print_at(out, expr->args[i], least);
	}
}

void print_exprs(struct buf *out, struct ast_expr *const *items, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (i)
			buf_puts(out, ", ");
		print_expr(out, items[i]);
	}
}

void print_partition(struct buf *out, struct ast_expr *const *keys,
		     unsigned count)
{
	if (!count)
		return;
	buf_puts(out, "PARTITION BY ");
	print_exprs(out, keys, count);
	buf_putc(out, ' ');
}

static void print_call(struct buf *out, const struct ast_expr *expr)
{
	const struct ast_over *over = expr->over;

	print_upper(out, expr->text);
	buf_puts(out, expr->distinct ? "(DISTINCT " : expr->star ? "(*" : "(");
	print_exprs(out, expr->args, expr->arg_count);
	buf_putc(out, ')');
	if (!over)
		return;
	buf_puts(out, " OVER (");
	print_partition(out, over->keys, over->key_count);
	buf_puts(out, "ORDER BY ");
	print_expr(out, over->order);
	buf_puts(out, " RANGE BETWEEN ");
	interval_print(out, over->range_ns);
	buf_puts(out, " PRECEDING AND CURRENT ROW)");
}

/* The elements of IN are sums: a condition stands in parentheses. */
static void print_in(struct buf *out, const struct ast_expr *expr)
{
	buf_puts(out, " IN (");
	for (unsigned i = 1; i < expr->arg_count; i++) {
		if (i > 1)
			buf_puts(out, ", ");
		print_at(out, expr->args[i], BINDS_SUM);
	}
	buf_putc(out, ')');
}

/* args[0], then what is asked of it. */
static void print_predicate(struct buf *out, const struct ast_expr *expr)
{
	static const char *const is[AST_OP_COUNT] = {
		[AST_IS_NULL] = "NULL",
		[AST_IS_TRUE] = "TRUE",
		[AST_IS_FALSE] = "FALSE",
	};
	const char *not = expr->negated ? " NOT" : "";

	print_at(out, expr->args[0], BINDS_SUM);
	if (is[expr->op]) {
		buf_printf(out, " IS%s %s", not, is[expr->op]);
		return;
	}
	buf_puts(out, not );
	if (expr->op == AST_IN) {
		print_in(out, expr);
	} else if (expr->op == AST_IN_LIST) {
		buf_printf(out, " IN %s", expr->text);
	} else if (expr->op == AST_BETWEEN) {
		buf_puts(out, " BETWEEN ");
		print_at(out, expr->args[1], BINDS_SUM);
		buf_puts(out, " AND ");
		print_at(out, expr->args[2], BINDS_SUM);
	} else {
		buf_puts(out, operators[expr->op].infix);
		print_at(out, expr->args[1], BINDS_SUM);
		if (expr->arg_count > 2) {
			buf_puts(out, " ESCAPE ");
			print_at(out, expr->args[2], BINDS_UNARY);
		}
	}
}

static void print_case(struct buf *out, const struct ast_expr *expr)
{
	unsigned i;

	buf_puts(out, "CASE");
	for (i = 0; i + 1 < expr->arg_count; i += 2) {
		buf_puts(out, " WHEN ");
		print_expr(out, expr->args[i]);
		buf_puts(out, " THEN ");
		print_expr(out, expr->args[i + 1]);
	}
	if (i < expr->arg_count) {
		buf_puts(out, " ELSE ");
		print_expr(out, expr->args[i]);
	}
	buf_puts(out, " END");
}

/*
 * -- is a comment, and -5 a literal, so -(5) is what that is the opposite of.
 * Parentheses would nest deeper than - -x does.
 */
static void print_negative(struct buf *out, const struct ast_expr *arg)
{
	bool minus =
		arg->op == AST_NEG || (arg->op == AST_INT && arg->number < 0);
	bool number = !minus && (arg->op == AST_INT || arg->op == AST_DOUBLE);

	buf_puts(out, minus ? "- " : number ? "-(" : "-");
	print_at(out, arg, minus ? BINDS_UNARY : BINDS_PRIMARY);
	buf_puts(out, number ? ")" : "");
}

static void print_leaf(struct buf *out, const struct ast_expr *expr)
{
	if (expr->op == AST_NULL)
		buf_puts(out, "NULL");
	else if (expr->op == AST_BOOL)
		buf_puts(out, expr->number ? "TRUE" : "FALSE");
	else if (expr->op == AST_INT)
		buf_printf(out, "%" PRId64, expr->number);
	else if (expr->op == AST_DOUBLE)
		print_double(out, expr->real);
	else if (expr->op == AST_INTERVAL)
		interval_print(out, expr->number);
	else if (expr->op == AST_TEXT)
		print_text(out, expr->text);
	else if (expr->op == AST_PARAM)
		buf_printf(out, ":%s", expr->text);
	else
		buf_printf(out, "%s%s%s",
			   expr->qualifier ? expr->qualifier : "",
			   expr->qualifier ? "." : "", expr->text);
}

static void print_cast(struct buf *out, const struct ast_expr *expr)
{
	buf_puts(out, "CAST(");
	print_expr(out, expr->args[0]);
	buf_puts(out, " AS ");
	print_upper(out, expr->text);
	buf_putc(out, ')');
}

static void print_exists(struct buf *out, const struct ast_expr *expr)
{
	buf_puts(out, expr->negated ? "NOT EXISTS (" : "EXISTS (");
	print_query(out, expr->select, " ");
	buf_putc(out, ')');
}

void print_expr(struct buf *out, const struct ast_expr *expr)
{
	switch (expr->op) {
	case AST_NULL:
	case AST_BOOL:
	case AST_INT:
	case AST_DOUBLE:
	case AST_INTERVAL:
	case AST_TEXT:
	case AST_NAME:
	case AST_PARAM:
		print_leaf(out, expr);
		return;
	case AST_NOT:
		buf_puts(out, "NOT ");
		print_at(out, expr->args[0], BINDS_NOT);
		return;
	case AST_AND:
	case AST_OR:
	case AST_EQ:
	case AST_NE:
	case AST_LT:
	case AST_LE:
	case AST_GT:
	case AST_GE:
	case AST_ADD:
	case AST_SUB:
	case AST_MUL:
	case AST_DIV:
	case AST_MOD:
	case AST_CONCAT:
		print_infix(out, expr);
		return;
	case AST_NEG:
		print_negative(out, expr->args[0]);
		return;
	case AST_IS_NULL:
	case AST_IS_TRUE:
	case AST_IS_FALSE:
	case AST_IN:
	case AST_IN_LIST:
	case AST_BETWEEN:
	case AST_LIKE:
	case AST_ILIKE:
	case AST_REGEXP:
		print_predicate(out, expr);
		return;
	case AST_ANY:
	case AST_ALL:
		buf_puts(out, expr->op == AST_ANY ? "ANY(" : "ALL(");
		print_expr(out, expr->args[0]);
		buf_putc(out, ')');
		return;
	case AST_CASE:
		print_case(out, expr);
		return;
	case AST_CAST:
		print_cast(out, expr);
		return;
	case AST_CALL:
		print_call(out, expr);
		return;
	case AST_EXISTS:
		print_exists(out, expr);
		return;
	case AST_OP_COUNT:
		break;
	}
	CHECK(!"an operator of the syntax tree");
}
