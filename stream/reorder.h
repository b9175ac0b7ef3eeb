/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts rows that arrive nearly in order into total order: rows are held until
 * the watermark passes them. Half-open promise: after watermark W no row with
 * ts < W is admitted in order; one that comes all the same is late.
 *
 * Owns copies of what it holds. Bounded by bytes; when full, `reorder_push`
 * refuses (-ENOBUFS) and the caller advances the watermark first.
 */
#ifndef SHRIKE_STREAM_REORDER_H
#define SHRIKE_STREAM_REORDER_H

#include "user/base/err.h"
#include "user/base/row.h"

struct reorder;

/* Called for each row in total order; the row dies when it returns. */
typedef int reorder_row_fn(void *ctx, struct row *row, struct err *err);

int reorder_new(size_t bytes_max, struct reorder **ret_reorder,
		struct err *err);
struct reorder *reorder_free(struct reorder *reorder);

/* Copy a row in. Positive: it was late (ts < watermark), not held. */
enum reorder_outcome { REORDER_HELD = 0, REORDER_LATE = 1 };
int reorder_push(struct reorder *reorder, const struct row *row,
		 struct err *err);

/* Release rows with ts < watermark. A watermark never goes back: -EINVAL. */
int reorder_advance(struct reorder *reorder, int64_t watermark,
		    reorder_row_fn *fn, void *ctx, struct err *err);

size_t reorder_held_bytes(const struct reorder *reorder);

#endif
