/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the parser. A function that returns NULL or false has
 * complained, or there is no memory.
 */
#ifndef SHRIKE_COMPILER_PARSE_INT_H
#define SHRIKE_COMPILER_PARSE_INT_H

#include "compiler/lex.h"
#include "compiler/parse.h"

struct parser {
	struct compilation *c;
	struct lexer lexer;
	struct token token;    /* the one to be read next */
	struct token ahead;    /* the one after it */
	struct span last;      /* of the token read last */
	const char *last_word; /* its text when it is a word, else NULL */
	uint32_t rule_start;   /* where the statement starts */
	unsigned depth;	       /* see AST_DEPTH_MAX */
	unsigned nesting;      /* of subqueries */
	bool too_long;	       /* over COMPILE_RULE_BYTES_MAX: complained */
};

void parse_advance(struct parser *p);
bool parse_is_word(const struct parser *p, const char *word);
bool parse_accept_word(struct parser *p, const char *word);
bool parse_accept(struct parser *p, enum token_kind kind);

/* `what` completes "expected ..., found ...". */
bool parse_expect_word(struct parser *p, const char *word);
bool parse_expect(struct parser *p, enum token_kind kind, const char *what);
void parse_expected(struct parser *p, const char *what);

/* A word that is not reserved; NULL: complained. */
const char *parse_name(struct parser *p, const char *what);
bool parse_at_name(const struct parser *p);

/* From the start of `first` to the end of the token read last. */
struct span parse_span(const struct parser *p, struct span first);

/* Complain about a word of SQL that the rule language does not have. */
bool parse_unsupported(struct parser *p);

/* One level deeper; false: too deep. */
bool parse_enter(struct parser *p);
void parse_leave(struct parser *p);

struct ast_expr *parse_new(struct parser *p, enum ast_op op, struct span span);
bool parse_push(struct parser *p, struct ast_expr *expr, struct ast_expr *arg);

struct ast_expr *parse_expr(struct parser *p);
/* [qualifier.]name */
struct ast_expr *parse_column(struct parser *p);
/* Behind COUNT(*): OVER (...) */
struct ast_over *parse_over(struct parser *p);
/* INTERVAL 'n' UNIT, with the word INTERVAL */
bool parse_interval(struct parser *p, int64_t *ret_ns, struct span *ret_span);
struct ast_select *parse_select(struct parser *p);

#endif
