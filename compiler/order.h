/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rule reads which: rules may stand in any order in their files, and one
 * that reads matches.<rule> is bound after that rule. A circle is refused, and
 * so is a chain that would make one event pass through very many rules.
 */
#ifndef SHRIKE_COMPILER_ORDER_H
#define SHRIKE_COMPILER_ORDER_H

#include "compiler/ast.h"
#include "compiler/bind.h"
#include "compiler/compilation.h"

#define ORDER_CHAIN_MAX 32

struct expanded_rule {
	const struct ast_rule *ast; /* NULL: complained */
	bool changed;		    /* it is not as it was written */
};

struct ordered_rule {
	const struct ast_rule *ast; /* expanded */
	bool changed;
	const struct bound_rule *bound; /* set when it is; NULL: complained */
	struct ordered_rule **sources;	/* each once */
	unsigned source_count;
	unsigned chain; /* rules that must be bound before it, one by one */
	enum { ORDER_NEW, ORDER_OPEN, ORDER_DONE, ORDER_REFUSED } state;
};

/* "matches.x" gives "x"; NULL: the name of a stream. */
const char *order_source(const char *stream);

/*
 * All rules but those that are refused, each after those that it reads; in the
 * order of the program otherwise. `expanded` are the program's rules. What is
 * returned lives in the arena; NULL: there is no memory.
 */
struct ordered_rule **order_rules(struct compilation *c,
				  const struct ast_program *program,
				  const struct expanded_rule *expanded,
				  unsigned *ret_count);

#endif
