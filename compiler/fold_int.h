/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of folding share; NULL: see the flags of struct fold. */
#ifndef SHRIKE_COMPILER_FOLD_INT_H
#define SHRIKE_COMPILER_FOLD_INT_H

#include "compiler/build.h"
#include "compiler/fold.h"

/* How an expression is used: its value is wanted, or its negation ... */
struct use {
	bool negate;
	bool truth; /* ... and only whether it is TRUE */
};

const struct expr *fold_expr(struct fold *f, const struct expr *expr,
			     struct use use);

/* Sets nomem when there is none. */
const struct expr *fold_keep(struct fold *f, const struct expr *expr);

/* A truth value, used so: 1, 0, -1 for NULL. */
const struct expr *fold_truth(struct fold *f, int truth, struct use use);

/* The value of an operator whose args are constants. */
const struct expr *fold_compute(struct fold *f, const struct expr *expr,
				struct use use);
/* The expression, used so: as it is or with a NOT in front. */
const struct expr *fold_negated(struct fold *f, const struct expr *expr,
				struct use use);
/* A copy whose args are folded. */
struct expr *fold_copy(struct fold *f, const struct expr *expr);

/* Below, args are folded already and `expr` is the caller's to change. */

/* LIKE and REGEXP */
const struct expr *fold_pattern(struct fold *f, struct expr *expr,
				struct use use);
const struct expr *fold_call(struct fold *f, struct expr *expr, struct use use);

/* Does it ask a CASE of constants something that constants answer? */
bool fold_is_over_case(const struct expr *expr);
const struct expr *fold_over_case(struct fold *f, const struct expr *expr,
				  struct use use);

/* CASE, not folded yet */
const struct expr *fold_case(struct fold *f, const struct expr *expr,
			     struct use use);

#endif
