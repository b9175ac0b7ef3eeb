// SPDX-License-Identifier: Apache-2.0
/*
 * What goes up from joins comes when the last of its rows is there, or when it
 * is known that none will come. A window counts in that order, so it must be the
 * order of the ts that the window names: each other row is at or before it.
 */
#include "compiler/lower_int.h"

#define NEVER INT64_MAX

/* latest[i]: no row of input i is later than that after the window's ts. */
struct times {
	int64_t latest[TUPLE_INPUTS_MAX];
};

static const struct plan_node *next_join(const struct plan_node *node)
{
	while (node && node->kind != PLAN_JOIN)
		node = node->child[0];
	return node;
}

static void at_most(int64_t *latest, int64_t from, int64_t distance)
{
	/* At most 4 joins of at most 3650 days: no overflow. */
	if (from != NEVER && from + distance < *latest)
		*latest = from + distance;
}

static void read_joins(struct times *t, const struct plan_node *child)
{
	const struct plan_node *join = next_join(child);

	for (; join; join = next_join(join->child[0])) {
		int64_t *right = &t->latest[join->child[1]->input];
		int64_t *anchor = &t->latest[join->anchor];

		if (join->join == PLAN_JOIN_ANTI)
			continue;
		at_most(right, *anchor, join->upper_ns);
		at_most(anchor, *right, -join->lower_ns);
	}
}

static void complain(struct lowering *l, unsigned input, unsigned later)
{
	const char *name = l->bound->inputs[input].name;
	const char *other = l->bound->inputs[later].name;
	enum plan_join join = l->bound->inputs[later].join;
	bool exists = join == PLAN_JOIN_SEMI || join == PLAN_JOIN_ANTI;

	compilation_error(
		l->c, l->bound->inputs[later].span,
		exists || l->bound->top == BOUND_GROUP ?
			"make a rule of the query without the window, and "
			"count its matches.<rule>: their ts is when they are "
			"known" :
			compilation_text(l->c,
					 "write ORDER BY %s.ts where that is "
					 "the last, or make a rule of the join "
					 "and count its matches.<rule>",
					 other),
		"the window is in order of %s.ts, but '%s' may come later: "
		"too late to be counted there",
		name, other);
}

/* When, after the window's ts, the join has decided at the latest. */
static int64_t decided(const struct times *t, const struct plan_node *join)
{
	int64_t latest = NEVER;

	if (join->join != PLAN_JOIN_LEFT && join->join != PLAN_JOIN_ANTI)
		return t->latest[join->child[1]->input];
	at_most(&latest, t->latest[join->anchor], join->upper_ns);
	return latest;
}

bool lower_time(struct lowering *l, const struct plan_node *child,
		unsigned input)
{
	const struct plan_node *join = next_join(child);
	struct times t;

	for (unsigned i = 0; i < TUPLE_INPUTS_MAX; i++)
		t.latest[i] = i == input ? 0 : NEVER;
	for (unsigned i = 0; i < l->bound->input_count; i++)
		read_joins(&t, child);
	for (; join; join = next_join(join->child[0])) {
		if (decided(&t, join) <= 0)
			continue;
		complain(l, input, join->child[1]->input);
		return false;
	}
	if (t.latest[0] <= 0)
		return true;
	complain(l, input, 0);
	return false;
}
