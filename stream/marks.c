// SPDX-License-Identifier: Apache-2.0
/*
 * Small facts by key. Losing one repeats an alert and never loses one, so
 * eviction here is counted but does not touch the coverage of later matches.
 */
#include "stream/engine_int.h"

void marks_init(struct marks *marks, struct rule *rule)
{
	keyset_init(&marks->set);
	marks->rule = rule;
}

void marks_release(struct marks *marks)
{
	struct key_head *head;

	while ((head = keyset_oldest(&marks->set)))
		marks_remove(CONTAINER(head, struct mark, head));
	keyset_release(&marks->set);
}

struct mark *marks_find(struct marks *marks, const struct buf *key)
{
	return keyset_find(&marks->set, marks->rule->engine->options.seed, key);
}

void marks_remove(struct mark *mark)
{
	struct marks *marks = mark->marks;
	struct engine *engine = marks->rule->engine;

	timers_disarm(&engine->timers, &mark->timer);
	marks->rule->stats.state_bytes -= pool_bytes(mark);
	marks->rule->marks_bytes -= pool_bytes(mark);
	keyset_remove(&marks->set, &engine->pool, &mark->head);
}

static bool evict_oldest(struct marks *marks)
{
	struct key_head *head = keyset_oldest(&marks->set);

	if (!head)
		return false;
	marks_remove(CONTAINER(head, struct mark, head));
	marks->rule->stats.evicted++;
	return true;
}

bool marks_evict(struct rule *rule)
{
	return evict_oldest(&rule->mutes) || evict_oldest(&rule->fired) ||
	       evict_oldest(&rule->edges);
}

static bool make_room(struct marks *marks, size_t size)
{
	return pool_may_hold(&marks->rule->engine->pool, size) &&
	       (room_from_others(marks->rule) || evict_oldest(marks));
}

static struct mark *add(struct marks *marks, const struct buf *key)
{
	struct engine *engine = marks->rule->engine;
	struct mark *mark;

	if (marks->set.map.count >= PLAN_MARKS_MAX)
		evict_oldest(marks);
	while (!(mark = keyset_add(&marks->set, &engine->pool, sizeof(*mark),
				   engine->options.seed, key))) {
		if (!make_room(marks, sizeof(*mark) + key->len)) {
			marks->rule->stats.refused++;
			return NULL;
		}
	}
	mark->marks = marks;
	marks->rule->stats.state_bytes += pool_bytes(mark);
	marks->rule->marks_bytes += pool_bytes(mark);
	return mark;
}

void marks_set(struct marks *marks, const struct buf *key, int64_t until,
	       int64_t last)
{
	struct mark *mark = marks_find(marks, key);
	struct timers *timers = &marks->rule->engine->timers;

	if (!mark)
		mark = add(marks, key);
	if (!mark)
		return;
	mark->until = until;
	timers_disarm(timers, &mark->timer);
	if (last < INT64_MAX && timers_arm(timers, &mark->timer, last) < 0) {
		marks->rule->stats.refused++;
		marks_remove(mark);
	}
}
