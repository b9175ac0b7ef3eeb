// SPDX-License-Identifier: Apache-2.0
#include "compiler/lex_int.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lexer_init(struct lexer *lexer, struct compilation *c,
		const struct compile_source *source, uint32_t index)
{
	CHECK(source->len <= COMPILE_FILE_BYTES_MAX);
	*lexer = (struct lexer){ .c = c,
				 .text = source->text,
				 .len = (uint32_t)source->len,
				 .source = index };
	/* A byte order mark says nothing about UTF-8. */
	if (source->len >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0)
		lexer->at = 3;
}

static char peek(const struct lexer *lexer, uint32_t ahead)
{
	return lexer->len - lexer->at > ahead ? lexer->text[lexer->at + ahead] :
						'\0';
}

static struct span span_from(const struct lexer *lexer, uint32_t start)
{
	return (struct span){ .source = lexer->source,
			      .start = start,
			      .end = lexer->at };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool lexer_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       is_digit(c);
}

void lexer_error(struct lexer *lexer, uint32_t start, const char *suggestion,
		 const char *fmt, ...)
{
	char message[256] = "";
	va_list ap;

	lexer->wrong.suggestion = suggestion;
	lexer->wrong.wrong = span_from(lexer, start);
	lexer->wrong.message = "";
	if (lexer->quiet || compilation_is_full(lexer->c))
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	lexer->wrong.message =
		compilation_copy(lexer->c, message, strlen(message));
}

/* False: a comment does not end; the rest of the file is gone. */
static bool skip_block_comment(struct lexer *lexer)
{
	uint32_t start = lexer->at;

	lexer->at += 2;
	while (lexer->at < lexer->len) {
		if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
			lexer->at += 2;
			return true;
		}
		lexer->at++;
	}
	lexer_error(lexer, start, "end it with */",
		    "this comment does not end");
	lexer->wrong.wrong.end = start + 2;
	return false;
}

static bool skip_space(struct lexer *lexer)
{
	while (lexer->at < lexer->len) {
		char c = peek(lexer, 0);

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
		    c == '\f' || c == '\v') {
			lexer->at++;
		} else if (c == '-' && peek(lexer, 1) == '-') {
			while (lexer->at < lexer->len && peek(lexer, 0) != '\n')
				lexer->at++;
		} else if (c == '/' && peek(lexer, 1) == '*') {
			if (!skip_block_comment(lexer))
				return false;
		} else {
			break;
		}
	}
	return true;
}

static struct token bad(struct lexer *lexer, uint32_t start)
{
	return (struct token){ .kind = TOKEN_BAD,
			       .span = span_from(lexer, start) };
}

static struct token lex_word(struct lexer *lexer)
{
	struct token token = { .kind = TOKEN_WORD };
	uint32_t start = lexer->at;
	char *word;

	while (lexer_is_word(peek(lexer, 0)))
		lexer->at++;
	token.span = span_from(lexer, start);
	if (lexer->at - start > WORD_BYTES_MAX) {
		lexer_error(lexer, start, NULL,
			    "a name has at most %d characters", WORD_BYTES_MAX);
		return bad(lexer, start);
	}
	word = compilation_copy(lexer->c, lexer->text + start,
				lexer->at - start);
	if (!word)
		return bad(lexer, start);
	for (char *c = word; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	token.text = word;
	return token;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* 10m, 5min: what a duration is in this language; NULL: it is none. */
static const char *duration_hint(struct lexer *lexer, uint32_t start)
{
	static const struct {
		char letter;
		const char *unit;
	} units[] = { { 's', "SECOND" },
		      { 'm', "MINUTE" },
		      { 'h', "HOUR" },
		      { 'd', "DAY" } };
	const char *text = lexer->text + start;
	uint32_t len = lexer->at - start, digits = 0;

	while (digits < len && is_digit(text[digits]))
		digits++;
	if (digits + 2 == len && memcmp(text + digits, "ms", 2) == 0)
		return compilation_text(lexer->c,
					"write INTERVAL '%.*s' MILLISECOND",
					(int)digits, text);
	for (unsigned i = 0; digits + 1 == len && i < ARRAY_SIZE(units); i++)
		if (text[digits] == units[i].letter)
			return compilation_text(
				lexer->c, "write INTERVAL '%.*s' %s",
				(int)digits, text, units[i].unit);
	return NULL;
}

/* The rest of a word that is no number; complains. */
static struct token not_a_number(struct lexer *lexer, uint32_t start)
{
	const char *hint;

	while (lexer_is_word(peek(lexer, 0)))
		lexer->at++;
	hint = duration_hint(lexer, start);
	lexer_error(lexer, start,
		    hint ? hint :
			   "a number is written 1000, 0x3e8 or 1.5; a name "
			   "begins with a letter",
		    "this is neither a number nor a name");
	return bad(lexer, start);
}

/* Octal to some, decimal to SQL: what was meant, the text must say. */
static struct token octal(struct lexer *lexer, uint32_t start)
{
	const uint32_t len = lexer->at - start;
	const char *text = lexer->text + start;
	uint32_t from = 0;
	uint64_t value = 0;
	bool is_octal;

	while (from + 1 < len && text[from] == '0')
		from++;
	/* Of one digit it is the same; of many, no mode of a file. */
	is_octal = len - from > 1 && len - from <= 12;
	for (uint32_t i = from; i < len && is_octal; i++) {
		is_octal = text[i] < '8';
		value = value * 8 + (uint64_t)(text[i] - '0');
	}
	if (is_octal)
		lexer_error(lexer, start,
			    compilation_text(lexer->c,
					     "write %.*s, or %" PRIu64
					     " for what is octal in C",
					     (int)(len - from), text + from,
					     value),
			    "a number does not begin with 0");
	else
		lexer_error(lexer, start, "leave the 0 out",
			    "a number does not begin with 0");
	return bad(lexer, start);
}

static struct token lex_integer(struct lexer *lexer)
{
	struct token token = { .kind = TOKEN_INTEGER };
	uint32_t start = lexer->at;
	bool too_big = false;
	unsigned base = 10;
	bool any = false;

	if (peek(lexer, 0) == '0' &&
	    (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X')) {
		base = 16;
		lexer->at += 2;
	}
	for (;; lexer->at++, any = true) {
		int digit = hex_digit(peek(lexer, 0));

		if (digit < 0 || (unsigned)digit >= base)
			break;
		too_big |= __builtin_mul_overflow(token.integer, base,
						  &token.integer) ||
			   __builtin_add_overflow(token.integer, digit,
						  &token.integer);
	}
	if (!any || lexer_is_word(peek(lexer, 0)))
		return not_a_number(lexer, start);
	if (base == 10 && lexer->text[start] == '0' && lexer->at - start > 1)
		return octal(lexer, start);
	token.span = span_from(lexer, start);
	if (too_big || token.integer > (uint64_t)INT64_MAX + 1) {
		lexer_error(lexer, start, NULL,
			    "a number is at most 9223372036854775807");
		return bad(lexer, start);
	}
	return token;
}

static uint32_t digits_end(const struct lexer *lexer, uint32_t ahead)
{
	while (is_digit(peek(lexer, ahead)))
		ahead++;
	return ahead;
}

/* The bytes of digits.digits or digits[.digits]e[+-]digits; 0: no such. */
static uint32_t double_bytes(const struct lexer *lexer)
{
	uint32_t n = digits_end(lexer, 0), exponent;
	bool real = false;

	if (peek(lexer, n) == '.' && is_digit(peek(lexer, n + 1))) {
		n = digits_end(lexer, n + 1);
		real = true;
	}
	if (peek(lexer, n) == 'e' || peek(lexer, n) == 'E') {
		exponent = n + 1;
		if (peek(lexer, exponent) == '+' ||
		    peek(lexer, exponent) == '-')
			exponent++;
		if (is_digit(peek(lexer, exponent)))
			return digits_end(lexer, exponent);
	}
	return real ? n : 0;
}

static struct token lex_number(struct lexer *lexer)
{
	struct token token = { .kind = TOKEN_DOUBLE };
	uint32_t start = lexer->at;
	uint32_t len = double_bytes(lexer);
	char digits[WORD_BYTES_MAX + 1];

	if (!len)
		return lex_integer(lexer);
	lexer->at += len;
	if (lexer_is_word(peek(lexer, 0)))
		return not_a_number(lexer, start);
	token.span = span_from(lexer, start);
	if (len > WORD_BYTES_MAX) {
		lexer_error(lexer, start, NULL,
			    "a number has at most %d characters",
			    WORD_BYTES_MAX);
		return bad(lexer, start);
	}
	memcpy(digits, lexer->text + start, len);
	digits[len] = '\0';
	token.real = strtod(digits, NULL);
	if (isfinite(token.real))
		return token;
	lexer_error(lexer, start, NULL,
		    "a number is at most 1.7976931348623157e308");
	return bad(lexer, start);
}

static struct token lex_text(struct lexer *lexer)
{
	struct token token = { .kind = TOKEN_TEXT };
	uint32_t start = lexer->at++;
	uint32_t quotes = 0;
	char *text, *out;

	while (lexer->at < lexer->len) {
		if (peek(lexer, 0) == '\'') {
			if (peek(lexer, 1) != '\'')
				break;
			lexer->at++;
			quotes++;
		}
		lexer->at++;
	}
	if (lexer->at >= lexer->len) {
		lexer->at = start + 1;
		lexer_error(lexer, start,
			    "end it with '; a quote inside is written ''",
			    "this text does not end");
		token = bad(lexer, start);
		lexer->at = lexer_statement_end(lexer, start);
		return token;
	}
	lexer->at++;
	token.span = span_from(lexer, start);
	text = compilation_copy(lexer->c, lexer->text + start + 1,
				lexer->at - start - 2);
	if (!text)
		return bad(lexer, start);
	out = text;
	for (const char *in = text; quotes && *in; in++) {
		*out++ = *in;
		if (*in == '\'')
			in++;
	}
	if (quotes)
		*out = '\0';
	token.text = text;
	return token;
}

/* x'00ff' */
static struct token lex_bytes(struct lexer *lexer)
{
	uint32_t start = lexer->at++;
	struct token token = lex_text(lexer);
	size_t n = 0;

	token.span.start = start;
	if (token.kind == TOKEN_BAD)
		return token;
	while (hex_digit(token.text[n]) >= 0)
		n++;
	token.kind = TOKEN_BYTES;
	if (!token.text[n] && n % 2 == 0)
		return token;
	lexer_error(lexer, start, "as in x'00ff'",
		    "bytes are pairs of hexadecimal digits");
	return bad(lexer, start);
}

/* :name */
static struct token lex_param(struct lexer *lexer)
{
	uint32_t start = lexer->at++;
	struct token token = lex_word(lexer);

	token.span.start = start;
	if (token.kind == TOKEN_WORD)
		token.kind = TOKEN_PARAM;
	return token;
}

static const struct {
	char text[3];
	enum token_kind kind;
} symbols[] = {
	{ "<=", TOKEN_LE },	   { ">=", TOKEN_GE },
	{ "<>", TOKEN_NE },	   { "!=", TOKEN_NE },
	{ "||", TOKEN_CONCAT },	   { "(", TOKEN_LEFT },
	{ ")", TOKEN_RIGHT },	   { ",", TOKEN_COMMA },
	{ ";", TOKEN_SEMICOLON },  { ".", TOKEN_DOT },
	{ "*", TOKEN_STAR },	   { "+", TOKEN_PLUS },
	{ "-", TOKEN_MINUS },	   { "/", TOKEN_SLASH },
	{ "%", TOKEN_PERCENT },	   { "?", TOKEN_QUESTION },
	{ "{", TOKEN_LEFT_BRACE }, { "}", TOKEN_RIGHT_BRACE },
	{ "=", TOKEN_EQ },	   { "<", TOKEN_LT },
	{ ">", TOKEN_GT },
};

static struct token lex_symbol(struct lexer *lexer)
{
	uint32_t start = lexer->at;

	if (lexer_foreign(lexer, false))
		return bad(lexer, start);
	for (unsigned i = 0; i < ARRAY_SIZE(symbols); i++) {
		uint32_t len = (uint32_t)strlen(symbols[i].text);

		if (lexer->len - start < len ||
		    memcmp(lexer->text + start, symbols[i].text, len) != 0)
			continue;
		lexer->at += len;
		return (struct token){ .kind = symbols[i].kind,
				       .span = span_from(lexer, start) };
	}
	return bad(lexer, start);
}

static struct token lex_unknown(struct lexer *lexer)
{
	uint32_t start = lexer->at;

	if (lexer_foreign(lexer, true))
		return bad(lexer, start);
	lexer->at++;
	/* One character of UTF-8, not its first byte. */
	while (((unsigned char)peek(lexer, 0) & 0xc0) == 0x80)
		lexer->at++;
	lexer_error(lexer, start, NULL, "unexpected character '%.*s'",
		    (int)(lexer->at - start), lexer->text + start);
	return bad(lexer, start);
}

static struct token lex_token(struct lexer *lexer)
{
	struct token token;
	char c;

	if (!skip_space(lexer) || lexer->at >= lexer->len)
		return (struct token){ .kind = TOKEN_END,
				       .span = span_from(lexer, lexer->at) };
	c = peek(lexer, 0);
	if (is_digit(c))
		return lex_number(lexer);
	if ((c == 'x' || c == 'X') && peek(lexer, 1) == '\'')
		return lex_bytes(lexer);
	if (c == ':' && lexer_is_word(peek(lexer, 1)) &&
	    !is_digit(peek(lexer, 1)))
		return lex_param(lexer);
	if (lexer_is_word(c))
		return lex_word(lexer);
	if (c == '\'')
		return lex_text(lexer);
	token = lex_symbol(lexer);
	return token.kind == TOKEN_BAD && !lexer->wrong.message ?
		       lex_unknown(lexer) :
		       token;
}

struct token lexer_next(struct lexer *lexer)
{
	struct token token;

	lexer->wrong.message = NULL;
	token = lex_token(lexer);
	token.message = lexer->wrong.message;
	token.suggestion = lexer->wrong.suggestion;
	token.wrong = lexer->wrong.wrong;
	return token;
}
