/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines in event time, earliest first: a binary heap of timers inside their
 * elements, so that arming and disarming cost O(log n) and nothing is scanned.
 */
#ifndef SHRIKE_STREAM_TIMERS_INT_H
#define SHRIKE_STREAM_TIMERS_INT_H

#include <stddef.h>
#include <stdint.h>

struct op;

struct timer {
	int64_t deadline; /* the last ts at which the element is of use */
	uint64_t order;	  /* of arming */
	size_t place;	  /* in the heap, from 1; 0: not armed */
	struct op *op;	  /* whose `fire` is called; NULL: a mark's */
};

struct timers {
	struct timer **heap; /* heap[0] is unused */
	size_t count;
	size_t size;
	uint64_t armed; /* ever */
};

/* -ENOMEM: not armed. The timer must not be armed yet. */
int timers_arm(struct timers *timers, struct timer *timer, int64_t deadline);

/* Does nothing when it is not armed. */
void timers_disarm(struct timers *timers, struct timer *timer);

/* The earliest; of one deadline by rank, then by arming. NULL: none. */
struct timer *timers_first(const struct timers *timers);

/* Of its operator; marks come last. */
unsigned timer_rank(const struct timer *timer);

void timers_release(struct timers *timers);

#endif
