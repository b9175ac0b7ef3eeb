/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to compiler/pushdown*.c: terms on processes, each with a bit that is
 * decided once, when the process executes its program.
 */
#ifndef SHRIKE_COMPILER_PUSHDOWN_PROCESS_H
#define SHRIKE_COMPILER_PUSHDOWN_PROCESS_H

#include "compiler/pushdown_int.h"

struct process_term_entry {
	const struct expr *expr; /* of input 0, context columns alone */
	const char *text;	 /* its SQL: equal ones are one term */
	uint32_t hash;
};

/* Entry i has bit i % PROCESS_TERMS_MAX. */
struct process_term_table {
	struct arena *arena;
	struct process_term_entry *entries;
	unsigned count;
	unsigned size;
};

/* What an expression asks of. */
enum process_scope {
	PROCESS_SCOPE_NONE, /* nothing: a constant */
	PROCESS_SCOPE_OWN,
	PROCESS_SCOPE_PARENT,
	PROCESS_SCOPE_OTHER /* both, the event, or what an exec does not fix */
};
enum process_scope process_scope(const struct expr *expr);

/*
 * The test in a stream's predicate that an OWN or PARENT expression may be
 * TRUE; FALSE unless `wanted`.
 */
const struct cond *process_cond(struct cond_set *set,
				struct process_term_table *table,
				const struct expr *expr, bool wanted,
				unsigned *ret_bit);

/* pushdown_bits.c: a function that writes a bit for each of its terms */
struct bits_function {
	const char *name;
	const char *out; /* the struct it writes */
	size_t out_bytes;
};

struct bit_term {
	const struct expr *expr; /* as of exec_expr() */
	const char *text;	 /* one line */
	bool dropped;
	const char *reason; /* set: why it is not decided exactly, or NULL */
};

int pushdown_bits(struct arena *arena, const struct bits_function *what,
		  struct bit_term *terms, unsigned count,
		  struct kernel_function *ret_function, struct err *err);

/*
 * pushdown_exec.c: what such an expression is on the record of process.exec,
 * in terms of columns that the record has; the others stay as they are.
 */
const struct expr *exec_expr(struct arena *arena, const struct expr *expr);

#endif
