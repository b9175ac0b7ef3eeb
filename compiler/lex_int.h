/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the lexer. */
#ifndef SHRIKE_COMPILER_LEX_INT_H
#define SHRIKE_COMPILER_LEX_INT_H

#include "compiler/lex.h"

bool lexer_is_word(char c);

/* What is wrong from `start` to where the lexer is; the next token tells it. */
void lexer_error(struct lexer *lexer, uint32_t start, const char *suggestion,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * At something that another language has: complains, goes past it, true.
 * `of_one_character`: also at a single character; it may begin a token.
 */
bool lexer_foreign(struct lexer *lexer, bool of_one_character);

#endif
