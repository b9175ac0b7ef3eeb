/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines in event time, earliest first: a binary heap of timers inside their
 * elements, so that arming and disarming cost O(log n) and nothing is scanned.
 */
#ifndef SHRIKE_STREAM_TIMERS_INT_H
#define SHRIKE_STREAM_TIMERS_INT_H

#include <stddef.h>
#include <stdint.h>

enum timer_kind { TIMER_JOIN_ITEM, TIMER_COUNT_KEY, TIMER_MARK };

struct timer {
	int64_t deadline; /* the last ts at which the element is of use */
	size_t place;	  /* in the heap, from 1; 0: not armed */
	enum timer_kind kind;
};

struct timers {
	struct timer **heap; /* heap[0] is unused */
	size_t count;
	size_t size;
};

/* -ENOMEM: not armed. The timer must not be armed yet. */
int timers_arm(struct timers *timers, struct timer *timer, int64_t deadline);

/* Does nothing when it is not armed. */
void timers_disarm(struct timers *timers, struct timer *timer);

/* Disarm and return one whose deadline is before `now`; NULL: none left. */
struct timer *timers_expired(struct timers *timers, int64_t now);

void timers_release(struct timers *timers);

#endif
