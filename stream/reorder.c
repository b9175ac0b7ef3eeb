// SPDX-License-Identifier: Apache-2.0
/*
 * A binary heap of copied rows, the first in total order on top. Rows that even
 * row_compare() holds equal leave in the order they came.
 */
#include "stream/reorder.h"

#include "stream/pool_int.h"
#include "stream/row_copy_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct held {
	uint64_t arrival;
	struct row row;
};

struct reorder {
	struct pool pool;
	int64_t watermark;
	uint64_t arrivals;
	struct held **heap; /* from 0 */
	size_t count;
	size_t size;
};

int reorder_new(size_t bytes_max, struct reorder **ret_reorder, struct err *err)
{
	struct reorder *reorder = calloc(1, sizeof(*reorder));

	if (!reorder)
		return err_nomem(err);
	pool_init(&reorder->pool, bytes_max);
	reorder->watermark = INT64_MIN;
	*ret_reorder = reorder;
	return 0;
}

static void held_free(struct reorder *reorder, struct held *held)
{
	row_copy_release(&held->row);
	pool_free(&reorder->pool, held);
}

struct reorder *reorder_free(struct reorder *reorder)
{
	if (!reorder)
		return NULL;
	while (reorder->count)
		held_free(reorder, reorder->heap[--reorder->count]);
	pool_release(&reorder->pool);
	free(reorder->heap);
	free(reorder);
	return NULL;
}

static bool before(const struct held *a, const struct held *b)
{
	int order = row_compare(&a->row, &b->row);

	return order ? order < 0 : a->arrival < b->arrival;
}

static void sift_up(struct reorder *reorder, size_t place, struct held *held)
{
	while (place) {
		size_t above = (place - 1) / 2;

		if (!before(held, reorder->heap[above]))
			break;
		reorder->heap[place] = reorder->heap[above];
		place = above;
	}
	reorder->heap[place] = held;
}

static struct held *pop(struct reorder *reorder)
{
	struct held *first = reorder->heap[0];
	struct held *last = reorder->heap[--reorder->count];
	size_t place = 0;

	for (;;) {
		size_t child = place * 2 + 1;

		if (child >= reorder->count)
			break;
		if (child + 1 < reorder->count &&
		    before(reorder->heap[child + 1], reorder->heap[child]))
			child++;
		if (!before(reorder->heap[child], last))
			break;
		reorder->heap[place] = reorder->heap[child];
		place = child;
	}
	reorder->heap[place] = last;
	return first;
}

static int make_room(struct reorder *reorder, struct err *err)
{
	size_t size = reorder->size ? reorder->size * 2 : 256;
	struct held **heap;

	if (reorder->count < reorder->size)
		return 0;
	heap = reallocarray(reorder->heap, size, sizeof(*heap));
	if (!heap)
		return err_nomem(err);
	reorder->heap = heap;
	reorder->size = size;
	return 0;
}

/* -ENOBUFS leaves `err` alone: the caller makes room and tries again. */
int reorder_push(struct reorder *reorder, const struct row *row,
		 struct err *err)
{
	struct held *held;
	int rc;

	if (row->ts < reorder->watermark)
		return REORDER_LATE;
	rc = make_room(reorder, err);
	if (rc)
		return rc;
	held = pool_alloc(&reorder->pool, sizeof(*held) + row_copy_bytes(row));
	if (!held)
		return -ENOBUFS;
	held->arrival = reorder->arrivals++;
	row_copy(&held->row, row);
	sift_up(reorder, reorder->count++, held);
	return REORDER_HELD;
}

/* The end of time releases what carries that very ts, too. */
static bool is_due(const struct reorder *reorder)
{
	return reorder->count &&
	       (reorder->heap[0]->row.ts < reorder->watermark ||
		reorder->watermark == INT64_MAX);
}

int reorder_advance(struct reorder *reorder, int64_t watermark,
		    reorder_row_fn *fn, void *ctx, struct err *err)
{
	if (watermark < reorder->watermark)
		return err_set(err, ERR_INTERNAL, -EINVAL,
			       "the watermark went back from %" PRId64
			       " to %" PRId64,
			       reorder->watermark, watermark);
	reorder->watermark = watermark;
	while (is_due(reorder)) {
		struct held *held = pop(reorder);
		const struct context *self = held->row.self;
		const struct context *parent = held->row.parent;
		int rc = fn(ctx, &held->row, err);

		/* What `fn` looked up is not ours to drop. */
		held->row.self = self;
		held->row.parent = parent;
		held_free(reorder, held);
		if (rc)
			return rc;
	}
	return 0;
}

size_t reorder_held_bytes(const struct reorder *reorder)
{
	return reorder->pool.used_bytes;
}
