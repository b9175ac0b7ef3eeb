// SPDX-License-Identifier: Apache-2.0
#include "stream/timers_int.h"

#include "stream/engine_int.h"

#include <limits.h>

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->place = place;
}

unsigned timer_rank(const struct timer *timer)
{
	return timer->op ? timer->op->rank : UINT_MAX;
}

/* Which of two is earlier never depends on the heap. */
static bool is_before(const struct timer *a, const struct timer *b)
{
	unsigned a_rank = timer_rank(a), b_rank = timer_rank(b);

	if (a->deadline != b->deadline)
		return a->deadline < b->deadline;
	if (a_rank != b_rank)
		return a_rank < b_rank;
	return a->order < b->order;
}

static void sift_up(struct timers *timers, size_t place, struct timer *timer)
{
	while (place > 1) {
		struct timer *above = timers->heap[place / 2];

		if (is_before(above, timer))
			break;
		put(timers, place, above);
		place /= 2;
	}
	put(timers, place, timer);
}

static void sift_down(struct timers *timers, size_t place, struct timer *timer)
{
	for (;;) {
		size_t child = place * 2;

		if (child > timers->count)
			break;
		if (child < timers->count &&
		    is_before(timers->heap[child + 1], timers->heap[child]))
			child++;
		if (is_before(timer, timers->heap[child]))
			break;
		put(timers, place, timers->heap[child]);
		place = child;
	}
	put(timers, place, timer);
}

int timers_arm(struct timers *timers, struct timer *timer, int64_t deadline)
{
	if (timers->count + 1 >= timers->size) {
		size_t size = timers->size ? timers->size * 2 : 64;
		struct timer **heap =
			reallocarray(timers->heap, size, sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		timers->heap = heap;
		timers->size = size;
	}
	timer->deadline = deadline;
	timer->order = timers->armed++;
	timers->count++;
	sift_up(timers, timers->count, timer);
	return 0;
}

void timers_disarm(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;
	struct timer *last;

	if (!place)
		return;
	timer->place = 0;
	last = timers->heap[timers->count--];
	if (last == timer)
		return;
	if (place > 1 && is_before(last, timers->heap[place / 2]))
		sift_up(timers, place, last);
	else
		sift_down(timers, place, last);
}

struct timer *timers_first(const struct timers *timers)
{
	return timers->count ? timers->heap[1] : NULL;
}

void timers_release(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){ 0 };
}
