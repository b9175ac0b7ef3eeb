/* SPDX-License-Identifier: Apache-2.0 */
/* The six comparisons, EXPR_EQ to EXPR_GE, as the passes reason about them. */
#ifndef SHRIKE_COMPILER_COMPARISON_H
#define SHRIKE_COMPILER_COMPARISON_H

#include "stream/expr.h"

bool comparison_is(enum expr_op op);

/* a op b is b comparison_mirror(op) a */
enum expr_op comparison_mirror(enum expr_op op);

/* NOT (a op b) is a comparison_opposite(op) b, where neither is NULL */
enum expr_op comparison_opposite(enum expr_op op);

/* Does a op b hold, where `order` is below, at or above zero as a is to b? */
bool comparison_holds(enum expr_op op, int order);

#endif
