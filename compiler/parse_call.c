// SPDX-License-Identifier: Apache-2.0
/*
 *   name(expr, ...) [OVER (...)], COUNT(*), COUNT(DISTINCT expr)
 *   CAST(expr AS type)
 *   CASE [expr] WHEN expr THEN expr ... [ELSE expr] END
 */
#include "compiler/parse_int.h"

#include <string.h>

/* A comma, and behind it no DESCRIPTOR as in SESSION. */
static bool accept_next_key(struct parser *p)
{
	return !(p->ahead.kind == TOKEN_WORD &&
		 strcmp(p->ahead.text, "descriptor") == 0) &&
	       parse_accept(p, TOKEN_COMMA);
}

bool parse_keys(struct parser *p, const char *what, struct ast_expr ***keys,
		unsigned *count)
{
	if (!parse_expect_word(p, "by"))
		return false;
	do {
		struct ast_expr **grown =
			compilation_grow(p->c, *keys, *count, sizeof(*grown));
		struct ast_expr *key = grown ? parse_column(p) : NULL;

		if (!key)
			return false;
		*keys = grown;
		grown[(*count)++] = key;
		if (*count <= AST_KEYS_MAX)
			continue;
		compilation_error(p->c, key->span, NULL,
				  "%s has at most %d keys", what, AST_KEYS_MAX);
		return false;
	} while (accept_next_key(p));
	return true;
}

#define FORM_OVER                                                              \
	"as in COUNT(*) OVER (PARTITION BY pid_key ORDER BY ts RANGE BETWEEN " \
	"INTERVAL '60' SECOND PRECEDING AND CURRENT ROW)"

#define NO_AGGREGATE                                                       \
	"OVER goes with COUNT, SUM, AVG, MIN and MAX; a sequence relates " \
	"rows to those before: MATCH_RECOGNIZE"

static bool is_aggregate(const char *name)
{
	static const char *const aggregates[] = { "count", "sum", "avg", "min",
						  "max" };

	for (unsigned i = 0; i < ARRAY_SIZE(aggregates); i++)
		if (strcmp(aggregates[i], name) == 0)
			return true;
	return false;
}

/* Behind OVER, of the function `name`. */
static struct ast_over *parse_over(struct parser *p, const char *name)
{
	struct ast_over *over = compilation_alloc(p->c, 1, sizeof(*over));
	const char *form = p->form;

	p->form = is_aggregate(name) ? FORM_OVER : NO_AGGREGATE;
	if (!over || !parse_expect(p, TOKEN_LEFT, "( behind OVER"))
		return NULL;
	if (parse_accept_word(p, "partition") &&
	    !parse_keys(p, "PARTITION BY", &over->keys, &over->key_count))
		return NULL;
	if (!parse_expect_word(p, "order") || !parse_expect_word(p, "by"))
		return NULL;
	over->order = parse_column(p);
	if (!over->order)
		return NULL;
	if (parse_is_word(p, "rows") || parse_is_word(p, "groups")) {
		compilation_error(p->c, p->token.span,
				  "write RANGE BETWEEN INTERVAL '60' SECOND "
				  "PRECEDING AND CURRENT ROW",
				  "a window is a range of time, not of rows");
		return NULL;
	}
	if (!parse_expect_word(p, "range") ||
	    !parse_expect_word(p, "between") ||
	    !parse_interval(p, &over->range_ns, &over->range_span) ||
	    !parse_expect_word(p, "preceding") ||
	    !parse_expect_word(p, "and") || !parse_expect_word(p, "current") ||
	    !parse_expect_word(p, "row") ||
	    !parse_expect(p, TOKEN_RIGHT, ") behind CURRENT ROW"))
		return NULL;
	p->form = form;
	return over;
}

static bool count_only(struct parser *p, const struct ast_expr *call,
		       const char *what)
{
	if (strcmp(call->text, "count") == 0)
		return true;
	compilation_error(p->c, p->token.span, NULL, "%s goes with COUNT only",
			  what);
	return false;
}

static bool parse_args(struct parser *p, struct ast_expr *call)
{
	bool ok;

	if (parse_accept(p, TOKEN_RIGHT))
		return true;
	if (p->token.kind == TOKEN_STAR) {
		if (!count_only(p, call, "*"))
			return false;
		call->star = true;
		parse_advance(p);
		return parse_expect(p, TOKEN_RIGHT, ")");
	}
	if (parse_is_word(p, "distinct")) {
		if (!count_only(p, call, "DISTINCT"))
			return false;
		call->distinct = true;
		parse_advance(p);
	}
	ok = parse_enter(p);
	do {
		ok = ok && parse_push(p, call, parse_expr(p));
	} while (ok && parse_accept(p, TOKEN_COMMA));
	parse_leave(p);
	return ok && parse_expect(p, TOKEN_RIGHT, "a comma or )");
}

struct ast_expr *parse_call(struct parser *p)
{
	struct ast_expr *call = parse_new(p, AST_CALL, p->token.span);

	if (!call)
		return NULL;
	call->text = p->token.text;
	parse_advance(p);
	parse_advance(p);
	if (!parse_args(p, call))
		return NULL;
	if (parse_accept_word(p, "over")) {
		call->over = parse_over(p, call->text);
		if (!call->over)
			return NULL;
	}
	return parse_finish(p, call);
}

struct ast_expr *parse_cast(struct parser *p)
{
	struct ast_expr *cast = parse_new(p, AST_CAST, p->token.span);
	bool ok;

	parse_advance(p);
	if (!cast || !parse_expect(p, TOKEN_LEFT, "( behind CAST"))
		return NULL;
	ok = parse_enter(p) && parse_push(p, cast, parse_expr(p)) &&
	     parse_expect_word(p, "as");
	parse_leave(p);
	if (!ok)
		return NULL;
	if (parse_accept_word(p, "interval"))
		cast->text = "interval";
	else
		cast->text = parse_name(p, "a type, as in CAST(x AS BIGINT)");
	if (cast->text && p->token.kind == TOKEN_LEFT) {
		parse_expected_form(p, ")",
				    "as in CAST(x AS TEXT), without a length");
		return NULL;
	}
	return cast->text && parse_expect(p, TOKEN_RIGHT, ")") ?
		       parse_finish(p, cast) :
		       NULL;
}

/* Bounded: a CASE in the place of x of another doubles it each time. */
static struct ast_expr *copy(struct parser *p, const struct ast_expr *expr)
{
	struct ast_expr *ret = parse_new(p, expr->op, expr->span);

	if (!ret)
		return NULL;
	p->copies += 1 + (expr->text ? (unsigned)strlen(expr->text) / 32 : 0);
	if (p->copies > PARSE_COPIES_MAX) {
		compilation_error(p->c, expr->span,
				  "name it in a subquery: FROM (SELECT ... AS "
				  "x FROM ...) AS t",
				  "what stands between CASE and WHEN is too "
				  "large");
		return NULL;
	}
	if (expr->select) {
		compilation_error(p->c, expr->span,
				  "write CASE WHEN EXISTS (...) THEN ...",
				  "EXISTS does not stand between CASE and "
				  "WHEN");
		return NULL;
	}
	*ret = *expr;
	ret->args = expr->arg_count ?
			    compilation_alloc(p->c, expr->arg_count,
					      sizeof(struct ast_expr *)) :
			    NULL;
	if (expr->arg_count && !ret->args)
		return NULL;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		ret->args[i] = copy(p, expr->args[i]);
		if (!ret->args[i])
			return NULL;
	}
	return ret;
}

/* Where x = value may need parentheses around it: one level deeper. */
static struct ast_expr *parse_side(struct parser *p)
{
	struct ast_expr *side = parse_enter(p) ? parse_expr(p) : NULL;

	parse_leave(p);
	return side;
}

/* WHEN condition, or WHEN value of CASE x: x = value. */
static struct ast_expr *parse_when(struct parser *p, struct ast_expr *x)
{
	struct ast_expr *when = x ? parse_side(p) : parse_expr(p);
	struct ast_expr *equal, *left;

	if (!x || !when)
		return when;
	left = copy(p, x);
	equal = left ? parse_new(p, AST_EQ, when->span) : NULL;
	return equal && parse_push(p, equal, left) &&
			       parse_push(p, equal, when) ?
		       equal :
		       NULL;
}

static bool parse_branches(struct parser *p, struct ast_expr *expr)
{
	struct ast_expr *x = NULL;

	if (!parse_is_word(p, "when")) {
		x = parse_side(p);
		if (!x)
			return false;
	}
	if (!parse_expect_word(p, "when"))
		return false;
	do {
		if (!parse_push(p, expr, parse_when(p, x)) ||
		    !parse_expect_word(p, "then") ||
		    !parse_push(p, expr, parse_expr(p)))
			return false;
	} while (parse_accept_word(p, "when"));
	if (parse_accept_word(p, "else") && !parse_push(p, expr, parse_expr(p)))
		return false;
	return parse_expect_word(p, "end");
}

struct ast_expr *parse_case(struct parser *p)
{
	struct ast_expr *expr = parse_new(p, AST_CASE, p->token.span);
	bool ok;

	parse_advance(p);
	ok = expr && parse_enter(p) && parse_branches(p, expr);
	parse_leave(p);
	return ok ? parse_finish(p, expr) : NULL;
}
