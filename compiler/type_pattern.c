// SPDX-License-Identifier: Apache-2.0
/* LIKE, ILIKE and REGEXP: of a text, or of each element of a list. */
#include "compiler/type_int.h"

#include <string.h>

static const char *pattern_name(const struct ast_expr *ast)
{
	return ast->op == AST_LIKE  ? "LIKE" :
	       ast->op == AST_ILIKE ? "ILIKE" :
				      "REGEXP";
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

	if (type_is_quantifier(pattern)) {
		compilation_error(b->c, pattern->span,
				  compilation_text(b->c, "as in %s %s 'x%%'",
						   bind_quote(b, pattern),
						   pattern_name(ast)),
				  "the list stands at the left of %s",
				  pattern_name(ast));
		return NULL;
	}
	expr = bind_expr(b, scope, pattern);
	if (!expr)
		return NULL;
	if (build_is_const(expr) &&
	    (expr->type == VALUE_TEXT || value_is_null(expr->value)))
		return expr;
	compilation_error(b->c, pattern->span,
			  ast->op == AST_REGEXP ?
				  NULL :
				  compilation_text(b->c,
						   "to search for a part: "
						   "INSTR(%s, %s) > 0",
						   bind_quote(b, ast->args[0]),
						   bind_quote(b, pattern)),
			  "%s takes a pattern in quotes", pattern_name(ast));
	return NULL;
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
	compilation_error(
		b->c, arg->span,
		x->type == VALUE_LIST ?
			compilation_text(b->c,
					 "write ANY(%s) %s ..., or "
					 "search the cmdline",
					 bind_quote(b, arg),
					 pattern_name(ast)) :
			compilation_text(b->c, "write CAST(%s AS TEXT) %s ...",
					 bind_quote(b, arg), pattern_name(ast)),
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
	bind_range_like(b, like, ast->args[1]);
	return finish(b, scope, ast, like);
}
