// SPDX-License-Identifier: Apache-2.0
/*
 * Operators, by precedence; docs/grammar.md has them all:
 *
 *   or, and, not, predicate, sum, product, concat, unary, primary
 *
 * The depth of a tree is bounded by what is read (parse_enter) and by what is
 * built (parse_push): a + b + c nests without any parentheses.
 */
#include "compiler/parse_int.h"

struct ast_expr *parse_new(struct parser *p, enum ast_op op, struct span span)
{
	struct ast_expr *expr = compilation_alloc(p->c, 1, sizeof(*expr));

	if (expr) {
		expr->op = op;
		expr->span = span;
	}
	return expr;
}

/*
 * Of these a tree can have one below the other without parentheses; between
 * two parentheses each of the others stands once.
 */
static bool deepens(enum ast_op op)
{
	return op == AST_NOT || (op >= AST_ADD && op <= AST_NEG) ||
	       op == AST_CASE || op == AST_CAST || op == AST_CALL;
}

bool parse_push(struct parser *p, struct ast_expr *expr, struct ast_expr *arg)
{
	struct ast_expr **grown;
	unsigned depth;

	if (!arg)
		return false;
	depth = arg->depth + deepens(expr->op);
	if (depth > AST_DEPTH_MAX) {
		compilation_error(p->c, p->token.span, "split the rule",
				  "an expression nests at most %d levels deep",
				  AST_DEPTH_MAX);
		return false;
	}
	if (depth > expr->depth)
		expr->depth = (uint8_t)depth;
	grown = compilation_grow(p->c, expr->args, expr->arg_count,
				 sizeof(arg));
	if (!grown)
		return false;
	expr->args = grown;
	expr->args[expr->arg_count++] = arg;
	return true;
}

struct ast_expr *parse_finish(struct parser *p, struct ast_expr *expr)
{
	expr->span = parse_span(p, expr->span);
	return expr;
}

struct infix {
	enum token_kind token;
	enum ast_op op;
};

/* operand (operator operand)*, from left to right */
static struct ast_expr *
parse_infix(struct parser *p, const struct infix *table, unsigned n,
	    struct ast_expr *(*operand)(struct parser *))
{
	struct ast_expr *left = operand(p);

	while (left) {
		struct ast_expr *expr;
		unsigned i = 0;

		while (i < n && table[i].token != p->token.kind)
			i++;
		if (i == n)
			break;
		expr = parse_new(p, table[i].op, left->span);
		parse_advance(p);
		left = expr && parse_push(p, expr, left) &&
				       parse_push(p, expr, operand(p)) ?
			       parse_finish(p, expr) :
			       NULL;
	}
	return left;
}

static struct ast_expr *parse_concat(struct parser *p)
{
	static const struct infix table[] = { { TOKEN_CONCAT, AST_CONCAT } };

	return parse_infix(p, table, ARRAY_SIZE(table), parse_unary);
}

static struct ast_expr *parse_product(struct parser *p)
{
	static const struct infix table[] = { { TOKEN_STAR, AST_MUL },
					      { TOKEN_SLASH, AST_DIV },
					      { TOKEN_PERCENT, AST_MOD } };

	return parse_infix(p, table, ARRAY_SIZE(table), parse_concat);
}

static struct ast_expr *parse_sum(struct parser *p)
{
	static const struct infix table[] = { { TOKEN_PLUS, AST_ADD },
					      { TOKEN_MINUS, AST_SUB } };

	return parse_infix(p, table, ARRAY_SIZE(table), parse_product);
}

/* A sum, ANY(list) or ALL(list). */
static struct ast_expr *parse_operand(struct parser *p)
{
	struct ast_expr *expr;

	if (!parse_is_word(p, "any") && !parse_is_word(p, "all"))
		return parse_sum(p);
	expr = parse_new(p, parse_is_word(p, "any") ? AST_ANY : AST_ALL,
			 p->token.span);
	parse_advance(p);
	if (!expr ||
	    !parse_expect(p, TOKEN_LEFT,
			  expr->op == AST_ANY ? "( behind ANY" :
						"( behind ALL") ||
	    !parse_push(p, expr, parse_inner(p)))
		return NULL;
	return parse_finish(p, expr);
}

static bool is_quantified(const struct ast_expr *expr)
{
	return expr->op == AST_ANY || expr->op == AST_ALL;
}

static struct ast_expr *parse_comparison(struct parser *p,
					 struct ast_expr *left, enum ast_op op)
{
	struct ast_expr *expr = parse_new(p, op, left->span);
	struct ast_expr *right;

	parse_advance(p);
	if (!expr || !parse_push(p, expr, left))
		return NULL;
	right = parse_operand(p);
	if (right && is_quantified(left) && is_quantified(right)) {
		compilation_error(p->c, right->span,
				  "write a condition for each element that "
				  "you look for",
				  "ANY and ALL stand on one side only");
		return NULL;
	}
	return parse_push(p, expr, right) ? parse_finish(p, expr) : NULL;
}

/* IN (constant, ...), IN list, IN (list) */
static struct ast_expr *parse_in(struct parser *p, struct ast_expr *expr)
{
	const struct ast_expr *only;

	expr->op = AST_IN;
	if (parse_at_name(p)) {
		expr->op = AST_IN_LIST;
		expr->text_span = p->token.span;
		expr->text = parse_name(p, "a list");
		return expr;
	}
	if (p->token.kind != TOKEN_LEFT || p->ahead.kind == TOKEN_RIGHT) {
		if (p->token.kind == TOKEN_LEFT)
			parse_advance(p);
		parse_expected_form(p,
				    p->token.kind == TOKEN_RIGHT ?
					    "a value behind IN (" :
					    "( behind IN",
				    "as in dst_port IN (22, 443)");
		return NULL;
	}
	parse_advance(p);
	do {
		if (!parse_push(p, expr, parse_sum(p)))
			return NULL;
		if (expr->arg_count <= AST_LIST_MAX + 1)
			continue;
		compilation_error(p->c, p->last, "split the list",
				  "IN has at most %d elements", AST_LIST_MAX);
		return NULL;
	} while (parse_accept(p, TOKEN_COMMA));
	if (!parse_expect(p, TOKEN_RIGHT, "a comma or )"))
		return NULL;
	only = expr->args[1];
	if (expr->arg_count == 2 && only->op == AST_NAME && !only->qualifier) {
		expr->op = AST_IN_LIST;
		expr->text = only->text;
		expr->text_span = only->span;
		expr->arg_count = 1;
	}
	return expr;
}

static struct ast_expr *parse_between(struct parser *p, struct ast_expr *expr)
{
	expr->op = AST_BETWEEN;
	if (!parse_push(p, expr, parse_sum(p)) ||
	    !parse_expect_word(p, "and") || !parse_push(p, expr, parse_sum(p)))
		return NULL;
	return expr;
}

static struct ast_expr *parse_like(struct parser *p, struct ast_expr *expr,
				   enum ast_op op)
{
	const char *form = p->form;

	expr->op = op;
	if (p->token.kind == TOKEN_LEFT)
		p->form = "as in x LIKE 'a%' OR x LIKE 'b%'";
	if (!parse_push(p, expr, parse_sum(p)))
		return NULL;
	p->form = form;
	if (op != AST_REGEXP && parse_accept_word(p, "escape") &&
	    !parse_push(p, expr, parse_unary(p)))
		return NULL;
	return expr;
}

static struct ast_expr *parse_is(struct parser *p, struct ast_expr *expr)
{
	expr->negated = parse_accept_word(p, "not");
	if (parse_accept_word(p, "true")) {
		expr->op = AST_IS_TRUE;
	} else if (parse_accept_word(p, "false")) {
		expr->op = AST_IS_FALSE;
	} else if (!parse_accept_word(p, "null")) {
		parse_expected_form(p, "NULL, TRUE or FALSE behind IS",
				    expr->negated ? "as in x <> 'value'" :
						    "as in x = 'value'");
		return NULL;
	}
	return parse_finish(p, expr);
}

/*
 * Behind the left operand: IS, IN, BETWEEN, LIKE, ILIKE, REGEXP, each but IS
 * perhaps with NOT.
 */
static struct ast_expr *parse_test(struct parser *p, struct ast_expr *left)
{
	static const struct {
		const char *word;
		enum ast_op op;
	} patterns[] = { { "like", AST_LIKE },
			 { "ilike", AST_ILIKE },
			 { "regexp", AST_REGEXP } };
	struct ast_expr *expr = parse_new(p, AST_IS_NULL, left->span);

	if (!expr || !parse_push(p, expr, left))
		return NULL;
	if (parse_accept_word(p, "is"))
		return parse_is(p, expr);
	expr->negated = parse_accept_word(p, "not");
	if (parse_accept_word(p, "in")) {
		expr = parse_in(p, expr);
		return expr ? parse_finish(p, expr) : NULL;
	}
	if (parse_accept_word(p, "between")) {
		expr = parse_between(p, expr);
		return expr ? parse_finish(p, expr) : NULL;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(patterns); i++) {
		if (!parse_accept_word(p, patterns[i].word))
			continue;
		expr = parse_like(p, expr, patterns[i].op);
		return expr ? parse_finish(p, expr) : NULL;
	}
	if (!expr->negated)
		return left;
	parse_expected_form(p, "IN, BETWEEN, LIKE, ILIKE or REGEXP behind NOT",
			    "as in x <> 'value' or x NOT LIKE 'value%'");
	return NULL;
}

static const struct infix comparisons[] = {
	{ TOKEN_EQ, AST_EQ }, { TOKEN_NE, AST_NE }, { TOKEN_LT, AST_LT },
	{ TOKEN_LE, AST_LE }, { TOKEN_GT, AST_GT }, { TOKEN_GE, AST_GE },
};

static const struct infix *at_comparison(const struct parser *p)
{
	for (unsigned i = 0; i < ARRAY_SIZE(comparisons); i++)
		if (p->token.kind == comparisons[i].token)
			return &comparisons[i];
	return NULL;
}

static bool at_test(const struct parser *p)
{
	static const char *const words[] = { "in",   "not",   "between",
					     "like", "ilike", "regexp",
					     "is" };

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (parse_is_word(p, words[i]))
			return true;
	return at_comparison(p);
}

/* The || between the operands of a concatenation. */
static struct span concat_span(const struct parser *p,
			       const struct ast_expr *concat)
{
	struct span span = concat->args[0]->span;
	const char *text = p->lexer.text;

	for (uint32_t at = span.end; at + 1 < concat->args[1]->span.start; at++)
		if (text[at] == '|' && text[at + 1] == '|')
			return (struct span){ span.source, at, at + 2 };
	return concat->span;
}

/* A predicate is no operand of another: a = 'x' || a = 'y', 0 < a < 9. */
static struct ast_expr *refuse_chain(struct parser *p, struct ast_expr *test)
{
	for (unsigned i = 0; i < test->arg_count; i++) {
		if (test->args[i]->op != AST_CONCAT)
			continue;
		compilation_error(p->c, concat_span(p, test->args[i]),
				  "write OR between conditions",
				  "|| joins texts: it is no OR");
		return NULL;
	}
	compilation_error(p->c, p->token.span,
			  "write a < b AND b < c; around a condition ( )",
			  "a comparison does not go on with another");
	return NULL;
}

static struct ast_expr *parse_predicate(struct parser *p)
{
	struct ast_expr *left = parse_operand(p);
	struct ast_expr *test = NULL;
	const struct infix *infix;

	if (!left)
		return NULL;
	infix = at_comparison(p);
	test = infix ? parse_comparison(p, left, infix->op) :
		       parse_test(p, left);
	if (test && test != left && at_test(p))
		return refuse_chain(p, test);
	if (infix)
		return test;
	if (!test || !is_quantified(left) || test->op == AST_LIKE ||
	    test->op == AST_ILIKE || test->op == AST_REGEXP)
		return test;
	compilation_error(p->c, left->span,
			  test->op == AST_IN || test->op == AST_IN_LIST ?
				  "write a comparison for each, as in ANY(args)"
				  " = 'a' OR ANY(args) = 'b'" :
				  "as in 'x' = ANY(args) or ANY(args) LIKE "
				  "'x%'",
			  "ANY and ALL are one side of a comparison, or the "
			  "left side of a pattern");
	return NULL;
}

static struct ast_expr *parse_not(struct parser *p)
{
	struct ast_expr *expr, *arg;
	struct span start = p->token.span;

	if (!parse_accept_word(p, "not"))
		return parse_predicate(p);
	arg = parse_enter(p) ? parse_not(p) : NULL;
	parse_leave(p);
	if (arg && arg->op == AST_EXISTS) {
		arg->negated = !arg->negated;
		arg->span.start = start.start;
		return arg;
	}
	expr = parse_new(p, AST_NOT, start);
	return expr && parse_push(p, expr, arg) ? parse_finish(p, expr) : NULL;
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
	return parse_finish(p, chain);
}

static struct ast_expr *parse_and(struct parser *p)
{
	return parse_chain(p, AST_AND, "and", parse_not);
}

struct ast_expr *parse_expr(struct parser *p)
{
	return parse_chain(p, AST_OR, "or", parse_and);
}
