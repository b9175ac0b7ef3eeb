// SPDX-License-Identifier: Apache-2.0
/*
 * What the kinds of sources ask of the kernel, and what they do when it
 * answers:
 *
 *   watch    multishot poll; armed again when the kernel ends it
 *   timer    timeout at an absolute time, which moves by whole periods
 *   signals  one poll at a time on a signalfd, then a read that cannot block
 *   read     one read
 */
#include "user/loop/loop_int.h"

#include "user/base/check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

/* Keeps due times far from overflow: 146 years. */
#define PERIOD_NS_MAX (INT64_MAX / 2)

/* What the kernel reads in one call at most (MAX_RW_COUNT). */
#define READ_BYTES_MAX 0x7ffff000U

static int64_t now_ns(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void prepare(struct source *source, struct io_uring_sqe *sqe)
{
	switch (source->kind) {
	case SOURCE_WATCH:
		io_uring_prep_poll_multishot(sqe, source->fd, POLLIN);
		break;
	case SOURCE_SIGNALS:
		io_uring_prep_poll_add(sqe, source->fd, POLLIN);
		break;
	case SOURCE_TIMER:
		source->timer.due.tv_sec = source->timer.due_ns / NS_PER_S;
		source->timer.due.tv_nsec = source->timer.due_ns % NS_PER_S;
		io_uring_prep_timeout(sqe, &source->timer.due, 0,
				      IORING_TIMEOUT_ABS);
		break;
	case SOURCE_READ:
		io_uring_prep_read(sqe, source->fd, source->read.bytes,
				   source->read.len, source->read.offset);
		break;
	case SOURCE_FREE:
		CHECK(source->kind != SOURCE_FREE);
	}
}

static void arm(struct loop *loop, struct source *source)
{
	struct io_uring_sqe *sqe = loop_sqe(loop);

	CHECK(!source->armed);
	prepare(source, sqe);
	io_uring_sqe_set_data64(sqe, (uint64_t)(source - loop->sources));
	source->armed = true;
}

int loop_watch(struct loop *loop, int fd, loop_fn *fn, void *ctx,
	       struct err *err)
{
	struct source *source;
	int rc;

	rc = loop_source_new(loop, SOURCE_WATCH, fn, ctx, &source, err);
	if (rc)
		return rc;
	source->fd = fd;
	arm(loop, source);
	return 0;
}

int loop_every(struct loop *loop, int64_t period_ns, loop_fn *fn, void *ctx,
	       struct err *err)
{
	struct source *source;
	int rc;

	if (period_ns <= 0 || period_ns > PERIOD_NS_MAX)
		return err_set(err, ERR_INTERNAL, -EINVAL,
			       "a timer's period of %lld ns",
			       (long long)period_ns);
	rc = loop_source_new(loop, SOURCE_TIMER, fn, ctx, &source, err);
	if (rc)
		return rc;
	source->timer.period_ns = period_ns;
	source->timer.due_ns = now_ns() + period_ns;
	arm(loop, source);
	return 0;
}

/* Bit n of the mask is signal n; there is no signal 0. */
static int signal_set(uint64_t mask, sigset_t *ret_set)
{
	sigemptyset(ret_set);
	if (!mask || mask & 1)
		return -EINVAL;
	for (int signo = 1; signo < 64; signo++)
		if (mask >> signo & 1 && sigaddset(ret_set, signo))
			return -EINVAL;
	return 0;
}

static int signal_fd(const sigset_t *set, int *ret_fd)
{
	int rc = pthread_sigmask(SIG_BLOCK, set, NULL);
	int fd;

	if (rc)
		return -rc;
	fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int loop_signals(struct loop *loop, uint64_t mask, loop_fn *fn, void *ctx,
		 struct err *err)
{
	struct source *source;
	sigset_t set;
	int rc;

	rc = signal_set(mask, &set);
	if (rc)
		return err_set(err, ERR_INTERNAL, rc, "a signal mask of %#llx",
			       (unsigned long long)mask);
	rc = loop_source_new(loop, SOURCE_SIGNALS, fn, ctx, &source, err);
	if (rc)
		return rc;
	rc = signal_fd(&set, &source->fd);
	if (rc) {
		loop_source_free(loop, source);
		return err_set(err, ERR_MACHINE, rc, "signalfd: %s",
			       strerror(-rc));
	}
	arm(loop, source);
	return 0;
}

int loop_read(struct loop *loop, int fd, void *bytes, size_t len,
	      uint64_t offset, loop_fn *fn, void *ctx, struct err *err)
{
	struct source *source;
	int rc;

	rc = loop_source_new(loop, SOURCE_READ, fn, ctx, &source, err);
	if (rc)
		return rc;
	source->fd = fd;
	source->read.bytes = bytes;
	source->read.len =
		len < READ_BYTES_MAX ? (uint32_t)len : READ_BYTES_MAX;
	source->read.offset = offset;
	arm(loop, source);
	return 0;
}

/*
 * A hang-up or a failure is the last that a descriptor has to say: polling it
 * again would answer at once, for ever.
 */
static int watch_complete(struct loop *loop, struct source *source, int result,
			  struct err *err)
{
	int rc = 0;

	if (!source->ended) {
		source->ended = result < 0 || result & (POLLHUP | POLLNVAL);
		rc = source->fn(source->ctx, result, err);
		if (source->ended && source->armed)
			loop_cancel(loop, source);
	}
	if (source->armed)
		return rc;
	if (source->ended)
		loop_source_free(loop, source);
	else
		arm(loop, source);
	return rc;
}

/* Periods that passed unseen are told together, as one call. */
static int timer_complete(struct loop *loop, struct source *source, int result,
			  struct err *err)
{
	int64_t late_ns = now_ns() - source->timer.due_ns;
	int64_t periods;
	int rc;

	if (result != -ETIME) {
		rc = source->fn(source->ctx, result, err);
		loop_source_free(loop, source);
		return rc;
	}
	periods = (late_ns > 0 ? late_ns : 0) / source->timer.period_ns + 1;
	source->timer.due_ns += periods * source->timer.period_ns;
	rc = source->fn(source->ctx, periods, err);
	arm(loop, source);
	return rc;
}

/*
 * Signals stay in the signalfd until their turn, and a poll of a signalfd that
 * still holds some completes at once: a function that ends the loop loses none.
 */
static int signals_complete(struct loop *loop, struct source *source,
			    int result, struct err *err)
{
	struct signalfd_siginfo info;
	ssize_t n;
	int rc = 0;

	if (result < 0) {
		rc = source->fn(source->ctx, result, err);
		close(source->fd);
		loop_source_free(loop, source);
		return rc;
	}
	n = read(source->fd, &info, sizeof(info));
	if (n == (ssize_t)sizeof(info))
		rc = source->fn(source->ctx, info.ssi_signo, err);
	arm(loop, source);
	return rc;
}

static int read_complete(struct loop *loop, struct source *source, int result,
			 struct err *err)
{
	loop_fn *fn = source->fn;
	void *ctx = source->ctx;

	if (result == -EINTR) {
		arm(loop, source);
		return 0;
	}
	/* Freed first: the function will often ask for the next read. */
	loop_source_free(loop, source);
	return fn(ctx, result, err);
}

int loop_source_complete(struct loop *loop, struct source *source, int result,
			 bool more, struct err *err)
{
	CHECK(source->armed);
	source->armed = more;
	switch (source->kind) {
	case SOURCE_WATCH:
		return watch_complete(loop, source, result, err);
	case SOURCE_TIMER:
		return timer_complete(loop, source, result, err);
	case SOURCE_SIGNALS:
		return signals_complete(loop, source, result, err);
	case SOURCE_READ:
		return read_complete(loop, source, result, err);
	case SOURCE_FREE:
		break;
	}
	CHECK(source->kind != SOURCE_FREE);
	return 0;
}
