// SPDX-License-Identifier: Apache-2.0
/*
 * Steps of a sequence. Of DEFINE goes to a step's scan what its own row
 * decides; the rest is asked when the row meets a chain. Then a key may hold
 * several chains at one step, as the latest need not be the one that goes on;
 * without such a condition the latest is as good as any, and one is enough.
 */
#include "compiler/lower_int.h"

#define RUNS_MAX 8 /* newest chains of a key at one step */

/* Is it, of step `step`, the key at `index`? */
static bool is_key_of(const struct plan_node *node,
		      const struct plan_step *steps, unsigned count,
		      const struct expr *expr, unsigned index)
{
	for (unsigned i = 0; i < count; i++)
		if (lower_inputs(expr) == 1u << i && index < node->key_count &&
		    !steps[i].optional &&
		    lower_same(expr, steps[i].keys[index]))
			return true;
	return false;
}

/*
 * The keys of all rows of a chain are equal already. Not so when a step may be
 * left out: what compares with its row is then not true.
 */
static bool is_implied(const struct plan_node *node,
		       const struct plan_step *steps, unsigned step,
		       const struct expr *expr)
{
	const struct expr *a, *b;
	unsigned own = 1u << step;

	if (expr->op != EXPR_EQ)
		return false;
	a = expr->args[0];
	b = expr->args[1];
	if (lower_inputs(b) == own) {
		a = expr->args[1];
		b = expr->args[0];
	}
	if (lower_inputs(a) != own)
		return false;
	for (unsigned i = 0; i < node->key_count; i++)
		if (lower_same(a, steps[step].keys[i]) &&
		    is_key_of(node, steps, step, b, i))
			return true;
	return false;
}

static bool lower_step_keys(struct lowering *l, const struct plan_node *node,
			    struct plan_step *step,
			    const struct bound_step *bound)
{
	step->keys =
		compilation_alloc(l->c, node->key_count, sizeof(*step->keys));
	for (unsigned i = 0; step->keys && i < node->key_count; i++) {
		step->keys[i] = lower_value(l, bound->keys[i]);
		if (!step->keys[i])
			return false;
	}
	return step->keys;
}

static bool lower_step(struct lowering *l, const struct plan_node *node,
		       struct plan_step *steps, unsigned i)
{
	const struct bound_step *bound = &l->bound->steps[i];
	struct terms *terms = &l->on[i];
	struct plan_step *step = &steps[i];

	step->optional = bound->optional;
	if (!lower_step_keys(l, node, step, bound))
		return false;
	for (unsigned k = 0; k < terms->count; k++)
		terms->items[k].placed =
			is_implied(node, steps, i, terms->items[k].expr);
	step->scan = lower_scan(l, i, terms);
	return step->scan &&
	       lower_place(l, terms, (2u << i) - 1, &step->predicate);
}

struct plan_node *lower_sequence(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	unsigned count = bound->step_count + bound->has_until;
	struct plan_node *node = lower_node(l, PLAN_SEQUENCE, NULL, NULL);
	struct plan_step *steps =
		compilation_alloc(l->c, count, sizeof(*steps));

	if (!node || !steps)
		return NULL;
	CHECK(bound->step_count >= 2 && bound->step_count <= PLAN_STEPS_MAX);
	node->key_count = (uint8_t)bound->key_count;
	node->range_ns = bound->range_ns;
	node->step_count = bound->step_count;
	node->steps = steps;
	node->runs_max = 1;
	for (unsigned i = 0; i < count; i++)
		if (!lower_step(l, node, steps, i))
			return NULL;
	for (unsigned i = 0; i < bound->step_count; i++)
		if (steps[i].predicate)
			node->runs_max = RUNS_MAX;
	if (!bound->has_until)
		return node;
	node->until = &steps[bound->step_count];
	/* Its scope is its own row. */
	CHECK(!node->until->predicate);
	return node;
}
