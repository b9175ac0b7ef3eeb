/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be collected for the plan: streams, columns, and one predicate for
 * each stream that may be filtered, which asks for the union of what the rules
 * want. Process lifecycle streams feed the process table and come whole.
 */
#ifndef SHRIKE_COMPILER_SUBSCRIBE_H
#define SHRIKE_COMPILER_SUBSCRIBE_H

#include "compiler/compiler.h"
#include "compiler/pushdown.h"

/* Fills subscriptions and functions of `program`, whose plan is set. */
int subscribe(struct arena *arena, struct program *program, struct err *err);

/*
 * Add the columns of one input that a rule reads, of a rule's matches too: 256
 * bits, the column's id its place.
 */
void subscribe_columns(const struct plan_rule *rule, unsigned input,
		       uint64_t columns[4]);

/* Does the expression read a column of that input? */
bool subscribe_reads(const struct expr *expr, unsigned input);

#endif
