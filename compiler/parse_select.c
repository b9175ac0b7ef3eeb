// SPDX-License-Identifier: Apache-2.0
/*
 * [WITH name AS (query), ...]
 * SELECT expr [[AS] name], ... FROM item ... [WHERE condition]
 * [GROUP BY expr, ...] [HAVING condition] [ORDER BY expr [ASC|DESC], ...]
 * [LIMIT n]
 */
#include "compiler/parse_int.h"

static bool parse_star(struct parser *p)
{
	if (p->token.kind != TOKEN_STAR)
		return false;
	compilation_error(p->c, p->token.span,
			  "name the columns that a match shall show",
			  "SELECT * is not supported: what is not named is not "
			  "collected");
	return true;
}

static bool parse_output(struct parser *p, struct ast_output *output,
			 bool named)
{
	*output = (struct ast_output){ .span = p->token.span };
	if (parse_star(p))
		return false;
	output->expr = parse_expr(p);
	if (!output->expr || (named && !parse_is_word(p, "as"))) {
		if (output->expr)
			parse_expected(p, "AS and a name");
		return false;
	}
	if (parse_accept_word(p, "as")) {
		output->alias = parse_name(p, "a name behind AS");
		if (!output->alias)
			return false;
	} else if (parse_at_alias(p)) {
		output->alias = parse_name(p, "a name");
	}
	output->span = parse_span(p, output->span);
	return true;
}

bool parse_outputs(struct parser *p, struct ast_output **outputs,
		   unsigned *count, bool named)
{
	do {
		struct ast_output *grown = compilation_grow(
			p->c, *outputs, *count, sizeof(*grown));

		if (!grown)
			return false;
		*outputs = grown;
		if (!parse_output(p, &grown[*count], named))
			return false;
		if (++*count <= AST_OUTPUTS_MAX)
			continue;
		compilation_error(p->c, grown[*count - 1].span, NULL,
				  "%s has at most %d columns",
				  named ? "MEASURES" : "a query",
				  AST_OUTPUTS_MAX);
		return false;
	} while (parse_accept(p, TOKEN_COMMA));
	return true;
}

struct ast_select *parse_subquery(struct parser *p)
{
	struct span left = p->token.span;
	struct ast_select *select;
	unsigned depth = p->depth;
	const char *form = p->form;

	parse_advance(p);
	if (p->nesting >= AST_NESTING_MAX) {
		compilation_error(p->c, left, NULL,
				  "subqueries nest at most %d levels deep",
				  AST_NESTING_MAX);
		return NULL;
	}
	/* Its expressions count their depth from the beginning. */
	p->depth = 0;
	p->form = NULL;
	p->nesting++;
	select = parse_query(p);
	p->nesting--;
	p->depth = depth;
	p->form = form;
	return select && parse_expect(p, TOKEN_RIGHT, ")") ? select : NULL;
}

/* name AS (query), ... */
static bool parse_ctes(struct parser *p, struct ast_select *select)
{
	do {
		struct ast_cte *grown = compilation_grow(
			p->c, select->ctes, select->cte_count, sizeof(*grown));
		struct ast_cte cte = { .name_span = p->token.span };

		if (!grown)
			return false;
		select->ctes = grown;
		if (parse_is_word(p, "recursive") &&
		    p->ahead.kind == TOKEN_WORD) {
			compilation_error(p->c, p->token.span,
					  "HAS_ANCESTOR(pid_key, exe) looks "
					  "up the process tree",
					  "WITH RECURSIVE is not supported");
			return false;
		}
		cte.name = parse_name(p, "the name of a WITH query");
		if (!cte.name || !parse_expect_word(p, "as"))
			return false;
		if (p->token.kind != TOKEN_LEFT) {
			parse_expected(p, "( and the WITH query");
			return false;
		}
		cte.select = parse_subquery(p);
		if (!cte.select)
			return false;
		grown[select->cte_count++] = cte;
	} while (parse_accept(p, TOKEN_COMMA));
	return true;
}

static bool parse_groups(struct parser *p, struct ast_select *select)
{
	if (!parse_expect_word(p, "by"))
		return false;
	do {
		struct ast_expr **grown =
			compilation_grow(p->c, select->groups,
					 select->group_count, sizeof(*grown));
		struct ast_expr *group = grown ? parse_expr(p) : NULL;

		if (!group)
			return false;
		select->groups = grown;
		grown[select->group_count++] = group;
		if (select->group_count <= AST_KEYS_MAX)
			continue;
		compilation_error(p->c, group->span, NULL,
				  "GROUP BY has at most %d keys", AST_KEYS_MAX);
		return false;
	} while (parse_accept(p, TOKEN_COMMA));
	return true;
}

static bool parse_orders(struct parser *p, struct ast_select *select)
{
	if (!parse_expect_word(p, "by"))
		return false;
	do {
		struct ast_order *grown =
			compilation_grow(p->c, select->orders,
					 select->order_count, sizeof(*grown));
		struct ast_order order = { 0 };

		if (!grown)
			return false;
		select->orders = grown;
		order.expr = parse_expr(p);
		if (!order.expr)
			return false;
		order.descending = parse_accept_word(p, "desc");
		if (!order.descending)
			parse_accept_word(p, "asc");
		grown[select->order_count++] = order;
		if (select->order_count <= AST_ORDERS_MAX)
			continue;
		compilation_error(p->c, order.expr->span, NULL,
				  "ORDER BY has at most %d columns",
				  AST_ORDERS_MAX);
		return false;
	} while (parse_accept(p, TOKEN_COMMA));
	return true;
}

static bool parse_limit(struct parser *p, struct ast_select *select)
{
	struct span start = p->last;

	if (p->token.kind != TOKEN_INTEGER) {
		parse_expected(p, "a number behind LIMIT");
		return false;
	}
	if (p->token.integer == 0 || p->token.integer > INT64_MAX) {
		compilation_error(p->c, p->token.span, NULL,
				  "LIMIT is from 1 to 9223372036854775807");
		return false;
	}
	select->limit = (int64_t)p->token.integer;
	parse_advance(p);
	select->limit_span = parse_span(p, start);
	return true;
}

static bool parse_clauses(struct parser *p, struct ast_select *select)
{
	if (parse_accept_word(p, "where")) {
		select->where = parse_expr(p);
		if (!select->where)
			return false;
	}
	if (parse_accept_word(p, "group") && !parse_groups(p, select))
		return false;
	if (parse_accept_word(p, "having")) {
		select->having = parse_expr(p);
		if (!select->having)
			return false;
	}
	if (parse_accept_word(p, "order") && !parse_orders(p, select))
		return false;
	return !parse_accept_word(p, "limit") || parse_limit(p, select);
}

/* SELECT TOP 5 x; without a number it is a column. */
static bool parse_top(struct parser *p)
{
	if (!parse_is_word(p, "top") || p->ahead.kind != TOKEN_INTEGER)
		return false;
	compilation_error(p->c, p->token.span,
			  "write ORDER BY ... LIMIT n at the end",
			  "TOP is not supported");
	return true;
}

struct ast_select *parse_query(struct parser *p)
{
	struct ast_select *select = compilation_alloc(p->c, 1, sizeof(*select));
	struct span start = p->token.span;

	if (!select)
		return NULL;
	select->limit = -1;
	if (parse_accept_word(p, "with") && !parse_ctes(p, select))
		return NULL;
	if (!parse_expect_word(p, "select") || parse_top(p) ||
	    !parse_outputs(p, &select->outputs, &select->output_count, false) ||
	    !parse_expect_word(p, "from") || !parse_from(p, select) ||
	    !parse_clauses(p, select))
		return NULL;
	select->span = parse_span(p, start);
	return select;
}
