// SPDX-License-Identifier: Apache-2.0
#include "compiler/bounds.h"

/*
 * A left row waits until no right row can reach it, upper_ns later; a right
 * row that may come first waits for as long as the lower bound is negative.
 */
static uint64_t join_horizon(const struct plan_node *node)
{
	int64_t horizon = node->upper_ns > -node->lower_ns ? node->upper_ns :
							     -node->lower_ns;

	return horizon > 0 ? (uint64_t)horizon : 0;
}

static void set_node(struct plan_node *node)
{
	if (!node)
		return;
	set_node(node->child[0]);
	set_node(node->child[1]);
	if (node->kind == PLAN_JOIN) {
		node->horizon_ns = join_horizon(node);
		node->rows_per_key_max = BOUNDS_JOIN_ROWS_MAX;
	} else if (node->kind == PLAN_COUNT) {
		node->horizon_ns = (uint64_t)node->range_ns;
		/* Lowering left the largest count that is asked for. */
		if (!node->saturate &&
		    node->rows_per_key_max < BOUNDS_COUNT_ROWS_MAX)
			node->rows_per_key_max = BOUNDS_COUNT_ROWS_MAX;
	} else {
		return;
	}
	node->keys_max = BOUNDS_KEYS_MAX;
}

void bounds_set(struct plan_rule *rule)
{
	set_node(rule->root);
}
