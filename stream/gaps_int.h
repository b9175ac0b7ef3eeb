/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one stream lost: half-open intervals with a count, ascending, disjoint
 * and bounded. When there are too many, the two that are closest become one,
 * which only ever claims more loss.
 */
#ifndef SHRIKE_STREAM_GAPS_INT_H
#define SHRIKE_STREAM_GAPS_INT_H

#include <stdbool.h>
#include <stdint.h>

#define GAPS_MAX 64

struct gap {
	int64_t from;
	int64_t to;
	uint64_t count;
};

struct gaps {
	unsigned count;
	struct gap gaps[GAPS_MAX + 1]; /* one more while it is merged */
};

/* from < to */
void gaps_add(struct gaps *gaps, int64_t from, int64_t to, uint64_t count);

/* Forget gaps that ended at or before `ts`. */
void gaps_expire(struct gaps *gaps, int64_t ts);

/* Does a gap overlap the closed [start, end]? Adds their counts up. */
bool gaps_overlap(const struct gaps *gaps, int64_t start, int64_t end,
		  uint64_t *lost);

#endif
