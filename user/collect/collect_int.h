/* SPDX-License-Identifier: Apache-2.0 */
/* The collector's insides, private to this folder. */
#ifndef SHRIKE_COLLECT_COLLECT_INT_H
#define SHRIKE_COLLECT_COLLECT_INT_H

#include "user/collect/collect.h"
#include "user/collect/programs.h"
#include "user/collect/ring_reader.h"

struct ring {
	int fd; /* -1: not needed */
	struct ring_reader reader;
};

struct collector {
	struct programs programs;
	struct ring rings[RING_COUNT];
	uint8_t ring_of[STREAM_COUNT]; /* enum ring_class */
	unsigned cpu_count;
	int64_t watermark_ns;
	uint64_t held;
	uint32_t tester_pid; /* the self-test's child, until it was gone */
	uint64_t tester_until_ns;
	uint64_t delivered[STREAM_COUNT];
	uint64_t damaged[STREAM_COUNT];
};

/* A collector without rings and programs. */
void collector_init(struct collector *collector);

#endif
