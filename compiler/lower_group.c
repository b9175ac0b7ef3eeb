// SPDX-License-Identifier: Apache-2.0
/* Aggregates by window and key: HAVING, ORDER BY and LIMIT are of the node. */
#include "compiler/lower_int.h"

static const struct plan_order *lower_orders(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	struct plan_order *orders =
		compilation_alloc(l->c, bound->order_count, sizeof(*orders));

	for (unsigned i = 0; orders && i < bound->order_count; i++) {
		orders[i] = bound->orders[i];
		orders[i].expr = lower_value(l, orders[i].expr);
		if (!orders[i].expr)
			return NULL;
	}
	return orders;
}

struct plan_node *lower_group(struct lowering *l, struct plan_node *child)
{
	const struct bound_rule *bound = l->bound;
	struct plan_node *node = lower_node(l, PLAN_GROUP, child, NULL);

	if (!node || !lower_time(l, child, 0))
		return NULL;
	node->window = bound->window;
	node->size_ns = bound->size_ns;
	node->slide_ns = bound->slide_ns;
	node->key_count = (uint8_t)bound->key_count;
	node->left_keys = lower_block_keys(l);
	node->aggregate_count = bound->aggregate_count;
	node->aggregates = lower_aggregates(l, 2 + bound->key_count);
	node->order_count = bound->order_count;
	node->orders = lower_orders(l);
	node->limit = bound->limit;
	if (!node->left_keys || !node->aggregates || !node->orders ||
	    !lower_place(l, &l->above, ~0u, &node->predicate))
		return NULL;
	return node;
}
