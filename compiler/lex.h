/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of the rule text. Words come in lower case: names and keywords do not
 * depend on case, texts do. The source holds no NUL byte (see source.h).
 */
#ifndef SHRIKE_COMPILER_LEX_H
#define SHRIKE_COMPILER_LEX_H

#include "compiler/compilation.h"
#include "compiler/compiler.h"

#define WORD_BYTES_MAX 128

enum token_kind {
	TOKEN_END,
	TOKEN_BAD, /* has a message, or there is no memory */
	TOKEN_WORD,
	TOKEN_INTEGER,
	TOKEN_DOUBLE,
	TOKEN_TEXT,
	TOKEN_BYTES, /* x'00ff' */
	TOKEN_PARAM, /* :name */
	TOKEN_LEFT,  /* ( */
	TOKEN_RIGHT, /* ) */
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
	TOKEN_DOT,
	TOKEN_STAR,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_SLASH,
	TOKEN_PERCENT,
	TOKEN_CONCAT,	/* || */
	TOKEN_QUESTION, /* ? { } of a PATTERN */
	TOKEN_LEFT_BRACE,
	TOKEN_RIGHT_BRACE,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_KIND_COUNT
};

struct token {
	enum token_kind kind;
	struct span span;
	const char
		*text; /* WORD, TEXT, PARAM: its content; BYTES: the digits */
	uint64_t integer; /* not above 2^63 */
	double real;	  /* finite, not negative */
	/* NULL, or what is wrong with it: who reads the token says so. */
	const char *message;
	const char *suggestion;
	struct span wrong; /* where */
};

struct lexer {
	struct compilation *c;
	const char *text;
	uint32_t len;
	uint32_t at;
	bool quiet; /* messages are empty: nobody will read them */
	uint32_t source;
	struct token wrong; /* its message, for the token that is being read */
};

void lexer_init(struct lexer *lexer, struct compilation *c,
		const struct compile_source *source, uint32_t index);
struct token lexer_next(struct lexer *lexer);

/*
 * Where to go on after a text that runs away: the ; that ends the line of `at`,
 * or the end of that line.
 */
uint32_t lexer_statement_end(const struct lexer *lexer, uint32_t at);

#endif
