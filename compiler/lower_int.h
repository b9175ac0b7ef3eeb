/* SPDX-License-Identifier: Apache-2.0 */
/* Between the lower*.c. */
#ifndef SHRIKE_COMPILER_LOWER_INT_H
#define SHRIKE_COMPILER_LOWER_INT_H

#include "compiler/build.h"
#include "compiler/fold.h"
#include "compiler/lower.h"

/* One operand of a top-level AND. */
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
	/* What input i is asked as a partner, or by DEFINE as a step. */
	struct terms on[TUPLE_INPUTS_MAX];
	unsigned nullable; /* inputs that a LEFT JOIN may leave out */
};

/* contradict.c: conditions that exclude each other; a rule without any. */
void lower_warn(struct lowering *l);

/* lower_asks.c: what the block asks for of an input: enum plan_asks. */
unsigned lower_asks(const struct bound_rule *bound, unsigned input);

unsigned lower_inputs(const struct expr *expr);
bool lower_has_slot(const struct expr *expr);

/* Are the two the same expression? */
bool lower_same(const struct expr *a, const struct expr *b);

/* The folded expression; NULL: complained, or no memory. */
const struct expr *lower_value(struct lowering *l, const struct expr *expr);

/*
 * The AND of the terms not yet placed that read inputs of `inputs` only; NULL
 * when there are none. Marks them as placed. False: no memory.
 */
bool lower_place(struct lowering *l, struct terms *terms, unsigned inputs,
		 const struct expr **ret_predicate);

struct plan_node *lower_node(struct lowering *l, enum plan_kind kind,
			     struct plan_node *left, struct plan_node *right);

/* A scan of `input` for all `terms` on it alone. */
struct plan_node *lower_scan(struct lowering *l, unsigned input,
			     struct terms *terms);

/* `child` under a filter for the terms on `inputs`, if there are any. */
struct plan_node *lower_filter(struct lowering *l, struct plan_node *child,
			       struct terms *terms, unsigned inputs);

/* lower_join.c: kind, keys, time bound and residual of the join of `input`. */
bool lower_join(struct lowering *l, struct plan_node *join, unsigned input);

/*
 * lower_over.c, lower_group.c, lower_sequence.c: the top over `child`, without
 * the filter over it. NULL: complained, or no memory.
 */
struct plan_node *lower_over(struct lowering *l, struct plan_node *child);
struct plan_node *lower_group(struct lowering *l, struct plan_node *child);
struct plan_node *lower_sequence(struct lowering *l);

/*
 * lower_time.c: do the tuples of `child` come in order of the ts of `input`, as
 * a window over them needs? False: complained.
 */
bool lower_time(struct lowering *l, const struct plan_node *child,
		unsigned input);

/* The block's aggregates, the first in slot `first`. */
const struct plan_aggregate *lower_aggregates(struct lowering *l,
					      unsigned first);

/* The block's keys, folded. */
const struct expr **lower_block_keys(struct lowering *l);

/* What the rule asks of a count. */
struct asked {
	uint32_t most; /* counts above this are alike ... */
	bool exact;    /* ... unless the number itself is wanted */
};

/* False: complained. */
bool lower_asked(struct lowering *l, unsigned slot, struct asked *ret_asked);

/* lower_keys.c: what SUPPRESS mutes by. */
bool lower_keys(struct lowering *l);

/* lower_emit.c: the policy; whether it is a legal one is decided here alone. */
bool lower_emit(struct lowering *l);

#endif
