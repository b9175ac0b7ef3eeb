/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: everything that waits, waits in one io_uring.
 *
 * Callbacks run from loop_run(), one at a time. A callback that returns
 * non-zero ends loop_run(), which returns that value and can be called again.
 * A loop has a bounded number of sources (-ENOSPC). A descriptor stays the
 * caller's, and open until loop_close() or its last call.
 */
#ifndef SHRIKE_LOOP_LOOP_H
#define SHRIKE_LOOP_LOOP_H

#include "user/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct loop;

/* `result`: bytes or events, or a negative errno; what the source says. */
typedef int loop_fn(void *ctx, int64_t result, struct err *err);

int loop_open(struct loop **ret_loop, struct err *err);
struct loop *loop_close(struct loop *loop);

/*
 * Calls `fn` each time `fd` becomes readable (multishot poll; re-armed), with
 * the poll events: read until nothing is left, for old bytes are not told
 * again. A hang-up (POLLHUP) or a negative errno is the last call.
 */
int loop_watch(struct loop *loop, int fd, loop_fn *fn, void *ctx,
	       struct err *err);

/*
 * Calls `fn` every `period_ns`, first after one period, on CLOCK_MONOTONIC.
 * `result`: the periods since the last call, more than 1 after a delay.
 */
int loop_every(struct loop *loop, int64_t period_ns, loop_fn *fn, void *ctx,
	       struct err *err);

/*
 * Calls `fn` with the signal number as `result`. The signals of `mask` (bit
 * 1 << signo) are blocked in this thread, also after loop_close(), and read
 * from a signalfd.
 */
int loop_signals(struct loop *loop, uint64_t mask, loop_fn *fn, void *ctx,
		 struct err *err);

/*
 * One read of up to `len` bytes at `offset`; `fn` gets the number of bytes, 0
 * at the end of the file. The buffer must live until then.
 */
int loop_read(struct loop *loop, int fd, void *bytes, size_t len,
	      uint64_t offset, loop_fn *fn, void *ctx, struct err *err);

/* Until a callback returns non-zero, or nothing is left to wait for (0). */
int loop_run(struct loop *loop, struct err *err);

#endif
