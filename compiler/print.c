// SPDX-License-Identifier: Apache-2.0
#include "compiler/print.h"

#include "compiler/interval.h"
#include "user/base/check.h"

#include <inttypes.h>

/* An operand is put in parentheses when it binds less than its place needs. */
enum binding {
	BINDS_OR,
	BINDS_AND,
	BINDS_NOT,
	BINDS_PREDICATE,
	BINDS_SUM,
	BINDS_PRIMARY,
};

static const enum binding bindings[] = {
	[AST_NULL] = BINDS_PRIMARY,   [AST_BOOL] = BINDS_PRIMARY,
	[AST_INT] = BINDS_PRIMARY,    [AST_INTERVAL] = BINDS_PRIMARY,
	[AST_TEXT] = BINDS_PRIMARY,   [AST_NAME] = BINDS_PRIMARY,
	[AST_NOT] = BINDS_NOT,	      [AST_AND] = BINDS_AND,
	[AST_OR] = BINDS_OR,	      [AST_EQ] = BINDS_PREDICATE,
	[AST_NE] = BINDS_PREDICATE,   [AST_LT] = BINDS_PREDICATE,
	[AST_LE] = BINDS_PREDICATE,   [AST_GT] = BINDS_PREDICATE,
	[AST_GE] = BINDS_PREDICATE,   [AST_ADD] = BINDS_SUM,
	[AST_SUB] = BINDS_SUM,	      [AST_IS_NULL] = BINDS_PREDICATE,
	[AST_IN] = BINDS_PREDICATE,   [AST_BETWEEN] = BINDS_PREDICATE,
	[AST_LIKE] = BINDS_PREDICATE, [AST_ANY] = BINDS_PRIMARY,
	[AST_CALL] = BINDS_PRIMARY,   [AST_EXISTS] = BINDS_PRIMARY,
};

BUILD_CHECK(ARRAY_SIZE(bindings) == AST_OP_COUNT);

static const char *const infixes[AST_OP_COUNT] = {
	[AST_AND] = "AND", [AST_OR] = "OR", [AST_EQ] = "=", [AST_NE] = "<>",
	[AST_LT] = "<",	   [AST_LE] = "<=", [AST_GT] = ">", [AST_GE] = ">=",
	[AST_ADD] = "+",   [AST_SUB] = "-",
};

static void print_at(struct buf *out, const struct ast_expr *expr,
		     enum binding least)
{
	bool parentheses = bindings[expr->op] < least;

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

/* The first operand of a sum may be a sum, the second may not. */
static void print_infix(struct buf *out, const struct ast_expr *expr)
{
	enum binding least = BINDS_SUM;

	if (expr->op == AST_AND || expr->op == AST_OR)
		least = bindings[expr->op] + 1;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		if (i)
			buf_printf(out, " %s ", infixes[expr->op]);
		if (i && (expr->op == AST_ADD || expr->op == AST_SUB))
			least = BINDS_PRIMARY;
		print_at(out, expr->args[i], least);
	}
}

static void print_list(struct buf *out, struct ast_expr *const *items,
		       unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (i)
			buf_puts(out, ", ");
		print_at(out, items[i], BINDS_SUM);
	}
}

static void print_count(struct buf *out, const struct ast_over *window)
{
	buf_puts(out, "COUNT(*)");
	if (!window)
		return;
	buf_puts(out, " OVER (");
	if (window->key_count) {
		buf_puts(out, "PARTITION BY ");
		print_list(out, window->keys, window->key_count);
		buf_putc(out, ' ');
	}
	buf_puts(out, "ORDER BY ");
	print_expr(out, window->order);
	buf_puts(out, " RANGE BETWEEN ");
	interval_print(out, window->range_ns);
	buf_puts(out, " PRECEDING AND CURRENT ROW)");
}

/* args[0], then what is asked of it. */
static void print_predicate(struct buf *out, const struct ast_expr *expr)
{
	const char *not = expr->negated ? " NOT" : "";

	print_at(out, expr->args[0], BINDS_SUM);
	if (expr->op == AST_IS_NULL) {
		buf_printf(out, " IS%s NULL", not );
	} else if (expr->op == AST_IN) {
		buf_printf(out, "%s IN (", not );
		print_list(out, expr->args + 1, expr->arg_count - 1);
		buf_putc(out, ')');
	} else if (expr->op == AST_BETWEEN) {
		buf_printf(out, "%s BETWEEN ", not );
		print_at(out, expr->args[1], BINDS_SUM);
		buf_puts(out, " AND ");
		print_at(out, expr->args[2], BINDS_SUM);
	} else if (expr->op == AST_LIKE) {
		buf_printf(out, "%s LIKE ", not );
		print_at(out, expr->args[1], BINDS_SUM);
		if (expr->arg_count > 2) {
			buf_puts(out, " ESCAPE ");
			print_at(out, expr->args[2], BINDS_PRIMARY);
		}
	}
}

void print_expr(struct buf *out, const struct ast_expr *expr)
{
	switch (expr->op) {
	case AST_NULL:
		buf_puts(out, "NULL");
		return;
	case AST_BOOL:
		buf_puts(out, expr->number ? "TRUE" : "FALSE");
		return;
	case AST_INT:
		buf_printf(out, "%" PRId64, expr->number);
		return;
	case AST_INTERVAL:
		interval_print(out, expr->number);
		return;
	case AST_TEXT:
		print_text(out, expr->text);
		return;
	case AST_NAME:
		buf_printf(out, "%s%s%s",
			   expr->qualifier ? expr->qualifier : "",
			   expr->qualifier ? "." : "", expr->text);
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
		print_infix(out, expr);
		return;
	case AST_IS_NULL:
	case AST_IN:
	case AST_BETWEEN:
	case AST_LIKE:
		print_predicate(out, expr);
		return;
	case AST_ANY:
		buf_puts(out, "ANY(");
		print_expr(out, expr->args[0]);
		buf_putc(out, ')');
		return;
	case AST_CALL:
		print_count(out, expr->over);
		return;
	case AST_DOUBLE:
	case AST_PARAM:
	case AST_MUL:
	case AST_DIV:
	case AST_MOD:
	case AST_CONCAT:
	case AST_NEG:
	case AST_IS_TRUE:
	case AST_IS_FALSE:
	case AST_IN_LIST:
	case AST_ILIKE:
	case AST_REGEXP:
	case AST_ALL:
	case AST_CASE:
	case AST_CAST:
	case AST_EXISTS:
	case AST_OP_COUNT:
		break;
	}
	CHECK(!"an operator of the syntax tree");
}

static void print_select(struct buf *out, const struct ast_select *select,
			 const char *gap);

static void print_item(struct buf *out, const struct ast_item *item)
{
	if (item->stream) {
		buf_puts(out, item->stream);
	} else {
		buf_putc(out, '(');
		print_select(out, item->select, " ");
		buf_putc(out, ')');
	}
	if (item->alias)
		buf_printf(out, " AS %s", item->alias);
	if (item->on) {
		buf_puts(out, " ON ");
		print_expr(out, item->on);
	}
}

/* `gap` stands between clauses: a line break outside of parentheses. */
static void print_select(struct buf *out, const struct ast_select *select,
			 const char *gap)
{
	buf_puts(out, "SELECT ");
	for (unsigned i = 0; i < select->output_count; i++) {
		const struct ast_output *output = &select->outputs[i];

		buf_puts(out, i ? ", " : "");
		print_expr(out, output->expr);
		if (output->alias)
			buf_printf(out, " AS %s", output->alias);
	}
	for (unsigned i = 0; i < select->item_count; i++) {
		buf_printf(out, "%s%s ", gap, i ? "JOIN" : "FROM");
		print_item(out, &select->items[i]);
	}
	if (select->where) {
		buf_printf(out, "%sWHERE ", gap);
		print_expr(out, select->where);
	}
}

static void print_options(struct buf *out, const struct ast_rule *rule)
{
	buf_puts(out, "\nWITH (");
	for (unsigned i = 0; i < rule->option_count; i++) {
		buf_printf(out, "%s%s = ", i ? ", " : "",
			   rule->options[i].name);
		print_expr(out, rule->options[i].value);
	}
	buf_putc(out, ')');
}

void print_rule(struct buf *out, const struct ast_rule *rule)
{
	buf_printf(out, "CREATE RULE %s", rule->name);
	if (rule->option_count)
		print_options(out, rule);
	buf_puts(out, " AS\n");
	print_select(out, rule->select, "\n");
	if (rule->emit != AST_EMIT_DEFAULT)
		buf_printf(out, "\nEMIT ON %s MATCH",
			   rule->emit == AST_EMIT_FIRST ? "FIRST" : "EVERY");
	if (rule->suppress_ns) {
		buf_puts(out, "\nSUPPRESS FOR ");
		interval_print(out, rule->suppress_ns);
	}
	if (rule->gap != AST_GAP_DEFAULT)
		buf_printf(out, "\nON GAP %s",
			   rule->gap == AST_GAP_FLAG ? "FLAG" : "SUPPRESS");
	buf_puts(out, ";\n");
}
