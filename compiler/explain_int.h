/* SPDX-License-Identifier: Apache-2.0 */
/* Between the explain*.c. */
#ifndef SHRIKE_COMPILER_EXPLAIN_INT_H
#define SHRIKE_COMPILER_EXPLAIN_INT_H

#include "compiler/compiler.h"
#include "compiler/pushdown.h"
#include "user/base/buf.h"

/*
 * What an event costs that a rule reads, once it is collected; the classes are
 * in order, a rule is in the highest that one of its nodes needs.
 */
enum cost {
	COST_KERNEL, /* the kernel decides: user space sees matches alone */
	COST_EVENT,  /* comparisons of fixed length */
	COST_TEXT,   /* a text or a list is read through */
	COST_KEY,    /* one look-up by key in state */
	COST_ROWS,   /* what state holds for its key is gone through */
	COST_COUNT
};

enum cost explain_cost(const struct program *program,
		       const struct plan_rule *rule);
const char *explain_cost_text(enum cost cost);

/* The function of a stream; NULL: it has none. */
const struct kernel_function *explain_function_of(const struct program *program,
						  enum stream_id stream,
						  enum pushdown_stage stage);

/* A rule, and below it the internal ones that it reads. */
void explain_rule(struct buf *out, const struct program *program,
		  const struct plan_rule *rule);

/* Append `text`, each line of it `columns` further to the right. */
void explain_indent(struct buf *out, struct buf *text, unsigned columns);

#endif
