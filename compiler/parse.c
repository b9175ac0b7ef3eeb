// SPDX-License-Identifier: Apache-2.0
/*
 * Statements: CREATE RULE and bare SELECT, what stands around their query, and
 * the way back after an error.
 */
#include "compiler/parse_int.h"

#include "compiler/suggest.h"

#include <string.h>

static const char *const reserved[] = {
	"all",	    "and",    "any",	"as",	 "auto",     "between",
	"by",	    "case",   "create", "cross", "distinct", "emit",
	"escape",   "except", "exists", "false", "from",     "full",
	"group",    "having", "ilike",	"in",	 "inner",    "intersect",
	"interval", "is",     "join",	"left",	 "like",     "limit",
	"natural",  "not",    "null",	"on",	 "or",	     "order",
	"outer",    "over",   "regexp", "right", "select",   "suppress",
	"true",	    "union",  "using",	"where", "with",
};

static const struct {
	const char *word;
	const char *message;
	const char *suggestion;
} unsupported[] = {
	{ "group", "GROUP BY is not supported: a stream has no end",
	  "count in a sliding window: COUNT(*) OVER (PARTITION BY key ORDER BY "
	  "ts RANGE BETWEEN INTERVAL '60' SECOND PRECEDING AND CURRENT ROW)" },
	{ "having", "HAVING is not supported",
	  "wrap the query: SELECT ... FROM (SELECT ..., COUNT(*) OVER (...) AS "
	  "n FROM ...) AS t WHERE n >= 10" },
	{ "order", "ORDER BY is not supported: matches come in order of time",
	  NULL },
	{ "limit", "LIMIT is not supported",
	  "EMIT ON FIRST MATCH and SUPPRESS FOR INTERVAL '10' MINUTE limit "
	  "what a rule emits" },
	{ "union", "UNION is not supported", "write two rules" },
	{ "intersect", "INTERSECT is not supported", NULL },
	{ "except", "EXCEPT is not supported", NULL },
	{ "distinct", "DISTINCT is not supported",
	  "SUPPRESS FOR INTERVAL '10' MINUTE mutes repetitions" },
	{ "left", "LEFT JOIN is not supported", "only inner JOIN is" },
	{ "right", "RIGHT JOIN is not supported", "only inner JOIN is" },
	{ "full", "FULL JOIN is not supported", "only inner JOIN is" },
	{ "cross", "CROSS JOIN is not supported",
	  "write JOIN ... ON with a key and a time bound" },
	{ "natural", "NATURAL JOIN is not supported",
	  "write JOIN ... ON with a key and a time bound" },
	{ "auto", "AUTO JOIN is not supported",
	  "write JOIN ... ON with a key and a time bound" },
	{ "using", "USING is not supported", "write ON a.key = b.key" },
	{ "with", "WITH queries are not supported",
	  "write the query in FROM: FROM (SELECT ...) AS t" },
	{ "case", "CASE is not supported", NULL },
	{ "exists", "EXISTS is not supported", NULL },
	{ "ilike", "ILIKE is not supported", NULL },
	{ "regexp", "REGEXP is not supported", "LIKE knows % and _" },
};

void parse_advance(struct parser *p)
{
	p->last = p->token.span;
	p->last_word = p->token.kind == TOKEN_WORD ? p->token.text : NULL;
	p->token = p->ahead;
	if (p->token.kind != TOKEN_END)
		p->ahead = lexer_next(&p->lexer);
	if (p->too_long || p->token.kind == TOKEN_END ||
	    p->token.span.end - p->rule_start <= COMPILE_RULE_BYTES_MAX)
		return;
	p->too_long = true;
	compilation_error(p->c, p->token.span, NULL,
			  "a rule has at most %zu bytes of text; this one "
			  "goes on",
			  COMPILE_RULE_BYTES_MAX);
	p->token.kind = TOKEN_BAD;
}

bool parse_is_word(const struct parser *p, const char *word)
{
	return p->token.kind == TOKEN_WORD && strcmp(p->token.text, word) == 0;
}

bool parse_accept_word(struct parser *p, const char *word)
{
	if (!parse_is_word(p, word))
		return false;
	parse_advance(p);
	return true;
}

bool parse_accept(struct parser *p, enum token_kind kind)
{
	if (p->token.kind != kind)
		return false;
	parse_advance(p);
	return true;
}

bool parse_unsupported(struct parser *p)
{
	for (unsigned i = 0; i < ARRAY_SIZE(unsupported); i++) {
		if (!parse_is_word(p, unsupported[i].word))
			continue;
		compilation_error(p->c, p->token.span,
				  unsupported[i].suggestion, "%s",
				  unsupported[i].message);
		return true;
	}
	return false;
}

static void upper(char *out, size_t size, const char *word)
{
	size_t i;

	for (i = 0; word[i] && i + 1 < size; i++)
		out[i] = word[i] >= 'a' && word[i] <= 'z' ?
				 (char)(word[i] - 'a' + 'A') :
				 word[i];
	out[i] = '\0';
}

/* A misspelt keyword was read as an alias, or is what stands here. */
static const char *misspelt(struct parser *p, const char *word)
{
	static const char *const clauses[] = {
		"create", "select", "from",	"join",	   "where",
		"emit",	  "match",  "suppress", "interval"
	};
	struct suggest s = suggest_for(word);
	char keyword[16];

	for (unsigned i = 0; i < ARRAY_SIZE(clauses); i++) {
		if (strcmp(clauses[i], word) == 0)
			return NULL;
		suggest_offer(&s, clauses[i]);
	}
	/* Of a short word little is left to be recognised by. */
	if (!s.best || strlen(word) < 4 ||
	    (edit_distance(word, s.best) > 1 && strlen(word) < 6))
		return NULL;
	upper(keyword, sizeof(keyword), s.best);
	return compilation_text(p->c, "did you mean %s instead of '%s'?",
				keyword, word);
}

void parse_expected(struct parser *p, const char *what)
{
	const int quoted_max = 40;
	const struct span span = p->token.span;
	int len = (int)(span.end - span.start);
	const char *hint = NULL;

	if (p->token.kind == TOKEN_BAD || parse_unsupported(p))
		return;
	if (p->token.kind == TOKEN_WORD)
		hint = misspelt(p, p->token.text);
	if (!hint && p->last_word)
		hint = misspelt(p, p->last_word);
	if (p->token.kind == TOKEN_END)
		compilation_error(p->c, span, hint,
				  "expected %s, found the end of the file",
				  what);
	else if (len > quoted_max)
		compilation_error(p->c, span, hint,
				  "expected %s, found something else", what);
	else
		compilation_error(p->c, span, hint, "expected %s, found %.*s",
				  what, len, p->lexer.text + span.start);
}

bool parse_expect_word(struct parser *p, const char *word)
{
	char what[32];

	if (parse_accept_word(p, word))
		return true;
	upper(what, sizeof(what), word);
	parse_expected(p, what);
	return false;
}

bool parse_expect(struct parser *p, enum token_kind kind, const char *what)
{
	if (parse_accept(p, kind))
		return true;
	parse_expected(p, what);
	return false;
}

bool parse_at_name(const struct parser *p)
{
	if (p->token.kind != TOKEN_WORD)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(p->token.text, reserved[i]) == 0)
			return false;
	return true;
}

const char *parse_name(struct parser *p, const char *what)
{
	const char *name = p->token.text;

	if (!parse_at_name(p)) {
		parse_expected(p, what);
		return NULL;
	}
	parse_advance(p);
	return name;
}

struct span parse_span(const struct parser *p, struct span first)
{
	first.end = p->last.end;
	return first;
}

bool parse_enter(struct parser *p)
{
	if (++p->depth <= AST_DEPTH_MAX)
		return true;
	compilation_error(p->c, p->token.span, "split the rule",
			  "an expression nests at most %d levels deep",
			  AST_DEPTH_MAX);
	return false;
}

void parse_leave(struct parser *p)
{
	p->depth--;
}

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
		parse_expected(p, "the option's value as 'text'");
		return NULL;
	}
	parse_advance(p);
	return value;
}

static bool parse_options(struct parser *p, struct ast_rule *rule)
{
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
	return parse_expect(p, TOKEN_RIGHT, ") or ,");
}

/* CREATE RULE name [WITH (...)] AS */
static bool parse_head(struct parser *p, struct ast_rule *rule)
{
	parse_advance(p);
	if (!parse_expect_word(p, "rule"))
		return false;
	rule->name_span = p->token.span;
	rule->name = parse_name(p, "the rule's name");
	p->c->rule = rule->name;
	return rule->name &&
	       (!parse_accept_word(p, "with") || parse_options(p, rule)) &&
	       parse_expect_word(p, "as");
}

static bool parse_emit(struct parser *p, struct ast_rule *rule)
{
	if (!parse_expect_word(p, "on"))
		return false;
	if (parse_accept_word(p, "first")) {
		rule->emit = AST_EMIT_FIRST;
	} else if (parse_accept_word(p, "every")) {
		rule->emit = AST_EMIT_EVERY;
	} else {
		parse_expected(p, "FIRST MATCH or EVERY MATCH");
		return false;
	}
	return parse_expect_word(p, "match");
}

static bool parse_suppress(struct parser *p, struct ast_rule *rule)
{
	struct span span;

	if (!parse_expect_word(p, "for") ||
	    !parse_interval(p, &rule->suppress_ns, &span))
		return false;
	if (rule->suppress_ns > 0)
		return true;
	compilation_error(p->c, span, NULL,
			  "SUPPRESS FOR needs an interval above zero");
	return false;
}

static bool parse_gap(struct parser *p, struct ast_rule *rule)
{
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

static struct ast_rule *parse_rule(struct parser *p, const char *path,
				   unsigned n)
{
	struct ast_rule *rule = compilation_alloc(p->c, 1, sizeof(*rule));
	struct span start = p->token.span;

	if (!rule)
		return NULL;
	if (parse_is_word(p, "create")) {
		if (!parse_head(p, rule))
			return NULL;
	} else {
		rule->bare = true;
		rule->name_span = start;
		rule->name = bare_name(p, path, n);
		p->c->rule = rule->name;
	}
	if (!parse_is_word(p, "select")) {
		parse_expected(p, "CREATE RULE or SELECT");
		return NULL;
	}
	rule->select = parse_select(p);
	if (!rule->select || !parse_tail(p, rule))
		return NULL;
	rule->span = parse_span(p, start);
	return p->c->nomem ? NULL : rule;
}

/* After an error: to the next place where a statement can start. */
static void skip_statement(struct parser *p)
{
	while (p->token.kind != TOKEN_END && p->token.kind != TOKEN_SEMICOLON &&
	       !parse_is_word(p, "create"))
		parse_advance(p);
}

void parse_source(struct compilation *c, const struct compile_source *source,
		  uint32_t index, struct ast_program *program)
{
	struct parser p = { .c = c };
	unsigned n = 0;

	lexer_init(&p.lexer, c, source, index);
	p.token = lexer_next(&p.lexer);
	if (p.token.kind != TOKEN_END)
		p.ahead = lexer_next(&p.lexer);
	while (p.token.kind != TOKEN_END && !c->nomem) {
		struct ast_rule **grown;
		struct ast_rule *rule;

		p.rule_start = p.token.span.start;
		p.depth = 0;
		p.nesting = 0;
		p.too_long = false;
		if (parse_accept(&p, TOKEN_SEMICOLON))
			continue;
		rule = parse_rule(&p, source->name, ++n);
		if (!rule) {
			if (p.last.end <= p.rule_start)
				parse_advance(&p);
			skip_statement(&p);
		}
		c->rule = NULL;
		if (!rule)
			continue;
		grown = compilation_grow(c, program->rules, program->rule_count,
					 sizeof(rule));
		if (!grown)
			return;
		program->rules = grown;
		program->rules[program->rule_count++] = rule;
	}
}
