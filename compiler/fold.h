/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rewrites an expression into the form that the later passes expect, without
 * changing its value under three-valued logic:
 *
 *   - what is constant is computed, also in part: x AND FALSE is FALSE;
 *   - AND and OR are flat, NOT stands at leaves only, and NOT of a comparison
 *     is the opposite comparison;
 *   - a constant stands at the right of a comparison;
 *   - LIKE without inner wildcards is =, PREFIX, SUFFIX or CONTAINS, so is
 *     REGEXP without special characters;
 *   - a branch of CASE that is never taken is gone; a test of a CASE whose
 *     results are constants is a CASE of truth values, and where only TRUE
 *     counts it is the AND and OR of its conditions.
 */
#ifndef SHRIKE_COMPILER_FOLD_H
#define SHRIKE_COMPILER_FOLD_H

#include "stream/expr.h"

/* Columns of subqueries are copied to each place that names them. */
#define FOLD_NODES_MAX 50000

struct fold {
	struct arena *arena;
	unsigned nodes_left;
	bool exhausted; /* more than FOLD_NODES_MAX */
	bool nomem;
	/* Arithmetic of constants that has no value, see expr.h; NULL: none. */
	const char *problem;
	struct expr_env env; /* for what is constant; made when needed */
};

void fold_init(struct fold *fold, struct arena *arena);
void fold_release(struct fold *fold);

/* NULL: see the two flags. */
const struct expr *fold_value(struct fold *fold, const struct expr *expr);

/* Where only TRUE counts (WHERE, ON): NULL is as good as FALSE. */
const struct expr *fold_condition(struct fold *fold, const struct expr *expr);

#endif
