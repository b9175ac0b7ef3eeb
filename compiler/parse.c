// SPDX-License-Identifier: Apache-2.0
/*
 * Statements: CREATE RULE, VIEW and LIST and the bare SELECT, what stands around
 * their query, and the way back after an error.
 */
#include "compiler/parse_int.h"

#include <string.h>

#define FORM_RULE \
	"as in CREATE RULE name AS SELECT pid FROM process.exec WHERE uid = 0;"
#define FORM_OPTIONS \
	"as in CREATE RULE name WITH (severity = 'high', tags = 'web') AS SELECT ..."
#define FORM_EMIT "as in EMIT ON EVERY MATCH, FIRST MATCH or WINDOW CLOSE"
#define FORM_SUPPRESS "as in SUPPRESS FOR INTERVAL '10' MINUTE"
#define FORM_LIST "as in CREATE LIST shells ('sh', 'bash');"
#define FORM_VIEW "as in CREATE VIEW name AS SELECT ... FROM ...;"

/* 'text', number, TRUE or FALSE. */
static struct ast_expr *option_value(struct parser *p)
{
	struct ast_expr *value = parse_new(p, AST_TEXT, p->token.span);

	if (!value)
		return NULL;
	if (p->token.kind == TOKEN_TEXT) {
		value->text = p->token.text;
	} else if (p->token.kind == TOKEN_INTEGER &&
		   p->token.integer <= INT64_MAX) {
		value->op = AST_INT;
		value->number = (int64_t)p->token.integer;
	} else if (parse_is_word(p, "true") || parse_is_word(p, "false")) {
		value->op = AST_BOOL;
		value->number = parse_is_word(p, "true");
	} else {
		parse_expected_form(p, "the option's value as 'text'",
				    FORM_OPTIONS);
		return NULL;
	}
	parse_advance(p);
	return value;
}

static bool parse_options(struct parser *p, struct ast_rule *rule)
{
	p->form = FORM_OPTIONS;
	if (!parse_expect(p, TOKEN_LEFT, "("))
		return false;
	do {
		struct ast_option *option;
		struct ast_option *grown =
			compilation_grow(p->c, rule->options,
					 rule->option_count, sizeof(*grown));

		if (!grown)
			return false;
		rule->options = grown;
		option = &grown[rule->option_count];
		*option = (struct ast_option){ .name_span = p->token.span };
		option->name = parse_name(p, "an option's name");
		if (!option->name || !parse_expect(p, TOKEN_EQ, "="))
			return false;
		option->value = option_value(p);
		if (!option->value)
			return false;
		rule->option_count++;
	} while (parse_accept(p, TOKEN_COMMA));
	if (!parse_expect(p, TOKEN_RIGHT, "a comma or )"))
		return false;
	p->form = NULL;
	return true;
}

static bool parse_emit(struct parser *p, struct ast_rule *rule)
{
	struct span start = p->last;

	p->form = FORM_EMIT;
	if (!parse_expect_word(p, "on"))
		return false;
	if (parse_accept_word(p, "first")) {
		rule->emit = AST_EMIT_FIRST;
	} else if (parse_accept_word(p, "every")) {
		rule->emit = AST_EMIT_EVERY;
	} else if (parse_accept_word(p, "window")) {
		rule->emit = AST_EMIT_CLOSE;
	} else {
		parse_expected(p, "FIRST MATCH, EVERY MATCH or WINDOW CLOSE");
		return false;
	}
	if (!parse_expect_word(p, rule->emit == AST_EMIT_CLOSE ? "close" :
								 "match"))
		return false;
	p->form = NULL;
	rule->emit_span = parse_span(p, start);
	return true;
}

static bool parse_suppress(struct parser *p, struct ast_rule *rule)
{
	struct span span;

	p->form = FORM_SUPPRESS;
	if (!parse_expect_word(p, "for") ||
	    !parse_interval(p, &rule->suppress_ns, &span))
		return false;
	p->form = NULL;
	if (rule->suppress_ns > 0)
		return true;
	compilation_error(p->c, span, NULL,
			  "SUPPRESS FOR needs an interval above zero");
	return false;
}

static bool parse_gap(struct parser *p, struct ast_rule *rule)
{
	p->form = "as in ON GAP FLAG or ON GAP SUPPRESS";
	if (!parse_expect_word(p, "gap"))
		return false;
	if (parse_accept_word(p, "flag")) {
		rule->gap = AST_GAP_FLAG;
	} else if (parse_accept_word(p, "suppress")) {
		rule->gap = AST_GAP_SUPPRESS;
	} else {
		parse_expected(p, "FLAG or SUPPRESS");
		return false;
	}
	p->form = NULL;
	return true;
}

static bool parse_tail(struct parser *p, struct ast_rule *rule)
{
	if (parse_accept_word(p, "emit") && !parse_emit(p, rule))
		return false;
	if (parse_accept_word(p, "suppress") && !parse_suppress(p, rule))
		return false;
	if (parse_accept_word(p, "on") && !parse_gap(p, rule))
		return false;
	if (p->token.kind == TOKEN_END || p->token.kind == TOKEN_SEMICOLON)
		return true;
	parse_expected(p, "; or the end of the rule");
	return false;
}

/* "rules/net.sql", 3: net_3 */
static const char *bare_name(struct parser *p, const char *path, unsigned n)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	size_t len = dot && dot != base ? (size_t)(dot - base) : strlen(base);
	const char *name;
	char *word;

	if (len > WORD_BYTES_MAX - 16)
		len = WORD_BYTES_MAX - 16;
	word = compilation_copy(p->c, base, len);
	if (!word)
		return NULL;
	for (char *c = word; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		else if (!((*c >= 'a' && *c <= 'z') ||
			   (*c >= '0' && *c <= '9')))
			*c = '_';
	}
	name = *word >= '0' && *word <= '9' ? "_" : "";
	return compilation_text(p->c, "%s%s_%u", name, word, n);
}

/* Behind the name of a rule and its options. */
static bool parse_expect_as(struct parser *p)
{
	if (parse_accept_word(p, "as"))
		return true;
	if (p->token.kind == TOKEN_MINUS)
		compilation_error(p->c, p->token.span, "write _ in place of -",
				  "a name is letters, digits and _");
	else if (parse_is_word(p, "not"))
		compilation_error(p->c, p->token.span,
				  "a rule is what its file says",
				  "IF NOT EXISTS is not supported");
	else
		parse_expected_form(p, "AS",
				    p->token.kind == TOKEN_LEFT ? FORM_OPTIONS :
								  FORM_RULE);
	return false;
}

/* [WITH (...)] AS query, and what stands behind it; or just the query. */
static bool parse_rule(struct parser *p, struct span start,
		       struct ast_rule *rule)
{
	struct ast_program *program = p->program;
	struct ast_rule **grown;

	if (!rule->bare && parse_accept_word(p, "with") &&
	    !parse_options(p, rule))
		return false;
	if (!rule->bare && !parse_expect_as(p))
		return false;
	rule->select = parse_query(p);
	if (!rule->select || !parse_tail(p, rule))
		return false;
	rule->span = parse_span(p, start);
	grown = compilation_grow(p->c, program->rules, program->rule_count,
				 sizeof(*grown));
	if (!grown)
		return false;
	program->rules = grown;
	grown[program->rule_count++] = rule;
	return true;
}

static bool parse_bare(struct parser *p, const char *path, unsigned n)
{
	struct ast_rule *rule = compilation_alloc(p->c, 1, sizeof(*rule));

	if (!rule)
		return false;
	rule->bare = true;
	rule->name_span = p->token.span;
	rule->name = bare_name(p, path, n);
	p->c->rule = rule->name;
	return rule->name && parse_rule(p, p->token.span, rule);
}

static bool parse_named(struct parser *p, struct span start)
{
	struct ast_rule *rule = compilation_alloc(p->c, 1, sizeof(*rule));

	if (!rule)
		return false;
	rule->name_span = p->token.span;
	p->form = FORM_RULE;
	rule->name = parse_name(p, "the rule's name");
	p->form = NULL;
	p->c->rule = rule->name;
	if (!rule->name)
		return false;
	if (parse_rule(p, start, rule))
		return true;
	compilation_add_damaged(p->c, rule->name);
	return false;
}

/* A view or a list has no end but its own. */
static bool parse_end(struct parser *p, const char *what)
{
	if (p->token.kind == TOKEN_END || p->token.kind == TOKEN_SEMICOLON)
		return true;
	if (parse_is_word(p, "emit") || parse_is_word(p, "suppress")) {
		compilation_error(p->c, p->token.span,
				  "write it in the rule that reads the view",
				  "%s goes with CREATE RULE",
				  parse_is_word(p, "emit") ? "EMIT" :
							     "SUPPRESS FOR");
		return false;
	}
	parse_expected(p, what);
	return false;
}

/* CREATE VIEW name[.name] AS query */
static bool parse_view_query(struct parser *p, struct span start,
			     struct ast_view *view)
{
	struct ast_program *program = p->program;
	struct ast_view **grown;

	if (!parse_expect_word(p, "as"))
		return false;
	p->form = NULL;
	view->select = parse_query(p);
	if (!view->select || !parse_end(p, "; or the end of the view"))
		return false;
	view->span = parse_span(p, start);
	grown = compilation_grow(p->c, program->views, program->view_count,
				 sizeof(*grown));
	if (!grown)
		return false;
	program->views = grown;
	grown[program->view_count++] = view;
	return true;
}

static bool parse_view(struct parser *p, struct span start)
{
	struct ast_view *view = compilation_alloc(p->c, 1, sizeof(*view));

	if (!view)
		return false;
	view->name_span = p->token.span;
	p->form = FORM_VIEW;
	view->name = parse_stream(p, "the view's name");
	if (!view->name)
		return false;
	view->name_span = parse_span(p, view->name_span);
	if (parse_view_query(p, start, view))
		return true;
	compilation_add_damaged(p->c, view->name);
	return false;
}

/* CREATE LIST name (constant, ...) */
static bool parse_elements(struct parser *p, struct span start,
			   struct ast_list *list)
{
	struct ast_program *program = p->program;
	struct ast_list **grown;

	if (!parse_expect(p, TOKEN_LEFT, "("))
		return false;
	do {
		struct ast_expr **items = compilation_grow(
			p->c, list->items, list->item_count, sizeof(*items));
		struct ast_expr *item = items ? parse_constant(p) : NULL;

		if (!item)
			return false;
		list->items = items;
		items[list->item_count++] = item;
		if (list->item_count <= AST_LIST_MAX)
			continue;
		compilation_error(p->c, item->span, "split the list",
				  "a list has at most %d elements",
				  AST_LIST_MAX);
		return false;
	} while (parse_accept(p, TOKEN_COMMA));
	if (!parse_expect(p, TOKEN_RIGHT, "a comma or )"))
		return false;
	p->form = NULL;
	if (!parse_end(p, "; or the end of the list"))
		return false;
	list->span = parse_span(p, start);
	grown = compilation_grow(p->c, program->lists, program->list_count,
				 sizeof(*grown));
	if (!grown)
		return false;
	program->lists = grown;
	grown[program->list_count++] = list;
	return true;
}

static bool parse_list(struct parser *p, struct span start)
{
	struct ast_list *list = compilation_alloc(p->c, 1, sizeof(*list));

	if (!list)
		return false;
	list->name_span = p->token.span;
	p->form = FORM_LIST;
	list->name = parse_name(p, "the list's name");
	if (!list->name)
		return false;
	if (parse_elements(p, start, list))
		return true;
	compilation_add_damaged(p->c, list->name);
	return false;
}

static bool parse_create(struct parser *p)
{
	struct span start = p->token.span;

	parse_advance(p);
	if (parse_is_word(p, "or"))
		parse_advance(p);
	else if (parse_accept_word(p, "rule"))
		return parse_named(p, start);
	if (parse_accept_word(p, "view"))
		return parse_view(p, start);
	if (parse_accept_word(p, "list"))
		return parse_list(p, start);
	if (parse_is_word(p, "stream"))
		compilation_error(p->c, p->token.span,
				  "shrike streams lists what there is",
				  "CREATE STREAM is not part of this version: "
				  "events come from the catalog");
	else
		parse_expected_form(p, "RULE, VIEW or LIST", FORM_RULE);
	return false;
}

static bool parse_statement(struct parser *p, const char *path, unsigned n)
{
	if (parse_is_word(p, "create"))
		return parse_create(p);
	if (parse_is_word(p, "select") || parse_is_word(p, "with"))
		return parse_bare(p, path, n);
	parse_expected_form(p, "CREATE RULE or SELECT", FORM_RULE);
	p->quiet = true;
	return false;
}

/* After an error: to the next place where a statement can start. */
static void skip_statement(struct parser *p)
{
	p->lexer.quiet = p->quiet;
	while (p->token.kind != TOKEN_END && p->token.kind != TOKEN_SEMICOLON &&
	       !parse_is_word(p, "create"))
		parse_advance(p);
	p->lexer.quiet = false;
	if (p->token.kind == TOKEN_END)
		return;
	/* What was read ahead is of the next statement. */
	p->lexer.at = p->token.span.end;
	p->ahead = lexer_next(&p->lexer);
}

void parse_source(struct compilation *c, const struct compile_source *source,
		  uint32_t index, struct ast_program *program)
{
	struct parser p = { .c = c, .program = program };
	unsigned n = 0;

	lexer_init(&p.lexer, c, source, index);
	parse_start(&p);
	while (p.token.kind != TOKEN_END && !c->nomem) {
		p.rule_start = p.token.span.start;
		p.depth = 0;
		p.nesting = 0;
		p.copies = 0;
		p.form = NULL;
		p.too_long = false;
		if (parse_accept(&p, TOKEN_SEMICOLON))
			continue;
		if (!parse_statement(&p, source->name, ++n)) {
			if (p.last.end <= p.rule_start)
				parse_advance(&p);
			skip_statement(&p);
		}
		p.quiet = false;
		c->rule = NULL;
	}
}
