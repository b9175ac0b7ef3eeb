/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Was the clock set, did the machine sleep? Events have the boot-time clock; what
 * is added to get realtime changes when the clock is set, and this says when.
 */
#ifndef SHRIKE_DAEMON_CLOCK_WATCH_H
#define SHRIKE_DAEMON_CLOCK_WATCH_H

#include "bpf/event.h"

#include <stdbool.h>
#include <stdint.h>

/* Two readings of clocks that nobody sets differ by far less. */
#define CLOCK_STEP_MIN_NS 1000000LL

struct clock_reading {
	int64_t real_offset_ns; /* realtime minus boot-time clock */
	int64_t suspended_ns;	/* boot-time minus monotonic clock */
};

struct clock_change {
	enum clock_cause cause;
	int64_t step_ns;
};

struct clock_watch {
	struct clock_reading last;
};

/* false: we were interrupted, so that the clocks were not read together. */
bool clock_read(struct clock_reading *ret_reading);

/* From the clocks as they are now on. */
void clock_watch_begin(struct clock_watch *watch);

/* What changed since it was last told: 0, 1 or 2 changes. */
unsigned clock_watch_look(struct clock_watch *watch,
			  const struct clock_reading *now,
			  struct clock_change ret_changes[2]);

#endif
