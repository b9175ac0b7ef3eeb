// SPDX-License-Identifier: Apache-2.0
/*
 * SESSION(gap, maximum): per key the tuples that come within `gap` of the one
 * before, at most `maximum` from the first on. It ends gap after its last tuple
 * or at start + maximum; a tuple at that moment or later begins the next one,
 * and the one before goes up first.
 */
#include "stream/group_int.h"

static int64_t session_end(const struct plan_node *node, int64_t start,
			   int64_t last)
{
	int64_t end = ts_add(last, node->slide_ns);
	int64_t most = ts_add(start, node->size_ns);

	return end < most ? end : most;
}

static struct group *session_new(struct op *op, int64_t realtime,
				 const struct value *keys)
{
	struct grouping *grouping = &op->group;
	struct group_window *window;
	struct group *group;

	window = window_new(op, realtime,
			    session_end(op->node, realtime, realtime));
	if (!window)
		return NULL;
	list_insert(&grouping->windows, &window->list);
	grouping->busy = window;
	group = group_new(op, window, keys);
	grouping->busy = NULL;
	return group;
}

int session_take(struct op *op, const struct tuple *tuple, int64_t realtime,
		 const struct group_values *values, struct err *err)
{
	struct group_window *window;
	struct group *group;
	int rc = 0;

	if (!group_key(op, 0, values->keys))
		return 0;
	group = group_find(op);
	if (group && realtime >= group->window->end) {
		rc = window_close(op, group->window, err);
		group = NULL;
		if (rc || !group_key(op, 0, values->keys))
			return rc;
	}
	if (!group)
		group = session_new(op, realtime, values->keys);
	if (!group)
		return 0;
	window = group->window;
	window->last = realtime;
	window->end = session_end(op->node, window->start, realtime);
	if (window_arm(op, window))
		group_put(op, group, tuple, values->args);
	return 0;
}
