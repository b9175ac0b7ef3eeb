// SPDX-License-Identifier: Apache-2.0
/*
 * Operators: which types each takes, which it gives.
 *
 *   = <>          two of one type, but no lists
 *   < <= > >=     two of one type: numbers, texts, times
 *   + -           BIGINT and BIGINT; INTERVAL and INTERVAL;
 *                 TIMESTAMP and INTERVAL; TIMESTAMP - TIMESTAMP: INTERVAL
 *   LIKE          a text and a text constant
 *   x = ANY(y)    a text and a list
 *
 * NULL goes with everything.
 */
#include "compiler/bind_int.h"

#include "compiler/print.h"

#include <stdlib.h>
#include <string.h>

const char *bind_quote(struct binder *b, const struct ast_expr *ast)
{
	const size_t most = 60;
	struct buf text = BUF_INIT;
	const char *ret;

	print_expr(&text, ast);
	if (!text.failed && text.len > most) {
		text.len = most;
		/* Not in the middle of a character. */
		while (text.len && (text.bytes[text.len] & 0xc0) == 0x80)
			text.len--;
		buf_puts(&text, "...");
	}
	ret = compilation_take(b->c, &text);
	return ret ? ret : "";
}

static const struct expr *keep(struct binder *b, const struct expr *expr)
{
	b->c->nomem |= !expr;
	return expr;
}

static const struct expr *negate(struct binder *b, const struct ast_expr *ast,
				 const struct expr *expr)
{
	if (!expr || !ast->negated)
		return keep(b, expr);
	return keep(b, build_not(b->c->arena, expr));
}

static const struct expr *bind_const(struct binder *b,
				     const struct ast_expr *ast)
{
	struct arena *arena = b->c->arena;
	struct value v = value_int(ast->number);

	switch ((int)ast->op) {
	case AST_NULL:
		return keep(b, build_const(arena, VALUE_NULL, value_null()));
	case AST_BOOL:
		return keep(b, build_bool(arena, ast->number));
	case AST_TEXT:
		return keep(b, build_const(arena, VALUE_TEXT,
					   value_text(ast->text)));
	case AST_INTERVAL:
		v.type = VALUE_INTERVAL;
		return keep(b, build_const(arena, VALUE_INTERVAL, v));
	default:
		return keep(b, build_const(arena, VALUE_INT, v));
	}
}

static bool same_type(enum value_type a, enum value_type b)
{
	return a == b || a == VALUE_NULL || b == VALUE_NULL;
}

static bool all_digits(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

static const char *mismatch_hint(struct binder *b, const struct ast_expr *left,
				 const struct expr *l,
				 const struct ast_expr *right,
				 const struct expr *r)
{
	if (l->type == VALUE_LIST)
		return compilation_text(b->c, "write %s = ANY(%s)",
					bind_quote(b, right),
					bind_quote(b, left));
	if (l->type == VALUE_INT && right->op == AST_TEXT &&
	    all_digits(right->text))
		return compilation_text(b->c, "write %s without quotes",
					right->text);
	if (l->type == VALUE_TEXT && right->op == AST_INT)
		return compilation_text(b->c, "write '%s'",
					bind_quote(b, right));
	if (l->type == VALUE_BOOL && right->op == AST_INT)
		return compilation_text(b->c, "write %s%s",
					right->number ? "" : "NOT ",
					bind_quote(b, left));
	if (l->type == VALUE_INTERVAL && r->type == VALUE_INT)
		return compilation_text(b->c, "write INTERVAL '%s' SECOND",
					bind_quote(b, right));
	return NULL;
}

static void mismatch(struct binder *b, struct span span,
		     const struct ast_expr *left, const struct expr *l,
		     const struct ast_expr *right, const struct expr *r)
{
	const char *hint = mismatch_hint(b, left, l, right, r);

	if (!hint)
		hint = mismatch_hint(b, right, r, left, l);
	compilation_error(b->c, span, hint,
			  "cannot compare %s (%s) with %s (%s)",
			  bind_quote(b, left), value_type_name(l->type),
			  bind_quote(b, right), value_type_name(r->type));
}

static bool is_ordered(enum value_type type)
{
	return type != VALUE_BOOL && type != VALUE_IP && type != VALUE_LIST;
}

/* `l op r`, both bound; the trees are for messages and literals. */
static const struct expr *compare(struct binder *b, struct span span,
				  enum expr_op op, const struct ast_expr *left,
				  const struct expr *l,
				  const struct ast_expr *right,
				  const struct expr *r)
{
	enum value_type type;

	if (!l || !r || !bind_literal(b, right, l, &r) ||
	    !bind_literal(b, left, r, &l))
		return NULL;
	if (!same_type(l->type, r->type) || l->type == VALUE_LIST ||
	    r->type == VALUE_LIST) {
		mismatch(b, span, left, l, right, r);
		return NULL;
	}
	type = l->type == VALUE_NULL ? r->type : l->type;
	if (op != EXPR_EQ && op != EXPR_NE && !is_ordered(type)) {
		compilation_error(b->c, span, NULL,
				  "%s has no order: it compares with =, <> and "
				  "IN",
				  value_type_name(type));
		return NULL;
	}
	if (left->op == AST_NULL || right->op == AST_NULL)
		compilation_warning(b->c, span, "write IS NULL or IS NOT NULL",
				    "a comparison with NULL is never true");
	bind_range(b, l, right, r);
	bind_range(b, r, left, l);
	return keep(b, build_two(b->c->arena, op, VALUE_BOOL, l, r));
}

/* 'x' = ANY(list) */
static const struct expr *bind_any(struct binder *b, const struct scope *scope,
				   const struct ast_expr *ast)
{
	const struct ast_expr *any = ast->args[1]->args[0];
	const struct expr *x = bind_expr(b, scope, ast->args[0]);
	const struct expr *list = bind_expr(b, scope, any);
	struct expr *element, *equal;

	if (!x || !list)
		return NULL;
	if (list->type != VALUE_LIST) {
		compilation_error(b->c, any->span, "as in ANY(args)",
				  "ANY takes a list, but %s is %s",
				  bind_quote(b, any),
				  value_type_name(list->type));
		return NULL;
	}
	if (!same_type(x->type, VALUE_TEXT)) {
		compilation_error(b->c, ast->args[0]->span, NULL,
				  "a list holds texts, but %s is %s",
				  bind_quote(b, ast->args[0]),
				  value_type_name(x->type));
		return NULL;
	}
	element = build_op(b->c->arena, EXPR_ELEMENT, VALUE_TEXT, 0);
	if (!element)
		return keep(b, NULL);
	equal = build_two(b->c->arena, EXPR_EQ, VALUE_BOOL, element, x);
	if (!equal)
		return keep(b, NULL);
	return keep(b,
		    build_two(b->c->arena, EXPR_ANY, VALUE_BOOL, list, equal));
}

static const struct expr *bind_comparison(struct binder *b,
					  const struct scope *scope,
					  const struct ast_expr *ast)
{
	static const enum expr_op ops[AST_OP_COUNT] = {
		[AST_EQ] = EXPR_EQ, [AST_NE] = EXPR_NE, [AST_LT] = EXPR_LT,
		[AST_LE] = EXPR_LE, [AST_GT] = EXPR_GT, [AST_GE] = EXPR_GE,
	};
	const struct expr *l, *r;

	if (ast->args[1]->op == AST_ANY)
		return bind_any(b, scope, ast);
	l = bind_expr(b, scope, ast->args[0]);
	r = bind_expr(b, scope, ast->args[1]);
	return compare(b, ast->span, ops[ast->op], ast->args[0], l,
		       ast->args[1], r);
}

static void check_bounds(struct binder *b, const struct ast_expr *ast,
			 const struct expr *from, const struct expr *to)
{
	if (!from || !to || !build_is_const(from) || !build_is_const(to) ||
	    from->value.type != to->value.type ||
	    value_compare(from->value, to->value) <= 0)
		return;
	compilation_warning(b->c, ast->span,
			    compilation_text(b->c, "write BETWEEN %s AND %s",
					     bind_quote(b, ast->args[2]),
					     bind_quote(b, ast->args[1])),
			    "nothing is between these: the first is above the "
			    "second");
}

static const struct expr *bind_between(struct binder *b,
				       const struct scope *scope,
				       const struct ast_expr *ast)
{
	const struct expr *x = bind_expr(b, scope, ast->args[0]);
	const struct expr *from = bind_expr(b, scope, ast->args[1]);
	const struct expr *to = bind_expr(b, scope, ast->args[2]);

	check_bounds(b, ast, from, to);
	from = compare(b, ast->span, EXPR_GE, ast->args[0], x, ast->args[1],
		       from);
	to = compare(b, ast->span, EXPR_LE, ast->args[0], x, ast->args[2], to);
	if (!from || !to)
		return NULL;
	return negate(b, ast,
		      build_two(b->c->arena, EXPR_AND, VALUE_BOOL, from, to));
}

/* TYPE_COUNT: these do not add up. */
static enum value_type sum_type(enum expr_op op, enum value_type l,
				enum value_type r)
{
	bool add = op == EXPR_ADD;

	if (l == VALUE_NULL || r == VALUE_NULL)
		return l == VALUE_NULL ? r : l;
	if (l == r && (l == VALUE_INT || l == VALUE_INTERVAL))
		return l;
	if (l == VALUE_TIMESTAMP && r == VALUE_INTERVAL)
		return VALUE_TIMESTAMP;
	if (add && l == VALUE_INTERVAL && r == VALUE_TIMESTAMP)
		return VALUE_TIMESTAMP;
	if (!add && l == VALUE_TIMESTAMP && r == VALUE_TIMESTAMP)
		return VALUE_INTERVAL;
	return VALUE_TYPE_COUNT;
}

static const struct expr *const_sum(struct binder *b,
				    const struct ast_expr *ast,
				    enum value_type type, int64_t l, int64_t r)
{
	struct value v = { .type = (uint8_t)type };
	bool overflow = ast->op == AST_ADD ?
				__builtin_add_overflow(l, r, &v.i) :
				__builtin_sub_overflow(l, r, &v.i);

	if (overflow) {
		compilation_error(b->c, ast->span, NULL,
				  "%s does not fit 64 bits",
				  bind_quote(b, ast));
		return NULL;
	}
	return keep(b, build_const(b->c->arena, type, v));
}

static const struct expr *bind_sum(struct binder *b, const struct scope *scope,
				   const struct ast_expr *ast)
{
	enum expr_op op = ast->op == AST_ADD ? EXPR_ADD : EXPR_SUB;
	const struct expr *l = bind_expr(b, scope, ast->args[0]);
	const struct expr *r = bind_expr(b, scope, ast->args[1]);
	enum value_type type;

	if (!l || !r)
		return NULL;
	type = sum_type(op, l->type, r->type);
	if (type == VALUE_TYPE_COUNT || !is_ordered(type) ||
	    type == VALUE_TEXT) {
		compilation_error(
			b->c, ast->span,
			type == VALUE_TYPE_COUNT &&
					(l->type == VALUE_TIMESTAMP ||
					 r->type == VALUE_TIMESTAMP) ?
				"add an interval, as in ts + INTERVAL '5' "
				"SECOND" :
				NULL,
			"%s does not go with %s and %s",
			ast->op == AST_ADD ? "+" : "-",
			value_type_name(l->type), value_type_name(r->type));
		return NULL;
	}
	if (build_is_const(l) && build_is_const(r) &&
	    !value_is_null(l->value) && !value_is_null(r->value))
		return const_sum(b, ast, type, l->value.i, r->value.i);
	return keep(b, build_two(b->c->arena, op, type, l, r));
}

static int by_value(const void *a, const void *b)
{
	const struct expr *const *left = a, *const *right = b;

	return value_compare((*left)->value, (*right)->value);
}

/* Sort, drop what is there twice; returns how many are left. */
static unsigned distinct(const struct expr **items, unsigned count)
{
	unsigned kept = 0;

	qsort(items, count, sizeof(*items), by_value);
	for (unsigned i = 0; i < count; i++)
		if (!kept ||
		    value_compare(items[kept - 1]->value, items[i]->value))
			items[kept++] = items[i];
	return kept;
}

/* An element of an IN list; NULL: complained. */
static const struct expr *bind_element(struct binder *b,
				       const struct scope *scope,
				       const struct ast_expr *left,
				       const struct expr *x,
				       const struct ast_expr *ast)
{
	const struct expr *element = bind_expr(b, scope, ast);

	if (!element || !x || !bind_literal(b, ast, x, &element))
		return NULL;
	if (!build_is_const(element)) {
		compilation_error(b->c, ast->span, "write x = a OR x = b",
				  "IN takes constants only");
		return NULL;
	}
	if (same_type(x->type, element->type) && x->type != VALUE_LIST) {
		bind_range(b, x, ast, element);
		return element;
	}
	mismatch(b, ast->span, left, x, ast, element);
	return NULL;
}

/* x IN (a, NULL) is x IN (a) OR NULL. */
static const struct expr *bind_in(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast)
{
	struct arena *arena = b->c->arena;
	const struct expr *x = bind_expr(b, scope, ast->args[0]);
	struct expr *in = build_op(arena, EXPR_IN, VALUE_BOOL, ast->arg_count);
	const struct expr *ret = in;
	unsigned count = 1;
	bool null = false, ok = x;

	if (!in)
		return keep(b, NULL);
	for (unsigned i = 1; i < ast->arg_count; i++) {
		const struct expr *element =
			bind_element(b, scope, ast->args[0], x, ast->args[i]);

		ok &= element != NULL;
		if (element && value_is_null(element->value))
			null = true;
		else if (element)
			in->args[count++] = element;
	}
	if (!ok)
		return NULL;
	in->args[0] = x;
	in->arg_count = (uint16_t)(1 + distinct(in->args + 1, count - 1));
	if (in->arg_count == 2)
		in->op = EXPR_EQ;
	if (in->arg_count == 1)
		ret = build_null(arena);
	else if (null)
		ret = build_two(arena, EXPR_OR, VALUE_BOOL, in,
				build_null(arena));
	return negate(b, ast, ret);
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

static bool ends_in_escape(const char *pattern, uint8_t escape)
{
	for (; *pattern; pattern++)
		if (escape && (uint8_t)*pattern == escape && !*++pattern)
			return true;
	return false;
}

static const struct expr *bind_like(struct binder *b, const struct scope *scope,
				    const struct ast_expr *ast)
{
	const struct expr *x = bind_expr(b, scope, ast->args[0]);
	const struct ast_expr *pattern = ast->args[1];
	struct expr *like;
	uint8_t escape;

	if (pattern->op != AST_TEXT) {
		compilation_error(b->c, pattern->span, NULL,
				  "LIKE takes a pattern in quotes");
		return NULL;
	}
	if (!x || !like_escape(b, ast, &escape))
		return NULL;
	if (x->type != VALUE_TEXT && x->type != VALUE_NULL) {
		compilation_error(b->c, ast->args[0]->span,
				  x->type == VALUE_LIST ?
					  "search the cmdline, or write 'x' = "
					  "ANY(args)" :
					  NULL,
				  "LIKE takes a text, but %s is %s",
				  bind_quote(b, ast->args[0]),
				  value_type_name(x->type));
		return NULL;
	}
	if (ends_in_escape(pattern->text, escape)) {
		compilation_error(b->c, pattern->span, NULL,
				  "the pattern ends in its escape character");
		return NULL;
	}
	like = build_op(b->c->arena, EXPR_LIKE, VALUE_BOOL, 1);
	if (!like)
		return keep(b, NULL);
	like->args[0] = x;
	like->value = value_text(pattern->text);
	like->escape = escape;
	bind_range_like(b, like, pattern);
	return negate(b, ast, like);
}

static const struct expr *bind_logic(struct binder *b,
				     const struct scope *scope,
				     const struct ast_expr *ast)
{
	enum expr_op op = ast->op == AST_AND ? EXPR_AND :
			  ast->op == AST_OR  ? EXPR_OR :
					       EXPR_NOT;
	struct expr *expr =
		build_op(b->c->arena, op, VALUE_BOOL, ast->arg_count);
	bool ok = true;

	if (!expr)
		return keep(b, NULL);
	for (unsigned i = 0; i < ast->arg_count; i++) {
		expr->args[i] = bind_condition(b, scope, ast->args[i]);
		ok &= expr->args[i] != NULL;
	}
	return ok ? expr : NULL;
}

static const struct expr *bind_is_null(struct binder *b,
				       const struct scope *scope,
				       const struct ast_expr *ast)
{
	const struct expr *x = bind_expr(b, scope, ast->args[0]);
	struct expr *expr;

	if (!x)
		return NULL;
	expr = build_op(b->c->arena, EXPR_IS_NULL, VALUE_BOOL, 1);
	if (expr)
		expr->args[0] = x;
	return negate(b, ast, expr);
}

static void misplaced_count(struct binder *b, const struct scope *scope,
			    const struct ast_expr *ast)
{
	const char *alias = scope->count ? scope->items[0].alias : NULL;
	const char *dot = alias ? "." : "";

	if (!alias)
		alias = "";
	if (ast->over)
		compilation_error(b->c, ast->span,
				  "name it in a subquery: SELECT ... FROM "
				  "(SELECT ..., COUNT(*) OVER (...) AS n FROM "
				  "...) AS t WHERE n >= 10",
				  "COUNT(*) OVER stands alone as a column of "
				  "the SELECT list");
	else
		compilation_error(
			b->c, ast->span,
			compilation_text(
				b->c,
				"write COUNT(*) OVER (PARTITION BY %s%spid_key "
				"ORDER BY %s%sts RANGE BETWEEN INTERVAL '60' "
				"SECOND PRECEDING AND CURRENT ROW) AS n",
				alias, dot, alias, dot),
			"COUNT(*) needs a window: a stream has no end");
}

const struct expr *bind_condition(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast)
{
	const struct expr *expr = bind_expr(b, scope, ast);

	if (!expr || expr->type == VALUE_BOOL || expr->type == VALUE_NULL)
		return expr;
	compilation_error(b->c, ast->span, "compare it with something",
			  "a condition is true or false, but %s is %s",
			  bind_quote(b, ast), value_type_name(expr->type));
	return NULL;
}

const struct expr *bind_expr(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast)
{
	switch (ast->op) {
	case AST_NULL:
	case AST_BOOL:
	case AST_INT:
	case AST_INTERVAL:
	case AST_TEXT:
		return bind_const(b, ast);
	case AST_NAME:
		return bind_name(b, scope, ast);
	case AST_NOT:
	case AST_AND:
	case AST_OR:
		return bind_logic(b, scope, ast);
	case AST_EQ:
	case AST_NE:
	case AST_LT:
	case AST_LE:
	case AST_GT:
	case AST_GE:
		return bind_comparison(b, scope, ast);
	case AST_ADD:
	case AST_SUB:
		return bind_sum(b, scope, ast);
	case AST_IS_NULL:
		return bind_is_null(b, scope, ast);
	case AST_IN:
		return bind_in(b, scope, ast);
	case AST_BETWEEN:
		return bind_between(b, scope, ast);
	case AST_LIKE:
		return bind_like(b, scope, ast);
	case AST_CALL:
		if (!ast->star)
			break;
		misplaced_count(b, scope, ast);
		return NULL;
	case AST_ANY:
	case AST_ALL:
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
	case AST_CASE:
	case AST_CAST:
	case AST_EXISTS:
	case AST_OP_COUNT:
		break;
	}
	compilation_error(b->c, ast->span, NULL, "not supported yet: %s",
			  bind_quote(b, ast));
	return NULL;
}
