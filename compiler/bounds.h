/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much state each node of a rule may hold: how long, how many keys, how
 * many rows a key. A rule whose state has no such bound is refused. Bytes are
 * bounded for all rules together, see plan.h; what one node can take of them is
 * estimated here.
 */
#ifndef SHRIKE_COMPILER_BOUNDS_H
#define SHRIKE_COMPILER_BOUNDS_H

#include "compiler/bind.h"
#include "compiler/compilation.h"

#define BOUNDS_KEYS_MAX 100000
#define BOUNDS_JOIN_ROWS_MAX 64
#define BOUNDS_COUNT_ROWS_MAX 4096
/* Values that COUNT(DISTINCT) of a group tells apart. */
#define BOUNDS_DISTINCT_MAX 65536
/* Rows shown as evidence of a group. */
#define BOUNDS_GROUP_ROWS_MAX 64
/* Rows wait or are counted for at most so long; what was seen is remembered for
 * as long as an interval can be. */
#define BOUNDS_DAYS_MAX 30

/* Set the bounds of bound->plan. False: complained. */
bool bounds_set(struct compilation *c, const struct bound_rule *bound);

/*
 * Most bytes a node could hold by its bound, estimated from the columns that
 * the rule reads; the engine holds all rules to PLAN_STATE_BYTES_MAX.
 */
uint64_t bounds_bytes(const struct plan_rule *rule,
		      const struct plan_node *node);

/* The same of what SUPPRESS mutes, or of what EMIT ON FIRST MATCH told. */
uint64_t bounds_marks_bytes(const struct plan_rule *rule);

#endif
