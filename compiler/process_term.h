/* SPDX-License-Identifier: Apache-2.0 */
/* What the functions that run at an exec decide, for who loads them. */
#ifndef SHRIKE_COMPILER_PROCESS_TERM_H
#define SHRIKE_COMPILER_PROCESS_TERM_H

#include "bpf/process_terms.h"
#include "stream/expr.h"

/*
 * A bit of struct process_terms (bpf/process_terms.h). `expr` reads context
 * columns of a process alone, whose ids are those of every stream, of input 0:
 * it is evaluated with the row of process.exec or process.snapshot.
 */
struct process_term {
	unsigned bit;
	const struct expr *expr;
	const char *text; /* its SQL */
	/*
	 * process_terms() decides it, but for parts of the record that are cut.
	 * Else the bit may be 1 where the term is not TRUE, and user space is to
	 * evaluate `expr` and to clear the bit where it is not.
	 */
	bool in_kernel;
	const char *reason; /* why not, NULL when in_kernel */
};

/* `A then B within t` for the same process, see bpf/process_terms.h. */
struct join_slot {
	const char *rule; /* one of those it is for */
	const char *text; /* SQL of what the exec must satisfy */
	bool used;	  /* else no exec opens it and nothing tests it */
	int64_t time_to_live_ns; /* of a key */
};

#endif
