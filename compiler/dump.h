/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pass made, as text for people who work on rules or on the compiler,
 * and for golden files. Dumps are printed when compiling is over, also when a
 * rule was rejected: then of as much as there is.
 */
#ifndef SHRIKE_COMPILER_DUMP_H
#define SHRIKE_COMPILER_DUMP_H

#include "compiler/ast.h"
#include "compiler/bind.h"
#include "compiler/compiler.h"
#include "compiler/order.h"

/* Everything that the passes leave behind. */
struct dump_state {
	const struct compile_source *sources;
	unsigned source_count;
	struct ast_program ast;
	struct expanded_rule *expanded; /* of each rule of `ast` */
	unsigned expanded_count;
	struct bound_rules bound;
	const struct program *program;	       /* its plan may be NULL */
	const struct compile_options *options; /* may be NULL */
};

/* `pass` is a known one. What needs memory takes it from the arena. */
void dump(const char *pass, const struct dump_state *state, struct arena *arena,
	  struct buf *out);

#endif
