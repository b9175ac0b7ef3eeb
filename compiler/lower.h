/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a bound block to its stream plan:
 *
 *   FILTER (conditions on what the top computed)
 *     COUNT, OVER or GROUP
 *       FIRST_SEEN
 *         JOIN input 2 (conditions on 2 and what is before it)
 *           FILTER (WHERE on what a LEFT or FIRST join chose)
 *             JOIN input 1
 *               SCAN 0 (conditions on 0 alone)
 *               SCAN 1
 *           SCAN 2
 *
 * with the levels that the rule has no use for left out; or a SEQUENCE of
 * scans, one a step, under its FILTER. A condition stands as low as it may
 * without changing its meaning; GROUP holds its own (HAVING).
 */
#ifndef SHRIKE_COMPILER_LOWER_H
#define SHRIKE_COMPILER_LOWER_H

#include "compiler/bind.h"
#include "compiler/compilation.h"

/* Into bound->plan. False: complained, or no memory. */
bool lower_rule(struct compilation *c, const struct bound_rule *bound);

#endif
