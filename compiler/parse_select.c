// SPDX-License-Identifier: Apache-2.0
/* SELECT list FROM item [JOIN item ON condition]... [WHERE condition] */
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

static bool parse_output(struct parser *p, struct ast_select *select)
{
	struct ast_output *grown = compilation_grow(
		p->c, select->outputs, select->output_count, sizeof(*grown));
	struct ast_output output = { .span = p->token.span };

	if (!grown || parse_star(p))
		return false;
	select->outputs = grown;
	output.expr = parse_expr(p);
	if (!output.expr)
		return false;
	if (parse_accept_word(p, "as")) {
		output.alias = parse_name(p, "a name behind AS");
		if (!output.alias)
			return false;
	} else if (parse_at_name(p)) {
		output.alias = parse_name(p, "a name");
	}
	output.span = parse_span(p, output.span);
	select->outputs[select->output_count++] = output;
	if (select->output_count <= AST_OUTPUTS_MAX)
		return true;
	compilation_error(p->c, output.span, NULL,
			  "a query has at most %d columns", AST_OUTPUTS_MAX);
	return false;
}

static bool parse_subquery(struct parser *p, struct ast_item *item)
{
	struct span left = p->token.span;

	parse_advance(p);
	if (p->nesting >= AST_NESTING_MAX) {
		compilation_error(p->c, left, NULL,
				  "subqueries nest at most %d levels deep",
				  AST_NESTING_MAX);
		return false;
	}
	if (!parse_is_word(p, "select")) {
		parse_expected(p, "SELECT");
		return false;
	}
	p->nesting++;
	item->select = parse_select(p);
	p->nesting--;
	return item->select && parse_expect(p, TOKEN_RIGHT, ")");
}

/* domain.event; a name without a dot is left for the binder to look up. */
static bool parse_stream(struct parser *p, struct ast_item *item)
{
	const char *domain = parse_name(p, "a stream's name");
	const char *event;

	if (!domain)
		return false;
	item->stream = domain;
	if (!parse_accept(p, TOKEN_DOT))
		return true;
	event = parse_name(p, "a stream's name");
	if (!event)
		return false;
	item->stream = compilation_text(p->c, "%s.%s", domain, event);
	return item->stream;
}

static bool parse_item(struct parser *p, struct ast_select *select)
{
	struct ast_item *grown = compilation_grow(
		p->c, select->items, select->item_count, sizeof(*grown));
	struct ast_item item = { .span = p->token.span };

	if (!grown)
		return false;
	select->items = grown;
	if (!(p->token.kind == TOKEN_LEFT ? parse_subquery(p, &item) :
					    parse_stream(p, &item)))
		return false;
	if (parse_accept_word(p, "as")) {
		item.alias = parse_name(p, "a name behind AS");
		if (!item.alias)
			return false;
	} else if (parse_at_name(p)) {
		item.alias = parse_name(p, "a name");
	}
	item.span = parse_span(p, item.span);
	if (select->item_count) {
		if (!parse_expect_word(p, "on"))
			return false;
		item.on = parse_expr(p);
		if (!item.on)
			return false;
	}
	select->items[select->item_count++] = item;
	return true;
}

static bool parse_join(struct parser *p, struct ast_select *select)
{
	if (p->token.kind == TOKEN_COMMA) {
		compilation_error(p->c, p->token.span,
				  "write JOIN ... ON with a key and a time "
				  "bound",
				  "streams are not joined by a comma");
		return false;
	}
	if (parse_accept_word(p, "inner") && !parse_is_word(p, "join")) {
		parse_expected(p, "JOIN");
		return false;
	}
	if (select->item_count > AST_JOINS_MAX) {
		compilation_error(p->c, p->token.span, "split the rule",
				  "a rule has at most %d joins", AST_JOINS_MAX);
		return false;
	}
	parse_advance(p);
	return parse_item(p, select);
}

struct ast_select *parse_select(struct parser *p)
{
	struct ast_select *select = compilation_alloc(p->c, 1, sizeof(*select));
	struct span start = p->token.span;

	if (!select)
		return NULL;
	select->limit = -1;
	parse_advance(p);
	do {
		if (!parse_output(p, select))
			return NULL;
	} while (parse_accept(p, TOKEN_COMMA));
	if (!parse_expect_word(p, "from") || !parse_item(p, select))
		return NULL;
	while (parse_is_word(p, "join") || parse_is_word(p, "inner") ||
	       p->token.kind == TOKEN_COMMA)
		if (!parse_join(p, select))
			return NULL;
	if (parse_accept_word(p, "where")) {
		select->where = parse_expr(p);
		if (!select->where)
			return NULL;
	}
	select->span = parse_span(p, start);
	return select;
}
