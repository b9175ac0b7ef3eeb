/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of realtime and their groups.
 *
 *   group.c    groups: what is in them, how they go up; TUMBLE and HOP
 *   session.c  SESSION: a window of one group, as long as its tuples come
 *
 * A window [start, end) has a timer with deadline `end`: like all that goes up
 * after a deadline its groups go up with that ts, and every tuple before it was
 * there. A realtime moment is the boot-time one and `offset`, which a tuple's
 * rows tell: it is constant within a run.
 */
#ifndef SHRIKE_STREAM_GROUP_INT_H
#define SHRIKE_STREAM_GROUP_INT_H

#include "stream/engine_int.h"

struct group_window {
	struct list list; /* grouping.windows */
	struct timer timer;
	int64_t start; /* realtime */
	int64_t end;
	int64_t last; /* SESSION: of its last tuple */
	int64_t offset;
	struct list groups; /* by when their first tuple came */
	size_t group_count;
};

struct group {
	struct key_head head;
	struct list list;
	struct group_window *window;
	uint64_t tuples;
	struct evidence evidence;
	struct value *keys;   /* node->key_count; behind the accumulators */
	struct value *orders; /* node->order_count; their bytes are its own */
	struct accumulator accs[];
};

/* A tuple's values, evaluated once for all windows it is in. */
struct group_values {
	struct value keys[PLAN_KEYS_MAX];
	struct value args[PLAN_AGGREGATES_MAX];
};

/* In no list and not armed; NULL: refused, counted. May evict others. */
struct group_window *window_new(struct op *op, int64_t start, int64_t end);

/* Arm again after `end` has changed; false: it and its groups are gone. */
bool window_arm(struct op *op, struct group_window *window);

/* Its groups go up and it ends. */
int window_close(struct op *op, struct group_window *window, struct err *err);

/* The group's key into the engine's scratch; false: refused. */
bool group_key(struct op *op, int64_t start, const struct value *keys);

/* The group under that key; the window in which it is to be when it is new. */
struct group *group_find(struct op *op);
struct group *group_new(struct op *op, struct group_window *window,
			const struct value *keys);
void group_put(struct op *op, struct group *group, const struct tuple *tuple,
	       const struct value *args);

/* session.c */
int session_take(struct op *op, const struct tuple *tuple, int64_t realtime,
		 const struct group_values *values, struct err *err);

#endif
