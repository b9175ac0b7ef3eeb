// SPDX-License-Identifier: Apache-2.0
/*
 * The canonical SQL of an expression: one spelling for each tree, which digests
 * cover and explain shows. Parentheses only where precedence needs them.
 */
#include "stream/plan.h"
#include "user/base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* How tightly an operator binds; larger is tighter. */
enum binding {
	BIND_OR = 1,
	BIND_AND,
	BIND_NOT,
	BIND_COMPARE,
	BIND_SUM,
	BIND_PRODUCT,
	BIND_CONCAT,
	BIND_NEG,
	BIND_ATOM
};

struct printer {
	struct buf *out;
	const struct expr_names *names;
	const struct expr *any; /* the ANY or ALL whose body this is */
};

static const char *const infix[EXPR_OP_COUNT] = {
	[EXPR_AND] = " AND ", [EXPR_OR] = " OR ",     [EXPR_EQ] = " = ",
	[EXPR_NE] = " <> ",   [EXPR_LT] = " < ",      [EXPR_LE] = " <= ",
	[EXPR_GT] = " > ",    [EXPR_GE] = " >= ",     [EXPR_ADD] = " + ",
	[EXPR_SUB] = " - ",   [EXPR_MUL] = " * ",     [EXPR_DIV] = " / ",
	[EXPR_MOD] = " % ",   [EXPR_CONCAT] = " || ",
};

static void print_expr(const struct printer *p, const struct expr *expr);

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
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_MOD:
		return BIND_PRODUCT;
	case EXPR_CONCAT:
		return BIND_CONCAT;
	case EXPR_NEG:
		return BIND_NEG;
	case EXPR_CONST:
	case EXPR_COLUMN:
	case EXPR_SLOT:
	case EXPR_ELEMENT:
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
	case EXPR_IS_TRUE:
	case EXPR_IN:
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_LIKE:
	case EXPR_REGEXP:
	case EXPR_CIDR:
	case EXPR_ANY:
	case EXPR_ALL:
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
	buf_printf(out, "CAST('%.*sZ' AS TIMESTAMP)", (int)n, text);
}

/* The shortest digits that are this number, and none of an integer. */
static void print_double(struct buf *out, double d)
{
	char text[40];

	if (isinf(d)) {
		buf_puts(out, d < 0 ? "-9e999" : "9e999");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_puts(out, text);
	if (!strpbrk(text, ".e"))
		buf_puts(out, ".0");
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
		print_double(out, v.d);
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

static bool is_matches(const struct expr *expr, const struct expr_names *names)
{
	return names->rules && names->rules[expr->input];
}

static const char *column_name(const struct expr *expr,
			       const struct expr_names *names)
{
	enum stream_id stream = names->streams[expr->input];

	if (!is_matches(expr, names))
		return catalog_column_at(catalog_stream(stream), expr->column)
			->name;
	if (expr->column < COL_OWN_FIRST)
		return catalog_column_at(catalog_stream((enum stream_id)0),
					 expr->column)
			->name;
	CHECK(expr->column - (unsigned)COL_OWN_FIRST <
	      names->rules[expr->input]->output_count);
	return names->rules[expr->input]
		->outputs[expr->column - COL_OWN_FIRST]
		.name;
}

static void print_at(const struct printer *p, const struct expr *expr,
		     enum binding at_least)
{
	bool wrap = binding_of(expr) < at_least;

	if (wrap)
		buf_putc(p->out, '(');
	print_expr(p, expr);
	if (wrap)
		buf_putc(p->out, ')');
}

/* Is it a constant of an enum column? Then by its name. */
static bool print_literal(const struct printer *p, const struct expr *expr,
			  const struct expr *other)
{
	const struct column *column;
	enum stream_id stream;
	const char *text;
	int64_t value;

	if (expr->op != EXPR_CONST || expr->value.type != VALUE_INT ||
	    other->op != EXPR_COLUMN || is_matches(other, p->names))
		return false;
	stream = p->names->streams[other->input];
	column = catalog_column_at(catalog_stream(stream), other->column);
	for (unsigned i = 0;
	     (text = catalog_literal(stream, column, i, &value)) != NULL; i++) {
		if (value != expr->value.i)
			continue;
		print_quoted(p->out, (const uint8_t *)text, strlen(text));
		return true;
	}
	return false;
}

static void print_operand(const struct printer *p, const struct expr *expr,
			  const struct expr *other)
{
	if (!print_literal(p, expr, other))
		print_at(p, expr, BIND_SUM);
}

static void print_comparison(const struct printer *p, const struct expr *expr)
{
	print_operand(p, expr->args[0], expr->args[1]);
	buf_puts(p->out, infix[expr->op]);
	print_operand(p, expr->args[1], expr->args[0]);
}

static void print_chain(const struct printer *p, const struct expr *expr)
{
	enum binding tighter = expr->op == EXPR_OR  ? BIND_AND :
			       expr->op == EXPR_AND ? BIND_NOT :
						      BIND_NEG;

	for (unsigned i = 0; i < expr->arg_count; i++) {
		if (i)
			buf_puts(p->out, infix[expr->op]);
		print_at(p, expr->args[i],
			 i || expr->op != EXPR_CONCAT ? tighter : BIND_CONCAT);
	}
}

static void print_in(const struct printer *p, const struct expr *expr)
{
	buf_puts(p->out, " IN (");
	for (unsigned i = 1; i < expr->arg_count; i++) {
		if (i > 1)
			buf_puts(p->out, ", ");
		print_operand(p, expr->args[i], expr->args[0]);
	}
	buf_putc(p->out, ')');
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

	buf_puts(out, expr->fold_case ? " ILIKE '" : " LIKE '");
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

static void print_pattern(struct buf *out, const struct expr *expr)
{
	buf_puts(out, expr->op == EXPR_REGEXP ? " REGEXP " :
		      expr->fold_case	      ? " ILIKE " :
						" LIKE ");
	print_value(out, expr->value);
	if (expr->op == EXPR_LIKE && expr->escape) {
		buf_puts(out, " ESCAPE ");
		print_quoted(out, &expr->escape, 1);
	}
}

static void print_network(struct buf *out, const struct expr *expr)
{
	char text[TEXT_IP_BYTES];

	text_ip(expr->value, text);
	buf_printf(out, " = '%s/%u'", text, expr->prefix);
}

/* A question about args[0]; `not` goes behind it. */
static void print_test(const struct printer *p, const struct expr *expr,
		       bool not )
{
	print_at(p, expr->args[0], BIND_SUM);
	if (expr->op == EXPR_IS_NULL || expr->op == EXPR_IS_TRUE) {
		buf_printf(p->out, " IS %s%s", not ? "NOT " : "",
			   expr->op == EXPR_IS_NULL ? "NULL" : "TRUE");
		return;
	}
	if (not )
		buf_puts(p->out, " NOT");
	if (expr->op == EXPR_IN)
		print_in(p, expr);
	else if (expr->op == EXPR_LIKE || expr->op == EXPR_REGEXP)
		print_pattern(p->out, expr);
	else if (expr->op == EXPR_CIDR)
		print_network(p->out, expr);
	else
		print_affix(p->out, expr);
}

/* NOT of an element's test stays with the element: ANY(x) NOT LIKE 'y'. */
static void print_not(const struct printer *p, const struct expr *expr)
{
	const struct expr *arg = expr->args[0];

	if (arg->op == EXPR_IS_NULL || arg->op == EXPR_IS_TRUE ||
	    (p->any && arg->arg_count && arg->op >= EXPR_IN &&
	     arg->op <= EXPR_REGEXP && arg->args[0]->op == EXPR_ELEMENT)) {
		print_test(p, arg, true);
		return;
	}
	buf_puts(p->out, "NOT ");
	print_at(p, arg, BIND_NOT);
}

/* Left to right: the right operand binds tighter. */
static void print_left(const struct printer *p, const struct expr *expr)
{
	enum binding own = binding_of(expr);

	print_at(p, expr->args[0], own);
	buf_puts(p->out, infix[expr->op]);
	print_at(p, expr->args[1], own + 1);
}

/* "--" would begin a comment. */
static void print_neg(const struct printer *p, const struct expr *expr)
{
	const struct expr *arg = expr->args[0];
	bool wrap = binding_of(arg) < BIND_ATOM || arg->op == EXPR_CONST;

	buf_puts(p->out, wrap ? "-(" : "-");
	print_expr(p, arg);
	if (wrap)
		buf_putc(p->out, ')');
}

static void print_case(const struct printer *p, const struct expr *expr)
{
	unsigned i;

	buf_puts(p->out, "CASE");
	for (i = 0; i + 1 < expr->arg_count; i += 2) {
		buf_puts(p->out, " WHEN ");
		print_expr(p, expr->args[i]);
		buf_puts(p->out, " THEN ");
		print_expr(p, expr->args[i + 1]);
	}
	if (i < expr->arg_count) {
		buf_puts(p->out, " ELSE ");
		print_expr(p, expr->args[i]);
	}
	buf_puts(p->out, " END");
}

static void print_call(const struct printer *p, const struct expr *expr)
{
	const char *name = function_info(expr->function)->name;

	for (; *name; name++)
		buf_putc(p->out, (char)toupper((unsigned char)*name));
	buf_putc(p->out, '(');
	for (unsigned i = 0; i < expr->arg_count; i++) {
		if (i)
			buf_puts(p->out, ", ");
		print_expr(p, expr->args[i]);
	}
	buf_putc(p->out, ')');
}

static void print_cast(const struct printer *p, const struct expr *expr)
{
	buf_puts(p->out, "CAST(");
	print_expr(p, expr->args[0]);
	buf_printf(p->out, " AS %s)", value_type_name(expr->type));
}

static void print_quantified(const struct printer *p, const struct expr *expr)
{
	struct printer body = *p;

	body.any = expr;
	print_expr(&body, expr->args[1]);
}

static void print_element(const struct printer *p)
{
	struct printer outside = *p;

	if (!p->any) {
		buf_puts(p->out, "ELEMENT");
		return;
	}
	outside.any = NULL;
	buf_puts(p->out, p->any->op == EXPR_ANY ? "ANY(" : "ALL(");
	print_expr(&outside, p->any->args[0]);
	buf_putc(p->out, ')');
}

static void print_expr(const struct printer *p, const struct expr *expr)
{
	switch (expr->op) {
	case EXPR_CONST:
		print_value(p->out, expr->value);
		return;
	case EXPR_COLUMN:
		buf_printf(p->out, "%s.%s", p->names->inputs[expr->input],
			   column_name(expr, p->names));
		return;
	case EXPR_SLOT:
		buf_puts(p->out, p->names->slots[expr->slot]);
		return;
	case EXPR_ELEMENT:
		print_element(p);
		return;
	case EXPR_NOT:
		print_not(p, expr);
		return;
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_CONCAT:
		print_chain(p, expr);
		return;
	case EXPR_EQ:
	case EXPR_NE:
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
		print_comparison(p, expr);
		return;
	case EXPR_IS_NULL:
	case EXPR_IS_TRUE:
	case EXPR_IN:
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_LIKE:
	case EXPR_REGEXP:
	case EXPR_CIDR:
		print_test(p, expr, false);
		return;
	case EXPR_ANY:
	case EXPR_ALL:
		print_quantified(p, expr);
		return;
	case EXPR_ADD:
	case EXPR_SUB:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_MOD:
		print_left(p, expr);
		return;
	case EXPR_NEG:
		print_neg(p, expr);
		return;
	case EXPR_CASE:
		print_case(p, expr);
		return;
	case EXPR_CAST:
		print_cast(p, expr);
		return;
	case EXPR_CALL:
		print_call(p, expr);
		return;
	case EXPR_OP_COUNT:
		break;
	}
	CHECK(!"an expression of no known kind");
}

void expr_print(struct buf *out, const struct expr *expr,
		const struct expr_names *names)
{
	const struct printer printer = { .out = out, .names = names };

	print_expr(&printer, expr);
}
