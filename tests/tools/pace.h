/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the load generators share: numbers from the command line, the clock, and
 * a pace of so many operations a second. A late generator catches up, so that
 * the count after N seconds is rate * N whenever the machine can do it.
 */
#ifndef SHRIKE_TESTS_PACE_H
#define SHRIKE_TESTS_PACE_H

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PACE_SECOND_NS UINT64_C(1000000000)

struct pace {
	uint64_t start_ns;
	uint64_t rate; /* operations a second; 0: as fast as possible */
};

_Noreturn static inline void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static inline uint64_t parse_number(const char *text, const char *what)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-') {
		fprintf(stderr, "%s: not a number: %s\n", what, text);
		exit(2);
	}
	return number;
}

static inline uint64_t clock_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now))
		fail("clock_gettime");
	return (uint64_t)now.tv_sec * PACE_SECOND_NS + (uint64_t)now.tv_nsec;
}

static inline void pace_start(struct pace *pace, uint64_t rate)
{
	pace->start_ns = clock_ns();
	pace->rate = rate;
}

/* Wait until operation number `index` is due. */
static inline void pace_wait(const struct pace *pace, uint64_t index)
{
	struct timespec due;
	uint64_t due_ns;

	if (!pace->rate)
		return;
	due_ns = pace->start_ns + index / pace->rate * PACE_SECOND_NS +
		 index % pace->rate * PACE_SECOND_NS / pace->rate;
	if (clock_ns() >= due_ns)
		return;
	due.tv_sec = (time_t)(due_ns / PACE_SECOND_NS);
	due.tv_nsec = (long)(due_ns % PACE_SECOND_NS);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) ==
	       EINTR)
		;
}

static inline double pace_seconds(const struct pace *pace)
{
	return (double)(clock_ns() - pace->start_ns) / (double)PACE_SECOND_NS;
}

#endif
