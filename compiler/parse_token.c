// SPDX-License-Identifier: Apache-2.0
/* Tokens one by one: what may stand here, and what to say when it does not. */
#include "compiler/parse_int.h"

#include "compiler/diagnostic_int.h"
#include "compiler/suggest.h"

#include <string.h>

/* What no alias and no column can be called. */
static const char *const reserved[] = {
	"all",	   "and",      "any",	    "as",	"auto",
	"between", "by",       "case",	    "cast",	"create",
	"cross",   "distinct", "else",	    "emit",	"end",
	"escape",  "except",   "exists",    "false",	"for",
	"from",	   "full",     "group",	    "having",	"ilike",
	"in",	   "inner",    "intersect", "interval", "is",
	"join",	   "left",     "like",	    "limit",	"match_recognize",
	"natural", "not",      "null",	    "on",	"or",
	"order",   "outer",    "over",	    "regexp",	"right",
	"select",  "suppress", "then",	    "true",	"union",
	"using",   "when",     "where",	    "with",
};

/* What other dialects have, where the parser finds no place for it. */
static const struct {
	const char *word;
	const char *message;
	const char *suggestion;
} unsupported[] = {
	{ "union", "UNION is not supported", "write two rules" },
	{ "intersect", "INTERSECT is not supported",
	  "write EXISTS (SELECT ...) with a key and a time bound" },
	{ "except", "EXCEPT is not supported",
	  "write NOT EXISTS (SELECT ...) with a key and a time bound" },
	{ "distinct", "DISTINCT is not supported",
	  "SUPPRESS FOR INTERVAL '10' MINUTE mutes repetitions; "
	  "COUNT(DISTINCT x) counts values" },
	{ "right", "RIGHT JOIN is not supported",
	  "swap the two sides and write LEFT JOIN" },
	{ "full", "FULL JOIN is not supported",
	  "write two rules, each with a LEFT JOIN" },
	{ "cross", "CROSS JOIN is not supported",
	  "write JOIN ... ON with a key and a time bound" },
	{ "natural", "NATURAL JOIN is not supported",
	  "write JOIN ... ON with a key and a time bound" },
	{ "using", "USING is not supported", "write ON a.key = b.key" },
	{ "lateral", "LATERAL is not supported",
	  "write JOIN ... ON with a key and a time bound" },
	{ "offset", "OFFSET is not supported", NULL },
	{ "fetch", "FETCH is not supported", "write LIMIT n" },
	{ "qualify", "QUALIFY is not supported",
	  "wrap the query: SELECT ... FROM (SELECT ...) AS t WHERE ..." },
	{ "glob", "GLOB is not supported",
	  "write LIKE with % and _, or REGEXP" },
	{ "rlike", "RLIKE is not supported", "write REGEXP" },
	{ "similar", "SIMILAR TO is not supported", "write REGEXP" },
	{ "matches", "MATCHES is not supported", "write REGEXP" },
	{ "regex", "REGEX is not supported", "write REGEXP" },
	{ "contains", "CONTAINS is not supported",
	  "write LIKE '%text%', or ILIKE to ignore case" },
	{ "has", "HAS is not supported",
	  "write LIKE '%text%', or ILIKE to ignore case" },
	{ "startswith", "STARTSWITH is not supported", "write LIKE 'text%'" },
	{ "endswith", "ENDSWITH is not supported", "write LIKE '%text'" },
	{ "xor", "XOR is not supported", "write a <> b of two conditions" },
	{ "div", "DIV is not supported", "write a / b" },
	{ "mod", "MOD is not supported", "write a % b" },
	{ "top", "TOP is not supported",
	  "write ORDER BY ... LIMIT n in a window" },
	{ "replace", "OR REPLACE is not supported",
	  "change the rule where it is written" },
	{ "collate", "COLLATE is not supported",
	  "write ILIKE, or compare LOWER(x)" },
	{ "filter", "FILTER is not supported",
	  "write SUM(CASE WHEN ... THEN 1 ELSE 0 END)" },
};

#define QUERY_ORDER                                                \
	"the order is WITH, SELECT, FROM, JOIN, WHERE, GROUP BY, " \
	"HAVING, ORDER BY, LIMIT"
#define TAIL_ORDER                                                         \
	"the end of a rule is EMIT, SUPPRESS FOR, ON GAP, in this order, " \
	"each once"
#define JOIN_TIME                                                       \
	"a join's time stands in ON: AND b.ts BETWEEN a.ts AND a.ts + " \
	"INTERVAL '5' SECOND"
#define NEXT_RULE "a ; ends the rule before it"

/* What the language has, in another place. */
static const struct {
	const char *word;
	const char *suggestion;
} misplaced[] = {
	{ "with", QUERY_ORDER },  { "join", QUERY_ORDER },
	{ "left", QUERY_ORDER },  { "inner", QUERY_ORDER },
	{ "auto", QUERY_ORDER },  { "where", QUERY_ORDER },
	{ "group", QUERY_ORDER }, { "having", QUERY_ORDER },
	{ "order", QUERY_ORDER }, { "limit", QUERY_ORDER },
	{ "emit", TAIL_ORDER },	  { "suppress", TAIL_ORDER },
	{ "within", JOIN_TIME },  { "when", "WHEN ends an AUTO JOIN" },
	{ "create", NEXT_RULE },  { "select", NEXT_RULE },
};

static void take(struct parser *p, struct token token)
{
	p->token = token;
	if (token.message && !p->quiet)
		compilation_error(p->c, token.wrong, token.suggestion, "%s",
				  token.message);
}

void parse_start(struct parser *p)
{
	take(p, lexer_next(&p->lexer));
	if (p->token.kind != TOKEN_END)
		p->ahead = lexer_next(&p->lexer);
}

void parse_advance(struct parser *p)
{
	if (p->token.kind == TOKEN_END)
		return;
	p->last = p->token.span;
	p->last_kind = p->token.kind;
	p->last_word = p->token.kind == TOKEN_WORD ? p->token.text : NULL;
	take(p, p->ahead);
	if (p->token.kind != TOKEN_END)
		p->ahead = lexer_next(&p->lexer);
	if (p->too_long || p->token.kind == TOKEN_END ||
	    p->token.kind == TOKEN_SEMICOLON ||
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

/* Complain about a word of SQL that the rule language does not have. */
static bool unsupported_here(struct parser *p)
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
		"create", "select",   "from",	  "join",	"where",
		"group",  "having",   "order",	  "limit",	"emit",
		"match",  "suppress", "interval", "partition",	"pattern",
		"define", "measures", "within",	  "descriptor",
	};
	struct suggest s = suggest_for(word);
	char keyword[16];

	for (unsigned i = 0; i < ARRAY_SIZE(clauses); i++) {
		if (strcmp(clauses[i], word) == 0)
			return NULL;
		suggest_offer(&s, clauses[i]);
	}
	/* Of a short word little is left to be recognised by. */
	if (!s.best || strlen(word) < 3 ||
	    (edit_distance(word, s.best) > 1 && strlen(word) < 6))
		return NULL;
	upper(keyword, sizeof(keyword), s.best);
	return compilation_text(p->c, "did you mean %s instead of '%s'?",
				keyword, word);
}

static const char *elsewhere(const char *word)
{
	for (unsigned i = 0; i < ARRAY_SIZE(misplaced); i++)
		if (strcmp(misplaced[i].word, word) == 0)
			return misplaced[i].suggestion;
	return NULL;
}

static bool goes_over_lines(const struct parser *p, struct span text)
{
	return memchr(p->lexer.text + text.start, '\n', text.end - text.start);
}

/*
 * 'it's': the text ended at its quote, and what follows the next one would run
 * through the file; so reading goes on at the end of this line. A text that
 * came over lines has lost its own end in the first of them.
 */
static const char *quote_inside(struct parser *p)
{
	const char *hint = "a quote inside a text is written ''";
	uint32_t at = p->token.span.end;

	if (p->last_kind != TOKEN_TEXT || p->token.kind != TOKEN_WORD ||
	    p->last.end != p->token.span.start)
		return NULL;
	if (goes_over_lines(p, p->last)) {
		const struct compile_source *source =
			&p->c->diagnostics->sources[p->last.source];

		at = p->last.start;
		hint = compilation_text(
			p->c, "the text that began in line %u lacks its end '",
			diagnostic_position(source, at).line);
	}
	p->lexer.at = lexer_statement_end(&p->lexer, at);
	p->ahead = lexer_next(&p->lexer);
	return hint;
}

/* ... AND LIKE '%b%' */
static bool lacks_left(const struct parser *p)
{
	static const char *const before[] = { "and", "or", "not", "where" };
	static const char *const tests[] = { "like", "ilike", "regexp", "in" };
	bool starts = false, test = false;

	for (unsigned i = 0; i < ARRAY_SIZE(before); i++)
		starts |= p->last_word && strcmp(p->last_word, before[i]) == 0;
	for (unsigned i = 0; i < ARRAY_SIZE(tests); i++)
		test |= parse_is_word(p, tests[i]);
	return starts && test;
}

/* What hands that know another language mean by what stands here. */
static const char *out_of_place(struct parser *p)
{
	const enum token_kind kind = p->token.kind;

	if (p->last_kind == TOKEN_COMMA)
		return "take out the comma, or write what follows it";
	if (lacks_left(p))
		return "write the column again, as in x LIKE '%a%' AND x LIKE "
		       "'%b%'";
	if (parse_is_word(p, "with") && p->ahead.kind == TOKEN_LEFT)
		return "options stand before AS: CREATE RULE name WITH (...) "
		       "AS SELECT ...";
	if (p->last_word && (strcmp(p->last_word, "and") == 0 ||
			     strcmp(p->last_word, "or") == 0))
		return "AND and OR stand between two conditions";
	if (parse_is_word(p, "and") || parse_is_word(p, "or"))
		return "AND and OR stand between two conditions";
	if (kind == TOKEN_INTEGER && p->last_word &&
	    strcmp(p->last_word, "top") == 0)
		return "behind the GROUP BY of a window write ORDER BY x DESC "
		       "LIMIT n";
	if (kind == TOKEN_SLASH)
		return "a text stands in quotes: '/usr/bin/id'";
	if (kind == TOKEN_RIGHT)
		return "it closes a ( that is not there, or comes too early";
	return NULL;
}

static const char *hint_here(struct parser *p)
{
	const char *hint = quote_inside(p);

	if (!hint && p->wants_name && p->token.kind == TOKEN_TEXT)
		return "a name stands without quotes, of letters, digits and _";
	if (!hint && p->token.kind == TOKEN_WORD)
		hint = misspelt(p, p->token.text);
	if (!hint && p->form)
		return p->form;
	if (!hint && p->last_word)
		hint = misspelt(p, p->last_word);
	if (!hint)
		hint = out_of_place(p);
	if (!hint && p->token.kind == TOKEN_WORD)
		hint = elsewhere(p->token.text);
	return hint;
}

void parse_expected(struct parser *p, const char *what)
{
	const int quoted_max = 40;
	const struct span span = p->token.span;
	int len = (int)(span.end - span.start);
	const char *hint = NULL;

	if (p->token.kind == TOKEN_BAD || unsupported_here(p))
		return;
	/* What is not kept needs no hint, whose memory is. */
	hint = compilation_is_full(p->c) ? NULL : hint_here(p);
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

void parse_expected_form(struct parser *p, const char *what, const char *form)
{
	const char *outer = p->form;

	p->form = form;
	parse_expected(p, what);
	p->form = outer;
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

bool parse_is_name(const struct token *token)
{
	if (token->kind != TOKEN_WORD)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(token->text, reserved[i]) == 0)
			return false;
	return true;
}

bool parse_at_name(const struct parser *p)
{
	return parse_is_name(&p->token);
}

bool parse_at_alias(const struct parser *p)
{
	for (unsigned i = 0; i < ARRAY_SIZE(unsupported); i++)
		if (parse_is_word(p, unsupported[i].word))
			return false;
	return parse_at_name(p);
}

const char *parse_name(struct parser *p, const char *what)
{
	const char *name = p->token.text;

	if (parse_at_name(p)) {
		parse_advance(p);
		return name;
	}
	p->wants_name = true;
	parse_expected(p, what);
	p->wants_name = false;
	return NULL;
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
