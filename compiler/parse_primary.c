// SPDX-License-Identifier: Apache-2.0
/* Literals, columns, parentheses: what stands between operators. */
#include "compiler/parse_int.h"

#include "compiler/diagnostic_int.h"
#include "compiler/interval.h"

#include <string.h>

/* INTERVAL 5 MINUTE: complains when it is one. */
static bool unquoted_interval(struct parser *p)
{
	if (p->token.kind != TOKEN_INTEGER)
		return false;
	compilation_error(
		p->c, p->token.span,
		compilation_text(p->c, "write INTERVAL '%llu' SECOND",
				 (unsigned long long)p->token.integer),
		"the number of an interval stands in quotes");
	return true;
}

static bool interval_complete(struct parser *p, const struct token *number,
			      int64_t unit_ns, int64_t *ret_ns)
{
	switch (interval_parse(number->text, unit_ns, ret_ns)) {
	case INTERVAL_OK:
		return true;
	case INTERVAL_TOO_FINE:
		compilation_error(p->c, number->span, NULL,
				  "an interval is a whole number of "
				  "nanoseconds");
		return false;
	case INTERVAL_TOO_LONG:
		compilation_error(p->c, number->span, NULL,
				  "an interval is at most 3650 days");
		return false;
	case INTERVAL_MALFORMED:
	default:
		compilation_error(p->c, number->span,
				  "write INTERVAL '10' SECOND or INTERVAL "
				  "'0.5' SECOND",
				  "this is not the number of an interval");
		return false;
	}
}

bool parse_interval(struct parser *p, int64_t *ret_ns, struct span *ret_span)
{
	const char *form = "as in INTERVAL '10' SECOND, with the unit outside";
	struct token number;
	struct span start = p->token.span;
	int64_t unit_ns;

	if (!parse_expect_word(p, "interval"))
		return false;
	number = p->token;
	if (unquoted_interval(p))
		return false;
	if (!parse_accept(p, TOKEN_TEXT)) {
		parse_expected_form(p, "a number in quotes", form);
		return false;
	}
	unit_ns =
		p->token.kind == TOKEN_WORD ? interval_unit(p->token.text) : 0;
	if (!unit_ns) {
		parse_expected_form(
			p, "MILLISECOND, SECOND, MINUTE, HOUR or DAY", form);
		return false;
	}
	parse_advance(p);
	*ret_span = parse_span(p, start);
	return interval_complete(p, &number, unit_ns, ret_ns);
}

struct ast_expr *parse_column(struct parser *p)
{
	struct ast_expr *expr = parse_new(p, AST_NAME, p->token.span);
	unsigned dots = 0;

	if (!expr)
		return NULL;
	expr->text = parse_name(p, "a column");
	while (expr->text && p->token.kind == TOKEN_DOT) {
		parse_advance(p);
		expr->qualifier =
			expr->qualifier ?
				compilation_text(p->c, "%s.%s", expr->qualifier,
						 expr->text) :
				expr->text;
		if (p->token.kind == TOKEN_STAR) {
			compilation_error(p->c, p->token.span, NULL,
					  "%s.* is not supported: name the "
					  "columns that a match shall show",
					  expr->qualifier);
			return NULL;
		}
		if (dots++ >= 2) {
			parse_expected(p, "at most two dots in a name");
			return NULL;
		}
		expr->text = parse_name(p, "a column");
	}
	return expr->text ? parse_finish(p, expr) : NULL;
}

static bool at_end(const struct parser *p)
{
	return p->token.kind == TOKEN_SEMICOLON || p->token.kind == TOKEN_END;
}

/* At the end of a rule the ( may be far away. */
static const char *closing(struct parser *p, struct span left)
{
	struct position at = diagnostic_position(
		&p->c->diagnostics->sources[left.source], left.start);
	const char *text = compilation_text(
		p->c, ") for the ( in line %u, column %u", at.line, at.column);

	return text ? text : ")";
}

struct ast_expr *parse_inner(struct parser *p)
{
	const struct span left = p->last;
	struct ast_expr *expr = NULL;

	if (parse_enter(p))
		expr = parse_expr(p);
	parse_leave(p);
	if (!expr || parse_accept(p, TOKEN_RIGHT))
		return expr;
	parse_expected(p, at_end(p) ? closing(p, left) : ")");
	return NULL;
}

/* 12, 1.5, perhaps behind the - that the caller took. */
static struct ast_expr *parse_number(struct parser *p, bool minus)
{
	struct ast_expr *expr =
		parse_new(p, AST_INT, minus ? p->last : p->token.span);
	uint64_t most = (uint64_t)INT64_MAX + minus;

	if (!expr)
		return NULL;
	if (p->token.kind == TOKEN_DOUBLE) {
		expr->op = AST_DOUBLE;
		expr->real = minus ? -p->token.real : p->token.real;
	} else if (p->token.integer > most) {
		compilation_error(p->c, p->token.span, NULL,
				  "a number is at most 9223372036854775807");
		return NULL;
	} else {
		expr->number = (int64_t)(minus ? 0 - p->token.integer :
						 p->token.integer);
	}
	parse_advance(p);
	return parse_finish(p, expr);
}

static bool at_number(const struct parser *p)
{
	return p->token.kind == TOKEN_INTEGER || p->token.kind == TOKEN_DOUBLE;
}

static bool is_literal_number(const struct ast_expr *expr)
{
	return expr->op == AST_DOUBLE ||
	       (expr->op == AST_INT && expr->number != INT64_MIN);
}

struct ast_expr *parse_unary(struct parser *p)
{
	struct span start = p->token.span;
	struct ast_expr *expr, *arg;

	if (!parse_accept(p, TOKEN_MINUS))
		return parse_primary(p);
	if (at_number(p))
		return parse_number(p, true);
	arg = parse_enter(p) ? parse_unary(p) : NULL;
	parse_leave(p);
	if (!arg)
		return NULL;
	/* -(5) is -5 */
	if (is_literal_number(arg)) {
		arg->number = -arg->number;
		arg->real = -arg->real;
		return arg;
	}
	expr = parse_new(p, AST_NEG, start);
	return expr && parse_push(p, expr, arg) ? parse_finish(p, expr) : NULL;
}

/* x'00ff' is UNHEX('00ff') */
static struct ast_expr *parse_bytes(struct parser *p)
{
	struct ast_expr *expr = parse_new(p, AST_CALL, p->token.span);
	struct ast_expr *digits = parse_new(p, AST_TEXT, p->token.span);
	bool ok;

	if (!expr || !digits)
		return NULL;
	expr->text = "unhex";
	digits->text = p->token.text;
	/* As deep as UNHEX('00ff') goes. */
	ok = parse_enter(p);
	parse_leave(p);
	parse_advance(p);
	return ok && parse_push(p, expr, digits) ? expr : NULL;
}

/* NULL, TRUE, FALSE, 'text', INTERVAL ...; NULL: complained. */
static struct ast_expr *parse_literal(struct parser *p, const char *what)
{
	struct ast_expr *expr = parse_new(p, AST_NULL, p->token.span);

	if (!expr)
		return NULL;
	if (parse_is_word(p, "interval")) {
		expr->op = AST_INTERVAL;
		return parse_interval(p, &expr->number, &expr->span) ? expr :
								       NULL;
	}
	if (p->token.kind == TOKEN_TEXT) {
		expr->op = AST_TEXT;
		expr->text = p->token.text;
	} else if (p->token.kind == TOKEN_PARAM) {
		expr->op = AST_PARAM;
		expr->text = p->token.text;
		if (strcmp(expr->text, "t_start") != 0 &&
		    strcmp(expr->text, "t_end") != 0) {
			compilation_error(p->c, expr->span,
					  ":t_start and :t_end are the bounds "
					  "of the rule's window",
					  "unknown parameter :%s", expr->text);
			return NULL;
		}
	} else if (parse_is_word(p, "true") || parse_is_word(p, "false")) {
		expr->op = AST_BOOL;
		expr->number = parse_is_word(p, "true");
	} else if (!parse_is_word(p, "null")) {
		parse_expected(p, what);
		return NULL;
	}
	parse_advance(p);
	return expr;
}

/* UNHEX('00ff'), as which x'00ff' is printed. */
static struct ast_expr *parse_unhex(struct parser *p)
{
	struct ast_expr *call = parse_call(p);

	if (!call || (call->arg_count == 1 && call->args[0]->op == AST_TEXT &&
		      !call->over))
		return call;
	compilation_error(p->c, call->span, "as in x'00ff'",
			  "UNHEX takes a text here");
	return NULL;
}

struct ast_expr *parse_constant(struct parser *p)
{
	const char *what = "a constant: a number, a 'text', TRUE or FALSE";

	if (p->token.kind == TOKEN_BYTES)
		return parse_bytes(p);
	if (at_number(p))
		return parse_number(p, false);
	if (parse_is_word(p, "unhex") && p->ahead.kind == TOKEN_LEFT)
		return parse_unhex(p);
	if (p->token.kind == TOKEN_PARAM) {
		parse_expected(p, what);
		return NULL;
	}
	if (!parse_accept(p, TOKEN_MINUS))
		return parse_literal(p, what);
	if (at_number(p))
		return parse_number(p, true);
	parse_expected(p, "a number behind -");
	return NULL;
}

/* EXISTS (query) */
static struct ast_expr *parse_exists(struct parser *p)
{
	struct ast_expr *expr = parse_new(p, AST_EXISTS, p->token.span);

	parse_advance(p);
	if (!expr)
		return NULL;
	if (p->token.kind != TOKEN_LEFT) {
		parse_expected(p, "( behind EXISTS");
		return NULL;
	}
	expr->select = parse_subquery(p);
	return expr->select ? parse_finish(p, expr) : NULL;
}

struct ast_expr *parse_primary(struct parser *p)
{
	if (parse_accept(p, TOKEN_LEFT))
		return parse_inner(p);
	if (at_number(p))
		return parse_number(p, false);
	if (p->token.kind == TOKEN_BYTES)
		return parse_bytes(p);
	if (parse_at_name(p))
		return p->ahead.kind == TOKEN_LEFT ? parse_call(p) :
						     parse_column(p);
	if (p->ahead.kind == TOKEN_LEFT &&
	    (parse_is_word(p, "left") || parse_is_word(p, "right"))) {
		compilation_error(p->c, p->token.span,
				  "write SUBSTR(x, 1, 3) or SUBSTR(x, -3)",
				  "'%s' is not one of the functions of a rule",
				  p->token.text);
		return NULL;
	}
	if (parse_is_word(p, "case"))
		return parse_case(p);
	if (parse_is_word(p, "cast"))
		return parse_cast(p);
	if (parse_is_word(p, "exists"))
		return parse_exists(p);
	if (parse_is_word(p, "select") || parse_is_word(p, "with")) {
		compilation_error(p->c, p->token.span,
				  "write the query in FROM and join it, or "
				  "write EXISTS (SELECT ...)",
				  "a subquery stands in FROM and in EXISTS "
				  "only");
		return NULL;
	}
	if (parse_is_word(p, "any") || parse_is_word(p, "all")) {
		compilation_error(p->c, p->token.span,
				  p->last_word && strstr(p->last_word, "like") ?
					  "as in x LIKE 'a%' OR x LIKE 'b%'" :
					  "as in 'x' = ANY(args) or ANY(args) "
					  "LIKE 'x%'",
				  "ANY and ALL are one side of a comparison, "
				  "or the left side of a pattern");
		return NULL;
	}
	return parse_literal(p, "a value");
}
