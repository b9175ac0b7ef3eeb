/* SPDX-License-Identifier: Apache-2.0 */
/* The collector's insides, private to this folder. */
#ifndef SHRIKE_COLLECT_COLLECT_INT_H
#define SHRIKE_COLLECT_COLLECT_INT_H

#include "bpf/throttle.h"
#include "user/collect/collect.h"
#include "user/collect/programs.h"
#include "user/collect/ring_reader.h"

struct ring {
	int fd; /* -1: not needed */
	struct ring_reader reader;
};

/* A cgroup that is held back. */
struct throttled {
	struct throttle_key key;
	uint64_t before;  /* dropped, and forgotten by the kernel */
	uint64_t dropped; /* as of the last look */
	int64_t seen_ns;  /* when it rose last */
};

#define THROTTLED_MAX 256

/* The state of the last look. */
struct losses {
	int64_t looked_ns;
	struct event_counters *each; /* by stream and CPU, as of then */
	uint64_t *lost;		     /* by stream and CPU */
	uint64_t throttled[STREAM_COUNT];
	uint64_t missed[STREAM_COUNT];
	uint64_t damaged[STREAM_COUNT];
	struct throttled cgroups[THROTTLED_MAX];
	unsigned cgroup_count;
	bool list;	   /* something is held back: look at the buckets */
	int64_t listed_ns; /* when they were looked at */
};

struct collector {
	struct programs programs;
	struct ring rings[RING_COUNT];
	uint8_t ring_of[STREAM_COUNT];	    /* enum ring_class */
	uint32_t fixed_bytes[STREAM_COUNT]; /* catalog_fixed_bytes() */
	unsigned cpu_count;
	uint64_t streams;     /* HANDLER_STREAM() of those that are collected */
	uint32_t generation;  /* of the programs at work, from 1 on */
	uint32_t generations; /* that were tried: a number is used once */
	int64_t watermark_ns;
	uint64_t held;
	/* The self-test's child, parent of all that did it, until it was gone. */
	uint32_t tester_pid;
	uint64_t tester_until_ns;
	uint64_t delivered[STREAM_COUNT];
	uint64_t unlisted; /* processes that no snapshot has found */
	uint64_t damaged[STREAM_COUNT];
	struct losses losses;
	struct slots {
		unsigned count;
		int64_t ns[JOIN_SLOTS_MAX];
		int64_t since_ns; /* all execs are known from then on */
		uint64_t closed;  /* the bits of join_closed */
		int64_t looked_ns;
	} slots;
	uint64_t full;	      /* as of the last look */
	uint64_t full_before; /* of generations that are gone */
};

/* Before the first look: from now on nothing is lost unseen. */
int losses_init(struct collector *collector, struct err *err);
void losses_release(struct collector *collector);

/* The programs are new ones; once a turn. */
void slots_begin(struct collector *collector,
		 const struct collect_request *request);
void slots_turn(struct collector *collector, int64_t now_ns);

/* A collector without rings and programs. */
void collector_init(struct collector *collector);

#endif
