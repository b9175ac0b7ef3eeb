/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions over tuples: what the compiler produces, what the engine
 * evaluates, what pushdown lowers to eBPF.
 *
 * Three-valued logic as in SQL (and SQLite): a comparison with NULL is NULL,
 * AND/OR/NOT follow Kleene. A tuple has one row per FROM item ("input") and one
 * value per computed column ("slot", an aggregate).
 */
#ifndef SHRIKE_STREAM_EXPR_H
#define SHRIKE_STREAM_EXPR_H

#include "user/base/arena.h"
#include "user/base/buf.h"
#include "user/base/row.h"
#include "user/base/value.h"

#define TUPLE_INPUTS_MAX 5 /* a rule has at most 4 joins */
#define TUPLE_SLOTS_MAX 8

enum expr_op {
	EXPR_CONST,  /* value */
	EXPR_COLUMN, /* input, column */
	EXPR_SLOT,   /* slot */
	EXPR_NOT,
	EXPR_AND, /* two or more args */
	EXPR_OR,
	EXPR_EQ,
	EXPR_NE,
	EXPR_LT,
	EXPR_LE,
	EXPR_GT,
	EXPR_GE,
	EXPR_IS_NULL,
	EXPR_IN,     /* args[0] IN the constants args[1..]; sorted, distinct */
	EXPR_PREFIX, /* args[0] begins with the text `value` */
	EXPR_SUFFIX, /* ends with it */
	EXPR_CONTAINS, /* holds it */
	EXPR_LIKE,     /* LIKE pattern `value`, escape byte `escape`, 0: none */
	EXPR_ANY_EQ,   /* args[0] = ANY(args[1]), a list column */
	EXPR_ADD,      /* integers: NULL on overflow */
	EXPR_SUB,
	EXPR_OP_COUNT
};

struct expr {
	enum expr_op op;
	enum value_type type; /* of the result */
	uint8_t input;
	uint8_t slot;
	uint8_t escape;
	uint16_t column;
	uint16_t arg_count;
	struct value value;
	const struct expr **args;
	const char *text; /* the SQL it came from, for explain; may be NULL */
};

struct tuple {
	const struct row *rows[TUPLE_INPUTS_MAX];
	struct value slots[TUPLE_SLOTS_MAX];
};

/*
 * The value for a tuple. Its bytes belong to the tuple's rows or to the
 * expression. Never fails, never allocates; depth is bounded by the compiler.
 */
struct value expr_eval(const struct expr *expr, const struct tuple *tuple);

/* Is it TRUE (not FALSE, not NULL)? A NULL expression is TRUE. */
bool expr_is_true(const struct expr *expr, const struct tuple *tuple);

/* SQLite's LIKE with PRAGMA case_sensitive_like, over bytes of UTF-8. */
bool like_match(const uint8_t *text, size_t len, const uint8_t *pattern,
		size_t pattern_len, uint8_t escape);

/*
 * Append the canonical SQL of an expression; `names[i]` is the alias of input
 * i, `streams[i]` its stream, `slots[i]` the name of slot i.
 */
struct expr_names {
	const char *const *inputs;
	const enum stream_id *streams;
	const char *const *slots;
};
void expr_print(struct buf *out, const struct expr *expr,
		const struct expr_names *names);

#endif
