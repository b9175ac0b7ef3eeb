// SPDX-License-Identifier: Apache-2.0
/*
 * Expressions, by precedence:
 *
 *   or        := and (OR and)*
 *   and       := not (AND not)*
 *   not       := NOT not | predicate
 *   predicate := sum [= <> < <= > >= sum | = ANY (column) | IS [NOT] NULL |
 *                [NOT] IN (sum, ...) | [NOT] BETWEEN sum AND sum |
 *                [NOT] LIKE 'text' [ESCAPE 'c']]
 *   sum       := primary ((+ | -) primary)*
 *   primary   := literal | [qualifier.]name | COUNT(*) [OVER (...)] | (or)
 */
#include "compiler/parse_int.h"

#include "compiler/interval.h"

#include <string.h>

struct ast_expr *parse_new(struct parser *p, enum ast_op op, struct span span)
{
	struct ast_expr *expr = compilation_alloc(p->c, 1, sizeof(*expr));

	if (expr) {
		expr->op = op;
		expr->span = span;
	}
	return expr;
}

bool parse_push(struct parser *p, struct ast_expr *expr, struct ast_expr *arg)
{
	struct ast_expr **grown;

	if (!arg)
		return false;
	grown = compilation_grow(p->c, expr->args, expr->arg_count,
				 sizeof(arg));
	if (!grown)
		return false;
	expr->args = grown;
	expr->args[expr->arg_count++] = arg;
	return true;
}

static struct ast_expr *finish(struct parser *p, struct ast_expr *expr)
{
	expr->span = parse_span(p, expr->span);
	return expr;
}

bool parse_interval(struct parser *p, int64_t *ret_ns, struct span *ret_span)
{
	struct token number;
	struct span start = p->token.span;
	int64_t unit_ns;

	if (!parse_expect_word(p, "interval"))
		return false;
	number = p->token;
	if (!parse_expect(p, TOKEN_TEXT,
			  "a number in quotes, as in "
			  "INTERVAL '10' SECOND"))
		return false;
	unit_ns =
		p->token.kind == TOKEN_WORD ? interval_unit(p->token.text) : 0;
	if (!unit_ns) {
		parse_expected(p, "MILLISECOND, SECOND, MINUTE, HOUR or DAY");
		return false;
	}
	parse_advance(p);
	*ret_span = parse_span(p, start);
	switch (interval_parse(number.text, unit_ns, ret_ns)) {
	case INTERVAL_OK:
		return true;
	case INTERVAL_TOO_FINE:
		compilation_error(p->c, number.span, NULL,
				  "an interval is a whole number of "
				  "nanoseconds");
		return false;
	case INTERVAL_TOO_LONG:
		compilation_error(p->c, number.span, NULL,
				  "an interval is at most 3650 days");
		return false;
	case INTERVAL_MALFORMED:
	default:
		compilation_error(p->c, number.span,
				  "write INTERVAL '10' SECOND or INTERVAL "
				  "'0.5' SECOND",
				  "this is not the number of an interval");
		return false;
	}
}

static bool partition_keys(struct parser *p, struct ast_over *window)
{
	if (!parse_expect_word(p, "by"))
		return false;
	do {
		struct ast_expr **grown = compilation_grow(
			p->c, window->keys, window->key_count, sizeof(*grown));
		struct ast_expr *key = grown ? parse_column(p) : NULL;

		if (!key)
			return false;
		window->keys = grown;
		window->keys[window->key_count++] = key;
		if (window->key_count > AST_KEYS_MAX) {
			compilation_error(p->c, key->span, NULL,
					  "PARTITION BY has at most %d keys",
					  AST_KEYS_MAX);
			return false;
		}
	} while (parse_accept(p, TOKEN_COMMA));
	return true;
}

struct ast_over *parse_over(struct parser *p)
{
	struct ast_over *window = compilation_alloc(p->c, 1, sizeof(*window));

	if (!window || !parse_expect(p, TOKEN_LEFT, "( behind OVER"))
		return NULL;
	if (parse_accept_word(p, "partition") && !partition_keys(p, window))
		return NULL;
	if (!parse_expect_word(p, "order") || !parse_expect_word(p, "by"))
		return NULL;
	window->order = parse_column(p);
	if (!window->order || !parse_expect_word(p, "range") ||
	    !parse_expect_word(p, "between") ||
	    !parse_interval(p, &window->range_ns, &window->range_span) ||
	    !parse_expect_word(p, "preceding") ||
	    !parse_expect_word(p, "and") || !parse_expect_word(p, "current") ||
	    !parse_expect_word(p, "row") ||
	    !parse_expect(p, TOKEN_RIGHT, ") behind CURRENT ROW"))
		return NULL;
	return window;
}

/* COUNT(*) [OVER (...)]; any other function is not known. */
static struct ast_expr *parse_call(struct parser *p)
{
	struct ast_expr *expr = parse_new(p, AST_CALL, p->token.span);

	if (!expr)
		return NULL;
	if (!parse_is_word(p, "count")) {
		compilation_error(p->c, p->token.span,
				  "the only function is COUNT(*) OVER (...)",
				  "unknown function '%s'", p->token.text);
		return NULL;
	}
	expr->text = p->token.text;
	expr->star = true;
	parse_advance(p);
	parse_advance(p);
	if (!parse_expect(p, TOKEN_STAR, "* in COUNT(*)") ||
	    !parse_expect(p, TOKEN_RIGHT, ")"))
		return NULL;
	if (parse_accept_word(p, "over")) {
		expr->over = parse_over(p);
		if (!expr->over)
			return NULL;
	}
	return finish(p, expr);
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
		if (p->token.kind == TOKEN_STAR)
			compilation_error(p->c, p->token.span, NULL,
					  "%s.* is not supported: name the "
					  "columns that a match shall show",
					  expr->qualifier);
		else if (dots++ >= 2)
			parse_expected(p, "at most two dots in a name");
		else
			expr->text = parse_name(p, "a column");
		if (p->token.kind == TOKEN_STAR || dots > 2)
			return NULL;
	}
	return expr->text ? finish(p, expr) : NULL;
}

static struct ast_expr *parse_number(struct parser *p)
{
	struct ast_expr *expr = parse_new(p, AST_INT, p->token.span);
	bool minus = parse_accept(p, TOKEN_MINUS);
	uint64_t most = (uint64_t)INT64_MAX + minus;

	if (!expr)
		return NULL;
	if (p->token.kind != TOKEN_INTEGER) {
		parse_expected(p, "a number behind -");
		return NULL;
	}
	if (p->token.integer > most) {
		compilation_error(p->c, p->token.span, NULL,
				  "a number is at most 9223372036854775807");
		return NULL;
	}
	expr->number =
		(int64_t)(minus ? 0 - p->token.integer : p->token.integer);
	parse_advance(p);
	return finish(p, expr);
}

static struct ast_expr *parse_parentheses(struct parser *p)
{
	struct ast_expr *expr = NULL;

	parse_advance(p);
	if (parse_enter(p))
		expr = parse_expr(p);
	parse_leave(p);
	return expr && parse_expect(p, TOKEN_RIGHT, ")") ? expr : NULL;
}

static struct ast_expr *parse_primary(struct parser *p)
{
	struct ast_expr *expr;

	if (p->token.kind == TOKEN_LEFT)
		return parse_parentheses(p);
	if (p->token.kind == TOKEN_INTEGER || p->token.kind == TOKEN_MINUS)
		return parse_number(p);
	if (parse_at_name(p))
		return p->ahead.kind == TOKEN_LEFT ? parse_call(p) :
						     parse_column(p);
	expr = parse_new(p, AST_NULL, p->token.span);
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
	} else if (parse_is_word(p, "true") || parse_is_word(p, "false")) {
		expr->op = AST_BOOL;
		expr->number = parse_is_word(p, "true");
	} else if (!parse_is_word(p, "null")) {
		if (parse_is_word(p, "select"))
			compilation_error(p->c, p->token.span,
					  "write the query in FROM and join it",
					  "a subquery stands in FROM only");
		else
			parse_expected(p, "a value");
		return NULL;
	}
	parse_advance(p);
	return expr;
}

/*
 * The depth of the tree grows with each term: a sum counts like so many
 * parentheses.
 */
static struct ast_expr *parse_sum(struct parser *p)
{
	struct ast_expr *left = parse_primary(p);
	unsigned depth = p->depth;

	while (left &&
	       (p->token.kind == TOKEN_PLUS || p->token.kind == TOKEN_MINUS)) {
		enum ast_op op =
			p->token.kind == TOKEN_PLUS ? AST_ADD : AST_SUB;
		struct ast_expr *sum = parse_new(p, op, left->span);

		parse_advance(p);
		if (!sum || !parse_enter(p) || !parse_push(p, sum, left) ||
		    !parse_push(p, sum, parse_primary(p)))
			left = NULL;
		else
			left = finish(p, sum);
	}
	p->depth = depth;
	return left;
}

static struct ast_expr *parse_comparison(struct parser *p,
					 struct ast_expr *left, enum ast_op op)
{
	struct ast_expr *expr = parse_new(p, op, left->span);
	struct span span = p->token.span;

	parse_advance(p);
	struct ast_expr *any = parse_new(p, AST_ANY, p->token.span);

	if (!expr || !any || !parse_push(p, expr, left))
		return NULL;
	if (!parse_accept_word(p, "any"))
		return parse_push(p, expr, parse_sum(p)) ? finish(p, expr) :
							   NULL;
	if (op != AST_EQ) {
		compilation_error(p->c, span, "write 'x' = ANY(args)",
				  "ANY goes with = only");
		return NULL;
	}
	if (!parse_expect(p, TOKEN_LEFT, "( behind ANY") ||
	    !parse_push(p, any, parse_column(p)) ||
	    !parse_expect(p, TOKEN_RIGHT, ")"))
		return NULL;
	return parse_push(p, expr, finish(p, any)) ? finish(p, expr) : NULL;
}

static struct ast_expr *parse_in(struct parser *p, struct ast_expr *expr)
{
	expr->op = AST_IN;
	if (!parse_expect(p, TOKEN_LEFT, "( behind IN"))
		return NULL;
	do {
		if (!parse_push(p, expr, parse_sum(p)))
			return NULL;
	} while (parse_accept(p, TOKEN_COMMA));
	return parse_expect(p, TOKEN_RIGHT, ") or ,") ? expr : NULL;
}

static struct ast_expr *parse_between(struct parser *p, struct ast_expr *expr)
{
	expr->op = AST_BETWEEN;
	if (!parse_push(p, expr, parse_sum(p)) ||
	    !parse_expect_word(p, "and") || !parse_push(p, expr, parse_sum(p)))
		return NULL;
	return expr;
}

static struct ast_expr *parse_like(struct parser *p, struct ast_expr *expr)
{
	expr->op = AST_LIKE;
	if (!parse_push(p, expr, parse_sum(p)))
		return NULL;
	if (parse_accept_word(p, "escape") &&
	    !parse_push(p, expr, parse_primary(p)))
		return NULL;
	return expr;
}

/* Behind the left operand: IS, IN, BETWEEN, LIKE, each perhaps with NOT. */
static struct ast_expr *parse_test(struct parser *p, struct ast_expr *left)
{
	struct ast_expr *expr = parse_new(p, AST_IS_NULL, left->span);

	if (!expr || !parse_push(p, expr, left))
		return NULL;
	if (parse_accept_word(p, "is")) {
		expr->negated = parse_accept_word(p, "not");
		if (!parse_expect_word(p, "null"))
			return NULL;
		return finish(p, expr);
	}
	expr->negated = parse_accept_word(p, "not");
	if (parse_accept_word(p, "in"))
		expr = parse_in(p, expr);
	else if (parse_accept_word(p, "between"))
		expr = parse_between(p, expr);
	else if (parse_accept_word(p, "like"))
		expr = parse_like(p, expr);
	else if (expr->negated) {
		parse_expected(p, "IN, BETWEEN or LIKE behind NOT");
		return NULL;
	} else {
		return left;
	}
	return expr ? finish(p, expr) : NULL;
}

static struct ast_expr *parse_predicate(struct parser *p)
{
	static const struct {
		enum token_kind kind;
		enum ast_op op;
	} comparisons[] = {
		{ TOKEN_EQ, AST_EQ }, { TOKEN_NE, AST_NE },
		{ TOKEN_LT, AST_LT }, { TOKEN_LE, AST_LE },
		{ TOKEN_GT, AST_GT }, { TOKEN_GE, AST_GE },
	};
	struct ast_expr *left = parse_sum(p);

	if (!left)
		return NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(comparisons); i++)
		if (p->token.kind == comparisons[i].kind)
			return parse_comparison(p, left, comparisons[i].op);
	return parse_test(p, left);
}

static struct ast_expr *parse_not(struct parser *p)
{
	struct ast_expr *expr;
	struct span start = p->token.span;
	bool ok;

	if (!parse_accept_word(p, "not"))
		return parse_predicate(p);
	expr = parse_new(p, AST_NOT, start);
	ok = expr && parse_enter(p) && parse_push(p, expr, parse_not(p));
	parse_leave(p);
	return ok ? finish(p, expr) : NULL;
}

/* `op` names a chain of two or more operands. */
static struct ast_expr *
parse_chain(struct parser *p, enum ast_op op, const char *word,
	    struct ast_expr *(*operand)(struct parser *))
{
	struct ast_expr *first = operand(p);
	struct ast_expr *chain;

	if (!first || !parse_is_word(p, word))
		return first;
	chain = parse_new(p, op, first->span);
	if (!chain || !parse_push(p, chain, first))
		return NULL;
	while (parse_accept_word(p, word))
		if (!parse_push(p, chain, operand(p)))
			return NULL;
	return finish(p, chain);
}

static struct ast_expr *parse_and(struct parser *p)
{
	return parse_chain(p, AST_AND, "and", parse_not);
}

struct ast_expr *parse_expr(struct parser *p)
{
	return parse_chain(p, AST_OR, "or", parse_and);
}
