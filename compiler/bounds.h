/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much state each node of a rule may hold: how long, how many keys, how
 * many rows a key. Bytes are bounded for all rules together, see plan.h.
 */
#ifndef SHRIKE_COMPILER_BOUNDS_H
#define SHRIKE_COMPILER_BOUNDS_H

#include "stream/plan.h"

#define BOUNDS_KEYS_MAX 100000
#define BOUNDS_JOIN_ROWS_MAX 64
#define BOUNDS_COUNT_ROWS_MAX 4096

void bounds_set(struct plan_rule *rule);

#endif
