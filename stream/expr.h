/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions over tuples: what the compiler produces, what the engine
 * evaluates, what pushdown lowers to eBPF.
 *
 * Three-valued logic as in SQL (and SQLite): a comparison with NULL is NULL,
 * AND/OR/NOT follow Kleene. A tuple has one row per FROM item ("input") and one
 * value per computed column ("slot", an aggregate or a group's key).
 */
#ifndef SHRIKE_STREAM_EXPR_H
#define SHRIKE_STREAM_EXPR_H

#include "stream/function.h"
#include "user/base/arena.h"
#include "user/base/buf.h"
#include "user/base/err.h"
#include "user/base/row.h"
#include "user/base/value.h"

#define TUPLE_INPUTS_MAX 9 /* a sequence of 8 steps and its UNTIL */
#define TUPLE_SLOTS_MAX 64 /* a window's bounds, 10 keys, 50 aggregates */

enum expr_op {
	EXPR_CONST,   /* value */
	EXPR_COLUMN,  /* input, column */
	EXPR_SLOT,    /* slot */
	EXPR_ELEMENT, /* the element that ANY or ALL is at */
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
	EXPR_IS_TRUE, /* never NULL */
	EXPR_IN,      /* args[0] IN the constants args[1..]; sorted, distinct */
	EXPR_PREFIX,  /* args[0] begins with the text `value` */
	EXPR_SUFFIX,  /* ends with it */
	EXPR_CONTAINS, /* holds it */
	EXPR_LIKE, /* LIKE `value`, escape byte `escape`, 0: none; fold_case */
	EXPR_REGEXP, /* args[0] holds what the pattern `value` describes */
	EXPR_CIDR,   /* the address args[0] lies in `value`/`prefix` */
	EXPR_ANY,    /* of the list args[0] some element satisfies args[1] */
	EXPR_ALL,    /* every element does */
	EXPR_ADD,    /* numbers and times: NULL on overflow */
	EXPR_SUB,
	EXPR_MUL,
	EXPR_DIV, /* NULL by zero; of integers truncates */
	EXPR_MOD,
	EXPR_NEG,
	EXPR_CONCAT,
	EXPR_CASE, /* args: [condition, value]..., then ELSE if odd */
	EXPR_CAST, /* args[0] as `type` */
	EXPR_CALL, /* function(args...) */
	EXPR_OP_COUNT
};

struct regex;

struct expr {
	enum expr_op op;
	enum value_type type; /* of the result */
	uint8_t input;
	uint8_t slot;
	uint8_t escape;
	uint8_t prefix; /* CIDR: bits of the network */
	bool fold_case; /* LIKE: ILIKE; PREFIX, SUFFIX, CONTAINS alike */
	enum function function; /* CALL */
	uint16_t column;
	uint16_t arg_count;
	uint16_t height; /* of the tree, and its nodes: for the binder */
	uint32_t parts;	 /* 0: not counted */
	struct value value;
	const struct expr **args;
	const struct regex *regex; /* REGEXP; in the same arena, immutable */
	const char *text; /* the SQL it came from, for explain; may be NULL */
};

/*
 * What evaluation needs beside a tuple; one for each thread that evaluates.
 * Values an expression computes live in `scratch`: whoever evaluates takes a
 * mark before and gives it back when the values are no longer needed. A value
 * that does not fit is NULL and `overflows` counts it.
 */
#define EXPR_SCRATCH_BYTES ((size_t)1024 * 1024)

struct expr_env {
	uint8_t *scratch; /* EXPR_SCRATCH_BYTES */
	size_t used;
	uint64_t overflows;
	struct regex_scratch *regex;
	struct value element; /* of the innermost ANY or ALL */
	/*
	 * The context of the process `pid_key`'s n-th ancestor (1: parent) as of
	 * now, NULL: not known. NULL: no process is known.
	 */
	const struct context *(*ancestor)(void *ctx, int64_t pid_key,
					  unsigned n);
	void *ancestor_ctx;
};

int expr_env_init(struct expr_env *env, struct err *err);
/*
 * Make it fit for an expression's regular expressions; NULL: nothing to do. An
 * expression without any needs no call.
 */
int expr_env_fit(struct expr_env *env, const struct expr *expr,
		 struct err *err);
void expr_env_release(struct expr_env *env);

static inline size_t expr_mark(const struct expr_env *env)
{
	return env->used;
}

static inline void expr_restore(struct expr_env *env, size_t mark)
{
	env->used = mark;
}

/*
 * Of arithmetic whose args are constants: what keeps it from having a value
 * ("does not fit 64 bits"), for the compiler to complain of. NULL: it has one.
 */
const char *expr_constant_problem(const struct expr *expr);

struct tuple {
	const struct row *rows[TUPLE_INPUTS_MAX]; /* NULL: no row (LEFT JOIN) */
	const struct value *slots; /* of the rule; NULL below its aggregates */
	int64_t ts; /* boot-time clock: when the tuple was complete */
};

/*
 * The value for a tuple. Its bytes belong to the tuple's rows, to the
 * expression or to the scratch of `env`. Never fails, never allocates; depth is
 * bounded by the compiler.
 */
struct value expr_eval(const struct expr *expr, const struct tuple *tuple,
		       struct expr_env *env);

/*
 * Is it TRUE (not FALSE, not NULL)? A NULL expression is TRUE. Leaves the
 * scratch as it was.
 */
bool expr_is_true(const struct expr *expr, const struct tuple *tuple,
		  struct expr_env *env);

/*
 * SQLite's LIKE with PRAGMA case_sensitive_like; with `fold_case` SQLite's
 * default LIKE: ASCII letters alike. Over bytes: a NUL ends nothing, and what
 * the pattern spells out matches byte by byte, in malformed UTF-8 too. Time is
 * bounded by len * pattern_len.
 */
bool like_match(const uint8_t *text, size_t len, const uint8_t *pattern,
		size_t pattern_len, uint8_t escape, bool fold_case);

struct plan_rule;

/*
 * Append the canonical SQL of an expression; `names[i]` is the alias of input
 * i, `streams[i]` its stream, `rules[i]` the rule whose matches it reads
 * (`rules` may be NULL), `slots[i]` the name of slot i.
 */
struct expr_names {
	const char *const *inputs;
	const enum stream_id *streams;
	const char *const *slots;
	const struct plan_rule *const *rules;
};
void expr_print(struct buf *out, const struct expr *expr,
		const struct expr_names *names);

#endif
