// SPDX-License-Identifier: Apache-2.0
/*
 * What stands behind FROM: streams, subqueries, windows, and how they join.
 *
 *   [INNER] JOIN [FIRST] | LEFT [OUTER] JOIN | AUTO JOIN
 *   TUMBLE(TABLE source, DESCRIPTOR(ts), size)
 *   HOP(TABLE source, DESCRIPTOR(ts), slide, size)
 *   SESSION(TABLE source [PARTITION BY keys], DESCRIPTOR(ts), gap, maximum)
 *   stream FOR SYSTEM_TIME AS OF x.ts
 */
#include "compiler/parse_int.h"

const char *parse_stream(struct parser *p, const char *what)
{
	const char *domain = parse_name(p, what);
	const char *event;

	if (!domain || !parse_accept(p, TOKEN_DOT))
		return domain;
	event = parse_name(p, what);
	return event ? compilation_text(p->c, "%s.%s", domain, event) : NULL;
}

/* stream | view | matches.rule | (query) */
static bool parse_source_of(struct parser *p, struct ast_item *item)
{
	if (p->token.kind == TOKEN_LEFT) {
		item->select = parse_subquery(p);
		return item->select;
	}
	item->stream = parse_stream(p, "a stream's name");
	return item->stream;
}

/* At TUMBLE (, HOP ( or SESSION (. */
static bool at_window(const struct parser *p, enum ast_table *ret_kind)
{
	static const char *const words[] = {
		[AST_TUMBLE] = "tumble",
		[AST_HOP] = "hop",
		[AST_SESSION] = "session",
	};

	for (unsigned i = AST_TUMBLE; i < ARRAY_SIZE(words); i++) {
		if (p->ahead.kind != TOKEN_LEFT || !parse_is_word(p, words[i]))
			continue;
		*ret_kind = (enum ast_table)i;
		return true;
	}
	return false;
}

static bool parse_table(struct parser *p, struct ast_item *item,
			struct ast_table_window *window)
{
	parse_advance(p);
	parse_advance(p);
	if (!parse_expect_word(p, "table") || !parse_source_of(p, item))
		return false;
	if (window->kind == AST_SESSION && parse_accept_word(p, "partition") &&
	    !parse_keys(p, "PARTITION BY", &window->keys, &window->key_count))
		return false;
	if (!parse_expect(p, TOKEN_COMMA, ", and DESCRIPTOR(ts)") ||
	    !parse_expect_word(p, "descriptor") ||
	    !parse_expect(p, TOKEN_LEFT, "( behind DESCRIPTOR"))
		return false;
	window->time = parse_column(p);
	return window->time && parse_expect(p, TOKEN_RIGHT, ")");
}

static const char *const window_forms[] = {
	[AST_TUMBLE] = "as in TUMBLE(TABLE process.exec, DESCRIPTOR(ts), "
		       "INTERVAL '1' MINUTE)",
	[AST_HOP] = "as in HOP(TABLE process.exec, DESCRIPTOR(ts), "
		    "INTERVAL '10' SECOND, INTERVAL '1' MINUTE)",
	[AST_SESSION] = "as in SESSION(TABLE process.exec PARTITION BY pid, "
			"DESCRIPTOR(ts), INTERVAL '30' SECOND, "
			"INTERVAL '1' HOUR)",
};

static bool parse_window(struct parser *p, struct ast_item *item,
			 enum ast_table kind)
{
	struct ast_table_window *window =
		compilation_alloc(p->c, 1, sizeof(*window));

	if (!window)
		return false;
	window->kind = kind;
	item->window = window;
	p->form = window_forms[kind];
	if (!parse_table(p, item, window) ||
	    !parse_expect(p, TOKEN_COMMA,
			  kind == AST_SESSION ? ", and the gap" :
			  kind == AST_HOP     ? ", and the slide" :
						", and the size"))
		return false;
	if (kind != AST_TUMBLE &&
	    (!parse_interval(p, &window->slide_ns, &window->slide_span) ||
	     !parse_expect(p, TOKEN_COMMA,
			   kind == AST_SESSION ?
				   ", and the most that a session may last" :
				   ", and the size")))
		return false;
	if (!parse_interval(p, &window->size_ns, &window->size_span) ||
	    !parse_expect(p, TOKEN_RIGHT, ")"))
		return false;
	p->form = NULL;
	return true;
}

static bool parse_as_of(struct parser *p, struct ast_item *item)
{
	if (!parse_expect_word(p, "system_time") ||
	    !parse_expect_word(p, "as") || !parse_expect_word(p, "of"))
		return false;
	item->as_of = parse_column(p);
	return item->as_of;
}

static bool parse_table_item(struct parser *p, struct ast_item *item)
{
	enum ast_table kind;

	if (at_window(p, &kind))
		return parse_window(p, item, kind);
	if (!parse_source_of(p, item))
		return false;
	if (parse_accept_word(p, "match_recognize")) {
		item->recognize = parse_recognize(p);
		return item->recognize;
	}
	return !item->stream || !parse_accept_word(p, "for") ||
	       parse_as_of(p, item);
}

static bool parse_alias(struct parser *p, struct ast_item *item)
{
	if (parse_accept_word(p, "as")) {
		item->alias = parse_name(p, "a name behind AS");
		return item->alias;
	}
	if (parse_at_alias(p))
		item->alias = parse_name(p, "a name");
	return true;
}

static bool parse_on(struct parser *p, struct ast_item *item)
{
	if (!parse_is_word(p, "on")) {
		parse_expected_form(
			p, "ON",
			item->join == AST_JOIN_AUTO ?
				"as in AUTO JOIN network.connect n ON "
				"n.pid_key = e.pid_key WHEN e.name = 'bash'" :
				"as in JOIN network.connect n ON n.pid_key = "
				"e.pid_key AND n.ts BETWEEN e.ts AND e.ts "
				"+ INTERVAL '5' SECOND");
		return false;
	}
	parse_advance(p);
	item->on = parse_expr(p);
	if (!item->on)
		return false;
	if (!parse_is_word(p, "when"))
		return true;
	if (item->join != AST_JOIN_AUTO) {
		compilation_error(p->c, p->token.span,
				  "write AUTO JOIN, or move the condition to "
				  "ON",
				  "WHEN goes with AUTO JOIN only");
		return false;
	}
	parse_advance(p);
	item->when = parse_expr(p);
	return item->when;
}

static bool parse_item(struct parser *p, struct ast_select *select,
		       enum ast_join join)
{
	struct ast_item *grown = compilation_grow(
		p->c, select->items, select->item_count, sizeof(*grown));
	struct ast_item item = { .join = join, .span = p->token.span };

	if (!grown)
		return false;
	select->items = grown;
	if (parse_is_word(p, "lateral")) {
		parse_expected(p, "a stream");
		return false;
	}
	if (!parse_table_item(p, &item) || !parse_alias(p, &item))
		return false;
	item.span = parse_span(p, item.span);
	if (join != AST_JOIN_FROM && !parse_on(p, &item))
		return false;
	grown[select->item_count++] = item;
	return true;
}

/* Behind JOIN: no name of a stream but the keyword, as an item follows. */
static bool accept_first(struct parser *p)
{
	if (!parse_is_word(p, "first") ||
	    !(p->ahead.kind == TOKEN_LEFT || parse_is_name(&p->ahead)))
		return false;
	parse_advance(p);
	return true;
}

static bool parse_join(struct parser *p, struct ast_select *select)
{
	enum ast_join join = AST_JOIN_INNER;
	struct span start = p->token.span;

	if (parse_accept_word(p, "left")) {
		join = AST_JOIN_LEFT;
		parse_accept_word(p, "outer");
	} else if (parse_accept_word(p, "auto")) {
		join = AST_JOIN_AUTO;
	} else {
		parse_accept_word(p, "inner");
	}
	if (!parse_expect_word(p, "join"))
		return false;
	if (join == AST_JOIN_INNER && accept_first(p))
		join = AST_JOIN_FIRST;
	if (select->item_count <= AST_JOINS_MAX)
		return parse_item(p, select, join);
	compilation_error(p->c, start, "split the rule",
			  "a rule has at most %d joins", AST_JOINS_MAX);
	return false;
}

static bool at_join(const struct parser *p)
{
	return parse_is_word(p, "join") || parse_is_word(p, "inner") ||
	       parse_is_word(p, "left") || parse_is_word(p, "auto");
}

bool parse_from(struct parser *p, struct ast_select *select)
{
	if (!parse_item(p, select, AST_JOIN_FROM))
		return false;
	while (at_join(p))
		if (!parse_join(p, select))
			return false;
	if (p->token.kind != TOKEN_COMMA)
		return true;
	compilation_error(p->c, p->token.span,
			  "write JOIN ... ON with a key and a time bound",
			  "streams are not joined by a comma");
	return false;
}
