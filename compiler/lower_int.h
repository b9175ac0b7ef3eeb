/* SPDX-License-Identifier: Apache-2.0 */
/* Between lower.c, lower_join.c and lower_count.c. */
#ifndef SHRIKE_COMPILER_LOWER_INT_H
#define SHRIKE_COMPILER_LOWER_INT_H

#include "compiler/build.h"
#include "compiler/fold.h"
#include "compiler/lower.h"

/* One operand of the rule's top-level AND. */
struct term {
	const struct expr *expr;
	unsigned inputs; /* bit per input that it reads */
	bool placed;	 /* some node decides it */
};

struct terms {
	struct term *items;
	unsigned count;
};

struct lowering {
	struct compilation *c;
	const struct bound_rule *bound;
	struct plan_rule *rule;
	struct fold fold;
	struct terms below;
	struct terms above;
};

unsigned lower_inputs(const struct expr *expr);
bool lower_has_slot(const struct expr *expr);

/*
 * The AND of the terms not yet placed that read inputs of `inputs` only; NULL
 * when there are none. Marks them as placed. False: no memory.
 */
bool lower_place(struct lowering *l, struct terms *terms, unsigned inputs,
		 const struct expr **ret_predicate);

struct plan_node *lower_node(struct lowering *l, enum plan_kind kind,
			     struct plan_node *left, struct plan_node *right);

/* Keys, time bound and residual of the join that brings in `input`. */
bool lower_join(struct lowering *l, struct plan_node *join, unsigned input);

/* COUNT over `child` and the FILTER over it. NULL: complained. */
struct plan_node *lower_count(struct lowering *l, struct plan_node *child);

#endif
