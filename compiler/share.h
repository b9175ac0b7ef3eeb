/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rules of a set have in common: equal conditions on one stream, and
 * equal parts of plans. Equal is what has the same canonical text when inputs
 * and computed columns are numbered in the order of the part, so that aliases
 * do not matter; an internal rule is known by its text, not by its name.
 *
 * A description: it says what need be computed once, and changes no plan.
 */
#ifndef SHRIKE_COMPILER_SHARE_H
#define SHRIKE_COMPILER_SHARE_H

#include "stream/plan.h"
#include "user/base/arena.h"
#include "user/base/buf.h"
#include "user/base/err.h"

enum share_kind { SHARE_TERM, SHARE_PART };

/* One place of the plan. */
struct share_place {
	enum share_kind kind;
	const char *text; /* "network.connect 1.dst_port = 22" */
	const struct plan_rule *rule;
	const struct plan_node *node; /* TERM: the scan that asks it */
	const struct expr *expr;      /* TERM */
	unsigned order;		      /* in the plan */
};

struct share {
	const struct share_place *places; /* by kind, text, order */
	unsigned place_count;
	/* The internal rule that stands for each rule of the plan; itself. */
	const struct plan_rule *const *stand_ins;
	const struct plan *plan;
};

/* 0 or -ENOMEM. */
int share_find(struct arena *arena, const struct plan *plan,
	       const struct share **ret_share, struct err *err);

/*
 * The next run of equal places from *at on, which moves behind it; how many
 * there are, 0 at the end. The places are &share->places[*at - that many].
 */
unsigned share_next(const struct share *share, unsigned *at);

/* The dump: every run of two or more, and of how many. */
void share_print(const struct share *share, struct buf *out);

/* Is what has equal text equal? NULL, or a text of which it does not hold. */
const char *share_check(const struct share *share);

#endif
