/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much state each node of a rule may hold: how long, how many keys, how
 * many rows a key, how many bytes. A rule's state is bounded before it runs.
 */
#ifndef SHRIKE_COMPILER_BOUNDS_H
#define SHRIKE_COMPILER_BOUNDS_H

#include "stream/plan.h"

#define BOUNDS_KEYS_MAX 100000
#define BOUNDS_JOIN_ROWS_MAX 64
#define BOUNDS_COUNT_ROWS_MAX 4096
/* No node takes more, whatever its keys and rows come to. */
#define BOUNDS_NODE_BYTES_MAX ((uint64_t)64 * 1024 * 1024)

void bounds_set(struct plan_rule *rule);

/* Of all nodes of the rule together. */
uint64_t bounds_bytes(const struct plan_rule *rule);

#endif
