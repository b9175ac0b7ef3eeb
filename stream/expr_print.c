// SPDX-License-Identifier: Apache-2.0
/*
 * The canonical SQL of an expression: one spelling for each tree, which digests
 * cover and explain shows. Parentheses only where precedence needs them.
 */
#include "stream/expr.h"

#include "user/base/text.h"

#include <inttypes.h>

/* How tightly an operator binds; larger is tighter. */
enum binding {
	BIND_OR = 1,
	BIND_AND,
	BIND_NOT,
	BIND_COMPARE,
	BIND_SUM,
	BIND_ATOM
};

static enum binding binding_of(const struct expr *expr)
{
	switch (expr->op) {
	case EXPR_OR:
		return BIND_OR;
	case EXPR_AND:
		return BIND_AND;
	case EXPR_NOT:
		return BIND_NOT;
	case EXPR_ADD:
	case EXPR_SUB:
		return BIND_SUM;
	case EXPR_CONST:
	case EXPR_COLUMN:
	case EXPR_SLOT:
	case EXPR_ELEMENT:
	case EXPR_ANY:
	case EXPR_ALL:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_MOD:
	case EXPR_NEG:
	case EXPR_CONCAT:
	case EXPR_CASE:
	case EXPR_CAST:
	case EXPR_CALL:
	case EXPR_OP_COUNT:
		return BIND_ATOM;
	case EXPR_EQ:
	case EXPR_NE:
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
	case EXPR_IS_NULL:
	case EXPR_IN:
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_LIKE:
	case EXPR_IS_TRUE:
	case EXPR_REGEXP:
	case EXPR_CIDR:
		break;
	}
	return BIND_COMPARE;
}

static void print_quoted(struct buf *out, const uint8_t *p, size_t len)
{
	buf_putc(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\'')
			buf_putc(out, '\'');
		buf_put(out, p + i, 1);
	}
	buf_putc(out, '\'');
}

static void print_hex(struct buf *out, struct value v)
{
	buf_puts(out, "X'");
	for (uint32_t i = 0; i < v.len; i++)
		buf_printf(out, "%02X", v.p[i]);
	buf_putc(out, '\'');
}

static void print_ip(struct buf *out, struct value v)
{
	char text[TEXT_IP_BYTES];

	text_ip(v, text);
	buf_printf(out, "'%s'", text);
}

static void print_interval(struct buf *out, int64_t ns)
{
	buf_puts(out, "INTERVAL '");
	text_seconds(out, ns);
	buf_puts(out, "' SECOND");
}

/* Without zeros at the end of the fraction. */
static void print_timestamp(struct buf *out, int64_t ns)
{
	char text[TEXT_TIME_BYTES];
	size_t n;

	text_time(ns, text);
	n = strlen(text) - 1;
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	buf_printf(out, "TIMESTAMP '%.*sZ'", (int)n, text);
}

static void print_value(struct buf *out, struct value v)
{
	switch ((enum value_type)v.type) {
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		buf_puts(out, "NULL");
		return;
	case VALUE_BOOL:
		buf_puts(out, v.i ? "TRUE" : "FALSE");
		return;
	case VALUE_INT:
		buf_printf(out, "%" PRId64, v.i);
		return;
	case VALUE_DOUBLE:
		buf_printf(out, "%.17g", v.d);
		return;
	case VALUE_HASH:
		buf_putc(out, '\'');
		text_hex(out, v.p, v.len);
		buf_putc(out, '\'');
		return;
	case VALUE_TEXT:
		print_quoted(out, v.p, v.len);
		return;
	case VALUE_BYTES:
	case VALUE_LIST:
		print_hex(out, v);
		return;
	case VALUE_IP:
		print_ip(out, v);
		return;
	case VALUE_TIMESTAMP:
		print_timestamp(out, v.i);
		return;
	case VALUE_INTERVAL:
		print_interval(out, v.i);
		return;
	}
}

static const struct column *column_of(const struct expr *expr,
				      const struct expr_names *names)
{
	enum stream_id stream = names->streams[expr->input];

	return catalog_column_at(catalog_stream(stream), expr->column);
}

static void print_at(struct buf *out, const struct expr *expr,
		     const struct expr_names *names, enum binding at_least)
{
	bool wrap = binding_of(expr) < at_least;

	if (wrap)
		buf_putc(out, '(');
	expr_print(out, expr, names);
	if (wrap)
		buf_putc(out, ')');
}

/* An operand beside `other`: a constant of an enum column by its name. */
static void print_operand(struct buf *out, const struct expr *expr,
			  const struct expr *other,
			  const struct expr_names *names)
{
	const char *text;
	int64_t value;

	if (expr->op == EXPR_CONST && expr->value.type == VALUE_INT &&
	    other->op == EXPR_COLUMN) {
		enum stream_id stream = names->streams[other->input];
		const struct column *column = column_of(other, names);

		for (unsigned i = 0; (text = catalog_literal(stream, column, i,
							     &value)) != NULL;
		     i++) {
			if (value != expr->value.i)
				continue;
			print_quoted(out, (const uint8_t *)text, strlen(text));
			return;
		}
	}
	print_at(out, expr, names, BIND_SUM);
}

static void print_binary(struct buf *out, const struct expr *expr,
			 const char *op, const struct expr_names *names)
{
	print_operand(out, expr->args[0], expr->args[1], names);
	buf_puts(out, op);
	print_operand(out, expr->args[1], expr->args[0], names);
}

static void print_chain(struct buf *out, const struct expr *expr,
			const char *op, const struct expr_names *names)
{
	enum binding tighter = expr->op == EXPR_OR ? BIND_AND : BIND_NOT;

	for (unsigned i = 0; i < expr->arg_count; i++) {
		if (i)
			buf_puts(out, op);
		print_at(out, expr->args[i], names, tighter);
	}
}

static void print_in(struct buf *out, const struct expr *expr,
		     const struct expr_names *names)
{
	print_at(out, expr->args[0], names, BIND_SUM);
	buf_puts(out, " IN (");
	for (unsigned i = 1; i < expr->arg_count; i++) {
		if (i > 1)
			buf_puts(out, ", ");
		print_operand(out, expr->args[i], expr->args[0], names);
	}
	buf_putc(out, ')');
}

static bool has_wildcard(struct value v)
{
	for (uint32_t i = 0; i < v.len; i++)
		if (v.p[i] == '%' || v.p[i] == '_')
			return true;
	return false;
}

/* PREFIX, SUFFIX and CONTAINS are spelled as the LIKE they came from. */
static void print_affix(struct buf *out, const struct expr *expr)
{
	bool escape = has_wildcard(expr->value);

	buf_puts(out, " LIKE '");
	if (expr->op != EXPR_PREFIX)
		buf_putc(out, '%');
	for (uint32_t i = 0; i < expr->value.len; i++) {
		uint8_t c = expr->value.p[i];

		if (c == '\'')
			buf_putc(out, '\'');
		else if (escape && (c == '%' || c == '_' || c == '\\'))
			buf_putc(out, '\\');
		buf_put(out, &c, 1);
	}
	if (expr->op != EXPR_SUFFIX)
		buf_putc(out, '%');
	buf_puts(out, escape ? "' ESCAPE '\\'" : "'");
}

static void print_like(struct buf *out, const struct expr *expr,
		       const struct expr_names *names)
{
	print_at(out, expr->args[0], names, BIND_SUM);
	if (expr->op != EXPR_LIKE) {
		print_affix(out, expr);
		return;
	}
	buf_puts(out, " LIKE ");
	print_value(out, expr->value);
	if (expr->escape) {
		buf_puts(out, " ESCAPE ");
		print_quoted(out, &expr->escape, 1);
	}
}

static void print_sum(struct buf *out, const struct expr *expr, const char *op,
		      const struct expr_names *names)
{
	print_at(out, expr->args[0], names, BIND_SUM);
	buf_puts(out, op);
	print_at(out, expr->args[1], names, BIND_ATOM);
}

static void print_not(struct buf *out, const struct expr *expr,
		      const struct expr_names *names)
{
	const struct expr *arg = expr->args[0];

	if (arg->op == EXPR_IS_NULL) {
		print_at(out, arg->args[0], names, BIND_SUM);
		buf_puts(out, " IS NOT NULL");
		return;
	}
	buf_puts(out, "NOT ");
	print_at(out, arg, names, BIND_NOT);
}

void expr_print(struct buf *out, const struct expr *expr,
		const struct expr_names *names)
{
	static const char *const comparisons[EXPR_OP_COUNT] = {
		[EXPR_EQ] = " = ",  [EXPR_NE] = " <> ", [EXPR_LT] = " < ",
		[EXPR_LE] = " <= ", [EXPR_GT] = " > ",	[EXPR_GE] = " >= ",
	};

	switch (expr->op) {
	case EXPR_CONST:
		print_value(out, expr->value);
		return;
	case EXPR_COLUMN:
		buf_printf(out, "%s.%s", names->inputs[expr->input],
			   column_of(expr, names)->name);
		return;
	case EXPR_SLOT:
		buf_puts(out, names->slots[expr->slot]);
		return;
	case EXPR_NOT:
		print_not(out, expr, names);
		return;
	case EXPR_AND:
		print_chain(out, expr, " AND ", names);
		return;
	case EXPR_OR:
		print_chain(out, expr, " OR ", names);
		return;
	case EXPR_EQ:
	case EXPR_NE:
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
		print_binary(out, expr, comparisons[expr->op], names);
		return;
	case EXPR_IS_NULL:
		print_at(out, expr->args[0], names, BIND_SUM);
		buf_puts(out, " IS NULL");
		return;
	case EXPR_IN:
		print_in(out, expr, names);
		return;
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_LIKE:
		print_like(out, expr, names);
		return;
	case EXPR_ANY:
		buf_puts(out, "ANY(");
		expr_print(out, expr->args[0], names);
		buf_puts(out, ") ");
		expr_print(out, expr->args[1], names);
		return;
	case EXPR_ADD:
		print_sum(out, expr, " + ", names);
		return;
	case EXPR_SUB:
		print_sum(out, expr, " - ", names);
		return;
	case EXPR_ELEMENT:
		buf_puts(out, "ELEMENT");
		return;
	case EXPR_IS_TRUE:
	case EXPR_REGEXP:
	case EXPR_CIDR:
	case EXPR_ALL:
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
