// SPDX-License-Identifier: Apache-2.0
/*
 * The sources of one io_uring and their life.
 *
 * A source is a row of a small table; its index is the request's user_data. It
 * has at most one request in the kernel (`armed`), and its row is free again
 * after that request's last completion, so no completion meets a new tenant.
 * What a completion means to each kind of source is in loop_source.c.
 */
#include "user/loop/loop.h"

#include "user/base/check.h"
#include "user/loop/loop_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Between two submissions a row queues at most its request, the cancellation of
 * its tenant before and the one of loop_close(): the queue is never full.
 */
#define QUEUE_ENTRIES (4 * LOOP_SOURCES_MAX)

/* Of the completions of cancellations: no source. */
#define NO_SOURCE UINT64_MAX

static int setup_failed(int rc, struct err *err)
{
	switch (-rc) {
	case ENOSYS:
		return err_set(err, ERR_MACHINE, rc,
			       "this kernel has no io_uring");
	case EPERM:
	case EACCES:
		return err_set(err, ERR_MACHINE, rc,
			       "io_uring is not allowed here: see the sysctl "
			       "kernel.io_uring_disabled and seccomp filters");
	case ENOMEM:
		return err_set(err, ERR_MACHINE, rc,
			       "no memory for io_uring: see ulimit -l");
	default:
		return err_set(err, ERR_MACHINE, rc, "io_uring: %s",
			       strerror(-rc));
	}
}

int loop_open(struct loop **ret_loop, struct err *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int rc;

	if (!loop)
		return err_nomem(err);
	rc = io_uring_queue_init(QUEUE_ENTRIES, &loop->ring, 0);
	if (rc) {
		free(loop);
		return setup_failed(rc, err);
	}
	/* Multishot polls came with the same release as this feature. */
	if (!(loop->ring.features & IORING_FEAT_RSRC_TAGS)) {
		io_uring_queue_exit(&loop->ring);
		free(loop);
		return err_set(err, ERR_MACHINE, -ENOSYS,
			       "this kernel's io_uring has no multishot poll: "
			       "Linux 5.13 is needed");
	}
	*ret_loop = loop;
	return 0;
}

static unsigned armed_count(const struct loop *loop)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LOOP_SOURCES_MAX; i++)
		n += loop->sources[i].armed;
	return n;
}

/* Take up to all completions at hand, with nobody to tell. */
static void completions_drop(struct loop *loop)
{
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&loop->ring, &cqe) == 0) {
		if (cqe->user_data != NO_SOURCE &&
		    !(cqe->flags & IORING_CQE_F_MORE))
			loop->sources[cqe->user_data].armed = false;
		io_uring_cqe_seen(&loop->ring, cqe);
	}
}

/*
 * Cancel what is armed and wait for its last completions: the kernel may write
 * into a reader's buffer until then. False when the kernel does not answer.
 */
static bool cancel_all(struct loop *loop)
{
	int rc;

	for (unsigned i = 0; i < LOOP_SOURCES_MAX; i++)
		if (loop->sources[i].armed)
			loop_cancel(loop, &loop->sources[i]);
	while (armed_count(loop)) {
		rc = io_uring_submit_and_wait(&loop->ring, 1);
		if (rc < 0 && rc != -EINTR && rc != -EBUSY && rc != -EAGAIN)
			return false;
		completions_drop(loop);
	}
	return true;
}

struct loop *loop_close(struct loop *loop)
{
	if (!loop)
		return NULL;
	CHECK(cancel_all(loop));
	for (unsigned i = 0; i < LOOP_SOURCES_MAX; i++)
		if (loop->sources[i].kind == SOURCE_SIGNALS)
			close(loop->sources[i].fd);
	io_uring_queue_exit(&loop->ring);
	free(loop);
	return NULL;
}

int loop_source_new(struct loop *loop, enum source_kind kind, loop_fn *fn,
		    void *ctx, struct source **ret_source, struct err *err)
{
	struct source *source;

	for (unsigned i = 0; i < LOOP_SOURCES_MAX; i++) {
		source = &loop->sources[i];
		if (source->kind != SOURCE_FREE)
			continue;
		*source = (struct source){
			.kind = kind, .fn = fn, .ctx = ctx, .fd = -1
		};
		loop->source_count++;
		*ret_source = source;
		return 0;
	}
	return err_set(err, ERR_INTERNAL, -ENOSPC,
		       "the event loop has no room for more than %d sources",
		       LOOP_SOURCES_MAX);
}

void loop_source_free(struct loop *loop, struct source *source)
{
	CHECK(!source->armed && loop->source_count);
	source->kind = SOURCE_FREE;
	loop->source_count--;
}

struct io_uring_sqe *loop_sqe(struct loop *loop)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

	CHECK(sqe);
	return sqe;
}

void loop_cancel(struct loop *loop, const struct source *source)
{
	struct io_uring_sqe *sqe = loop_sqe(loop);

	io_uring_prep_cancel64(sqe, (uint64_t)(source - loop->sources), 0);
	io_uring_sqe_set_data64(sqe, NO_SOURCE);
}

/* One batch, so that what the callbacks queue is submitted in between. */
static int dispatch(struct loop *loop, struct err *err)
{
	unsigned ready = io_uring_cq_ready(&loop->ring);
	struct io_uring_cqe *cqe, seen;
	int rc = 0;

	while (!rc && ready-- > 0 &&
	       io_uring_peek_cqe(&loop->ring, &cqe) == 0) {
		seen = *cqe;
		io_uring_cqe_seen(&loop->ring, cqe);
		if (seen.user_data == NO_SOURCE)
			continue;
		CHECK(seen.user_data < LOOP_SOURCES_MAX);
		rc = loop_source_complete(loop, &loop->sources[seen.user_data],
					  seen.res,
					  seen.flags & IORING_CQE_F_MORE, err);
	}
	return rc;
}

int loop_run(struct loop *loop, struct err *err)
{
	int rc;

	while (loop->source_count) {
		rc = io_uring_submit_and_wait(&loop->ring, 1);
		if (rc < 0 && rc != -EINTR && rc != -EBUSY && rc != -EAGAIN)
			return err_set(err, ERR_MACHINE, rc,
				       "io_uring_enter: %s", strerror(-rc));
		rc = dispatch(loop, err);
		if (rc)
			return rc;
	}
	return 0;
}
