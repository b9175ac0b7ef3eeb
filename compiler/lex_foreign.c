// SPDX-License-Identifier: Apache-2.0
/*
 * What hands that know another language type: its operators, quotes, brackets
 * and comments, each one mistake with its own way out, however many characters
 * it has.
 */
#include "compiler/lex_int.h"

#include <string.h>

/* A longer text is not repeated in a suggestion. */
#define QUOTED_BYTES_MAX 60

enum extent {
	EXTENT_ITSELF,
	EXTENT_LINE,   /* a comment: to the end of the line */
	EXTENT_QUOTED, /* to `close`, if that is on this line */
};

static const struct {
	const char *text;
	const char *suggestion;
	enum extent extent;
	const char *close;
	const char *name; /* of these quotes */
} foreign[] = {
	{ .text = "<=>", "write a = b OR (a IS NULL AND b IS NULL)" },
	{ .text = "==", "equality is written =" },
	{ .text = "=~", "write REGEXP, or ILIKE to ignore case" },
	{ .text = "!~", "write NOT REGEXP" },
	{ .text = "~*", "write REGEXP '(?i)...'" },
	{ .text = "&&", "write AND" },
	{ .text = "::", "write CAST(x AS type)" },
	{ .text = "//", "a comment begins with --", EXTENT_LINE },
	{ .text = "#", "a comment begins with --", EXTENT_LINE },
	{ .text = "|", "write OR between conditions; || joins texts" },
	{ .text = "&",
	  "write AND between conditions; bits of a number have no operators" },
	{ .text = "!", "write NOT, or <> for not equal" },
	{ .text = "~", "write REGEXP" },
	{ .text = ":", "an option is written name = 'value'" },
	{ .text = "@", "a rule has no variables: write the value itself" },
	{ .text = "$", "a rule has no variables: write the value itself" },
	{ .text = "[",
	  "a list is asked with ANY(args) or ALL(args); a name has no brackets",
	  EXTENT_QUOTED,
	  "]" },
	{ .text = "\"", NULL, EXTENT_QUOTED, "\"", "double quotes" },
	{ .text = "`", NULL, EXTENT_QUOTED, "`", "backquotes" },
	{ .text = "\u2018", NULL, EXTENT_QUOTED, "\u2019", "curly quotes" },
	{ .text = "\u2019", NULL, EXTENT_QUOTED, "\u2019", "curly quotes" },
	{ .text = "\u201c", NULL, EXTENT_QUOTED, "\u201d", "curly quotes" },
	{ .text = "\u201d", NULL, EXTENT_QUOTED, "\u201d", "curly quotes" },
};

static bool is_at(const struct lexer *lexer, uint32_t at, const char *text)
{
	size_t len = strlen(text);

	return lexer->len - at >= len &&
	       memcmp(lexer->text + at, text, len) == 0;
}

static uint32_t line_end(const struct lexer *lexer, uint32_t at)
{
	while (at < lexer->len && lexer->text[at] != '\n')
		at++;
	return at;
}

uint32_t lexer_statement_end(const struct lexer *lexer, uint32_t at)
{
	uint32_t end = line_end(lexer, at), last = end;

	while (last > at &&
	       (lexer->text[last - 1] == ' ' || lexer->text[last - 1] == '\t' ||
		lexer->text[last - 1] == '\r'))
		last--;
	return last > at && lexer->text[last - 1] == ';' ? last - 1 : end;
}

/* Of the closing quote, or `at`. */
static uint32_t quoted_end(const struct lexer *lexer, uint32_t at,
			   const char *close)
{
	/* A longer one is none: a line may be as long as the file. */
	for (uint32_t i = at;
	     i < lexer->len && lexer->text[i] != '\n' && i - at < 1024; i++)
		if (is_at(lexer, i, close))
			return i + (uint32_t)strlen(close);
	return at;
}

static bool is_name(const char *text, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (!lexer_is_word(text[i]) && text[i] != '.')
			return false;
	return len && !(*text >= '0' && *text <= '9');
}

/* What the quoted text from `from` to `to` is in this language. */
static const char *unquoted(struct lexer *lexer, uint32_t from, uint32_t to)
{
	const char *text = lexer->text + from;
	uint32_t len = to > from ? to - from : 0;

	if (!len || len > QUOTED_BYTES_MAX || memchr(text, '\'', len))
		return "a text is written 'like this', a name without quotes";
	if (is_name(text, len))
		return compilation_text(lexer->c,
					"a text is written '%.*s', a name "
					"without quotes",
					(int)len, text);
	return compilation_text(lexer->c,
				"a text is written '%.*s'; a name is letters, "
				"digits and _",
				(int)len, text);
}

bool lexer_foreign(struct lexer *lexer, bool of_one_character)
{
	const uint32_t start = lexer->at;
	uint32_t inside, len;
	unsigned i = 0;

	while (i < ARRAY_SIZE(foreign) &&
	       (!is_at(lexer, start, foreign[i].text) ||
		(!of_one_character && !foreign[i].text[1])))
		i++;
	if (i == ARRAY_SIZE(foreign))
		return false;
	len = (uint32_t)strlen(foreign[i].text);
	inside = start + len;
	lexer->at = inside;
	if (foreign[i].extent == EXTENT_LINE)
		lexer->at = line_end(lexer, inside);
	if (foreign[i].extent == EXTENT_QUOTED)
		lexer->at = quoted_end(lexer, inside, foreign[i].close);
	if (foreign[i].name)
		lexer_error(lexer, start,
			    unquoted(lexer, inside,
				     lexer->at - (uint32_t)strlen(
							 foreign[i].close)),
			    "%s mean nothing here", foreign[i].name);
	else
		lexer_error(lexer, start, foreign[i].suggestion,
			    len > 1 ? "unexpected '%s'" :
				      "unexpected character '%s'",
			    foreign[i].text);
	return true;
}
