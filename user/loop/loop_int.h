/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sources, shared by the loop and what its sources do. */
#ifndef SHRIKE_LOOP_LOOP_INT_H
#define SHRIKE_LOOP_LOOP_INT_H

#include "user/loop/loop.h"

#include <liburing.h>
#include <stdbool.h>

#define LOOP_SOURCES_MAX 64

enum source_kind {
	SOURCE_FREE,
	SOURCE_WATCH,
	SOURCE_TIMER,
	SOURCE_SIGNALS,
	SOURCE_READ,
};

struct source {
	enum source_kind kind;
	bool armed; /* a request of it is in the kernel or queued for it */
	bool ended; /* SOURCE_WATCH: wants no more than its last completion */
	int fd;	    /* SOURCE_SIGNALS: ours; else the caller's */
	loop_fn *fn;
	void *ctx;
	union {
		struct {
			int64_t period_ns;
			int64_t due_ns;		      /* CLOCK_MONOTONIC */
			struct __kernel_timespec due; /* while armed */
		} timer;
		struct {
			void *bytes;
			uint32_t len;
			uint64_t offset;
		} read;
	};
};

struct loop {
	struct io_uring ring;
	unsigned source_count; /* rows that are not SOURCE_FREE */
	struct source sources[LOOP_SOURCES_MAX];
};

int loop_source_new(struct loop *loop, enum source_kind kind, loop_fn *fn,
		    void *ctx, struct source **ret_source, struct err *err);
void loop_source_free(struct loop *loop, struct source *source);

/* An empty queue entry, submitted by the next turn of the loop. */
struct io_uring_sqe *loop_sqe(struct loop *loop);

/* Ask the kernel to end the source's request; it still completes once. */
void loop_cancel(struct loop *loop, const struct source *source);

/*
 * A completion of the source's request: call its function, arm it again or
 * free it. `more`: the request goes on. Returns what the function returned.
 */
int loop_source_complete(struct loop *loop, struct source *source, int result,
			 bool more, struct err *err);

#endif
