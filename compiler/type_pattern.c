// SPDX-License-Identifier: Apache-2.0
/* LIKE, ILIKE and REGEXP: of a text, or of each element of a list. */
#include "compiler/type_int.h"

#include "stream/regex.h"

#include <errno.h>
#include <string.h>

/* Of the patterns of a rule, of those of all rules: regex.h. */
#define PATTERN_EDGES_MAX 20000
#define SET_EDGES_MAX 200000

static const char *pattern_name(const struct ast_expr *ast)
{
	return ast->op == AST_LIKE  ? "LIKE" :
	       ast->op == AST_ILIKE ? "ILIKE" :
				      "REGEXP";
}

/* Of name || '%': name. */
static const char *looked_for(struct binder *b, const struct ast_expr *pattern)
{
	while (pattern->op == AST_CONCAT)
		pattern = pattern->args[pattern->args[0]->op == AST_TEXT];
	return bind_quote(b, pattern);
}

/*
 * The pattern, a TEXT or NULL constant. What is written in quotes is taken as
 * it stands.
 */
static const struct expr *pattern_of(struct binder *b,
				     const struct scope *scope,
				     const struct ast_expr *ast)
{
	const struct ast_expr *pattern = ast->args[1];
	const struct expr *expr;

	expr = bind_expr(b, scope, pattern);
	if (!expr)
		return NULL;
	if (build_is_const(expr) &&
	    (expr->type == VALUE_TEXT || value_is_null(expr->value)))
		return expr;
	compilation_error(b->c, pattern->span,
			  compilation_text(b->c,
					   "to look for a text that is not "
					   "constant: INSTR(%s, %s) > 0, or = "
					   "1 at the start",
					   bind_quote(b, ast->args[0]),
					   looked_for(b, pattern)),
			  "%s takes a pattern in quotes", pattern_name(ast));
	return NULL;
}

static const char *subject_hint(struct binder *b, const struct ast_expr *ast,
				enum value_type type)
{
	const char *x = bind_quote(b, ast->args[0]);

	if (type == VALUE_LIST)
		return compilation_text(b->c,
					"write ANY(%s) %s ..., or search the "
					"cmdline",
					x, pattern_name(ast));
	if (type == VALUE_IP)
		return compilation_text(b->c,
					"write a network: %s = "
					"'10.0.0.0/8'",
					x);
	return compilation_text(b->c, "write CAST(%s AS TEXT) %s ...", x,
				pattern_name(ast));
}

/* What the pattern is held against; NULL: complained. */
static const struct expr *subject(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast)
{
	const struct ast_expr *arg = ast->args[0];
	const struct expr *x;

	if (type_is_quantifier(arg))
		return type_element(b, arg).expr;
	x = bind_expr(b, scope, arg);
	if (!x || x->type == VALUE_TEXT || x->type == VALUE_NULL)
		return x;
	compilation_error(b->c, arg->span, subject_hint(b, ast, x->type),
			  "%s takes a text, but %s is %s", pattern_name(ast),
			  bind_quote(b, arg), value_type_name(x->type));
	return NULL;
}

/* Of a list NOT is asked of each element: ANY(args) NOT LIKE 'x'. */
static const struct expr *finish(struct binder *b, const struct scope *scope,
				 const struct ast_expr *ast,
				 const struct expr *match)
{
	const struct ast_expr *arg = ast->args[0];
	const struct expr *expr = type_negate(b, ast, match);

	if (!expr || !type_is_quantifier(arg))
		return expr;
	return type_quantify(b, arg, type_quantifier_list(b, scope, arg), expr);
}

static const struct expr *never(struct binder *b, const struct ast_expr *ast)
{
	compilation_warning(b->c, ast->span, NULL, "%s NULL is never true",
			    pattern_name(ast));
	return type_keep(b, build_null(b->c->arena));
}

/* False: complained. 0: no ESCAPE. */
static bool like_escape(struct binder *b, const struct ast_expr *ast,
			uint8_t *ret_escape)
{
	const struct ast_expr *escape;

	*ret_escape = 0;
	if (ast->arg_count < 3)
		return true;
	escape = ast->args[2];
	if (escape->op == AST_TEXT && strlen(escape->text) == 1 &&
	    escape->text[0] != '%' && escape->text[0] != '_' &&
	    (uint8_t)escape->text[0] < 0x80) {
		*ret_escape = (uint8_t)escape->text[0];
		return true;
	}
	compilation_error(b->c, escape->span, "as in ESCAPE '\\'",
			  "ESCAPE takes one ASCII character other than %% "
			  "and _");
	return false;
}

static bool ends_in_escape(struct value pattern, uint8_t escape)
{
	for (uint32_t i = 0; escape && i < pattern.len; i++)
		if (pattern.p[i] == escape && ++i == pattern.len)
			return true;
	return false;
}

const struct expr *type_like(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast)
{
	const struct expr *x = subject(b, scope, ast);
	const struct expr *pattern = pattern_of(b, scope, ast);
	struct expr *like;
	uint8_t escape;

	if (!like_escape(b, ast, &escape) || !x || !pattern)
		return NULL;
	if (value_is_null(pattern->value))
		return never(b, ast);
	if (ends_in_escape(pattern->value, escape)) {
		compilation_error(b->c, ast->args[1]->span, NULL,
				  "the pattern ends in its escape character");
		return NULL;
	}
	like = build_op(b->c->arena, EXPR_LIKE, VALUE_BOOL, 1);
	if (!type_keep(b, like))
		return NULL;
	like->args[0] = x;
	like->value = pattern->value;
	like->escape = escape;
	like->fold_case = ast->op == AST_ILIKE;
	warn_like(b, ast, x);
	bind_range_like(b, like, ast->args[1]);
	return finish(b, scope, ast, like);
}

/* Byte `offset` of a text in quotes, whose quotes are written twice. */
static struct span place_in(const struct ast_expr *ast, int offset)
{
	struct span span = ast->span;
	uint32_t at = span.start + 1;

	if (ast->op != AST_TEXT || offset < 0 ||
	    (size_t)offset > strlen(ast->text))
		return span;
	for (int i = 0; i < offset; i++)
		at += ast->text[i] == '\'' ? 2 : 1;
	if (at >= span.end)
		return span;
	span.start = at;
	span.end = at + 1;
	return span;
}

/*
 * Of one pattern the library makes a program in a second at most, but a rule has
 * room for a hundred, and there may be many rules. False: complained, of the
 * first that is too much.
 */
static bool may_compile(struct binder *b, const struct ast_expr *ast,
			struct value pattern)
{
	uint64_t all = b->c->all_pattern_edges;
	unsigned before = b->c->pattern_edges;
	unsigned edges = regex_edges((const char *)pattern.p, pattern.len);

	if (before > PATTERN_EDGES_MAX || all + before > SET_EDGES_MAX)
		return false;
	b->c->pattern_edges += edges;
	if (all + before + edges > SET_EDGES_MAX) {
		compilation_error(b->c, ast->span,
				  "repeat less, or load fewer rules",
				  "the regular expressions of all rules, up to "
				  "this one, are too large together when their "
				  "repeats are written out");
		return false;
	}
	if (b->c->pattern_edges <= PATTERN_EDGES_MAX)
		return true;
	compilation_error(b->c, ast->span,
			  "repeat less, or write several rules",
			  "the regular expressions of a rule are too large "
			  "together when their repeats are written out");
	return false;
}

const struct expr *type_regexp(struct binder *b, const struct scope *scope,
			       const struct ast_expr *ast)
{
	const struct expr *x = subject(b, scope, ast);
	const struct expr *pattern = pattern_of(b, scope, ast);
	struct err err = { 0 };
	struct expr *regexp;
	int offset = -1, r;

	if (!x || !pattern)
		return NULL;
	if (value_is_null(pattern->value))
		return never(b, ast);
	if (!may_compile(b, ast, pattern->value))
		return NULL;
	regexp = build_op(b->c->arena, EXPR_REGEXP, VALUE_BOOL, 1);
	if (!type_keep(b, regexp))
		return NULL;
	r = regex_compile(b->c->arena, (const char *)pattern->value.p,
			  pattern->value.len, &regexp->regex, &offset, &err);
	if (r == -ENOMEM)
		return type_keep(b, NULL);
	if (r) {
		compilation_error(b->c, place_in(ast->args[1], offset),
				  strstr(err.text, "look-ahead") ?
					  "write two conditions: x REGEXP 'a' "
					  "AND x NOT REGEXP 'b'" :
					  NULL,
				  "%s", err.text);
		return NULL;
	}
	warn_regexp(b, ast);
	regexp->args[0] = x;
	regexp->value = pattern->value;
	return finish(b, scope, ast, regexp);
}
