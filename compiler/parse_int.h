/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the parser. A function that returns NULL or false has
 * complained, or there is no memory.
 */
#ifndef SHRIKE_COMPILER_PARSE_INT_H
#define SHRIKE_COMPILER_PARSE_INT_H

#include "compiler/lex.h"
#include "compiler/parse.h"

/* CASE x WHEN repeats x: at most so many nodes in a statement. */
#define PARSE_COPIES_MAX 10000

struct parser {
	struct compilation *c;
	struct ast_program *program;
	struct lexer lexer;
	struct token token; /* the one to be read next */
	struct token ahead; /* the one after it */
	struct span last;   /* of the token read last */
	enum token_kind last_kind;
	const char *last_word; /* its text when it is a word, else NULL */
	const char *form;      /* hint: how what is being read looks; or NULL */
	uint32_t rule_start;   /* where the statement starts */
	unsigned depth;	       /* see AST_DEPTH_MAX */
	unsigned nesting;      /* of subqueries */
	unsigned copies;       /* see PARSE_COPIES_MAX */
	bool quiet;	       /* skipping what is no statement */
	bool wants_name;       /* what is expected is a name */
	bool too_long;	       /* over COMPILE_RULE_BYTES_MAX: complained */
};

/* The first two tokens. */
void parse_start(struct parser *p);
void parse_advance(struct parser *p);
bool parse_is_word(const struct parser *p, const char *word);
bool parse_accept_word(struct parser *p, const char *word);
bool parse_accept(struct parser *p, enum token_kind kind);

/* `what` completes "expected ..., found ...". */
bool parse_expect_word(struct parser *p, const char *word);
bool parse_expect(struct parser *p, enum token_kind kind, const char *what);
void parse_expected(struct parser *p, const char *what);
/* The same, with how the whole of it looks. */
void parse_expected_form(struct parser *p, const char *what, const char *form);

/* A word that is not reserved; NULL: complained. */
const char *parse_name(struct parser *p, const char *what);
bool parse_at_name(const struct parser *p);
bool parse_is_name(const struct token *token);

/* From the start of `first` to the end of the token read last. */
struct span parse_span(const struct parser *p, struct span first);

/* One level deeper; false: too deep. */
bool parse_enter(struct parser *p);
void parse_leave(struct parser *p);

/* parse_expr.c */
struct ast_expr *parse_new(struct parser *p, enum ast_op op, struct span span);
/* NULL: complained already. False: also when the tree grows too high. */
bool parse_push(struct parser *p, struct ast_expr *expr, struct ast_expr *arg);
/* Up to the token read last. */
struct ast_expr *parse_finish(struct parser *p, struct ast_expr *expr);
struct ast_expr *parse_expr(struct parser *p);
/* The operand of ||: a primary, perhaps behind -. */
struct ast_expr *parse_unary(struct parser *p);

/* parse_primary.c */
struct ast_expr *parse_primary(struct parser *p);
/* A literal. */
struct ast_expr *parse_constant(struct parser *p);
/* [qualifier.]name */
struct ast_expr *parse_column(struct parser *p);
/* One level deeper: an expression up to ")". */
struct ast_expr *parse_inner(struct parser *p);
/* INTERVAL 'n' UNIT, with the word INTERVAL */
bool parse_interval(struct parser *p, int64_t *ret_ns, struct span *ret_span);

/* parse_call.c: CAST, CASE, and name(...) with OVER */
struct ast_expr *parse_cast(struct parser *p);
struct ast_expr *parse_case(struct parser *p);
struct ast_expr *parse_call(struct parser *p);
/* BY column, ...; `what` is the clause. */
bool parse_keys(struct parser *p, const char *what, struct ast_expr ***keys,
		unsigned *count);

/* parse_select.c: [WITH ...] SELECT ... */
struct ast_select *parse_query(struct parser *p);
/* ( query ), one level of nesting deeper */
struct ast_select *parse_subquery(struct parser *p);
/* expr [[AS] name] */
bool parse_outputs(struct parser *p, struct ast_output **outputs,
		   unsigned *count, bool named);

/* parse_item.c */
bool parse_from(struct parser *p, struct ast_select *select);
/* name or name.name */
const char *parse_stream(struct parser *p, const char *what);

/* parse_recognize.c: behind MATCH_RECOGNIZE */
struct ast_recognize *parse_recognize(struct parser *p);

#endif
