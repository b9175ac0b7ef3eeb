// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/clock_watch.h"

#include <time.h>

/* The clocks count as read together when all was done within this. */
#define TOGETHER_NS 200000LL
#define READ_TRIES 1000u

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000LL + t.tv_nsec;
}

bool clock_read(struct clock_reading *ret_reading)
{
	int64_t before = now_ns(CLOCK_MONOTONIC);
	int64_t boot = now_ns(CLOCK_BOOTTIME);
	int64_t real = now_ns(CLOCK_REALTIME);
	int64_t after = now_ns(CLOCK_MONOTONIC);

	*ret_reading = (struct clock_reading){
		.real_offset_ns = real - boot,
		.suspended_ns = boot - before,
	};
	return after - before < TOGETHER_NS;
}

/* On a machine that interrupts us each time the last one is as good as any. */
void clock_watch_begin(struct clock_watch *watch)
{
	for (unsigned i = 0; i < READ_TRIES; i++)
		if (clock_read(&watch->last))
			break;
}

static bool is_step(int64_t ns)
{
	return ns >= CLOCK_STEP_MIN_NS || ns <= -CLOCK_STEP_MIN_NS;
}

unsigned clock_watch_look(struct clock_watch *watch,
			  const struct clock_reading *now,
			  struct clock_change ret_changes[2])
{
	int64_t step = now->real_offset_ns - watch->last.real_offset_ns;
	int64_t slept = now->suspended_ns - watch->last.suspended_ns;
	unsigned n = 0;

	/* What is less is kept until it amounts to a change. */
	if (is_step(slept)) {
		ret_changes[n++] =
			(struct clock_change){ CLOCK_SUSPEND, slept };
		watch->last.suspended_ns = now->suspended_ns;
	}
	if (is_step(step)) {
		ret_changes[n++] = (struct clock_change){ CLOCK_STEP, step };
		watch->last.real_offset_ns = now->real_offset_ns;
	}
	return n;
}
