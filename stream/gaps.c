// SPDX-License-Identifier: Apache-2.0
#include "stream/gaps_int.h"

#include <string.h>

static uint64_t add_counts(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* Gaps i and i + 1 become one. */
static void merge_next(struct gaps *gaps, unsigned i)
{
	struct gap *gap = &gaps->gaps[i];
	const struct gap *next = &gap[1];

	if (next->to > gap->to)
		gap->to = next->to;
	gap->count = add_counts(gap->count, next->count);
	gaps->count--;
	memmove(&gap[1], &gap[2], (gaps->count - i - 1) * sizeof(*gap));
}

static void merge_closest(struct gaps *gaps)
{
	uint64_t least = UINT64_MAX;
	unsigned best = 0;

	for (unsigned i = 0; i + 1 < gaps->count; i++) {
		uint64_t hole = (uint64_t)gaps->gaps[i + 1].from -
				(uint64_t)gaps->gaps[i].to;

		if (hole < least) {
			least = hole;
			best = i;
		}
	}
	merge_next(gaps, best);
}

void gaps_add(struct gaps *gaps, int64_t from, int64_t to, uint64_t count)
{
	unsigned i = 0;

	while (i < gaps->count && gaps->gaps[i].from < from)
		i++;
	memmove(&gaps->gaps[i + 1], &gaps->gaps[i],
		(gaps->count - i) * sizeof(gaps->gaps[0]));
	gaps->gaps[i] = (struct gap){ from, to, count };
	gaps->count++;
	if (i > 0 && gaps->gaps[i - 1].to > from) {
		merge_next(gaps, i - 1);
		i--;
	}
	while (i + 1 < gaps->count && gaps->gaps[i + 1].from < gaps->gaps[i].to)
		merge_next(gaps, i);
	if (gaps->count > GAPS_MAX)
		merge_closest(gaps);
}

void gaps_expire(struct gaps *gaps, int64_t ts)
{
	unsigned n = 0;

	while (n < gaps->count && gaps->gaps[n].to <= ts)
		n++;
	if (n == 0)
		return;
	gaps->count -= n;
	memmove(&gaps->gaps[0], &gaps->gaps[n],
		gaps->count * sizeof(gaps->gaps[0]));
}

bool gaps_overlap(const struct gaps *gaps, int64_t start, int64_t end,
		  uint64_t *lost)
{
	bool overlap = false;

	for (unsigned i = 0; i < gaps->count; i++) {
		if (gaps->gaps[i].from > end || gaps->gaps[i].to <= start)
			continue;
		overlap = true;
		*lost = add_counts(*lost, gaps->gaps[i].count);
	}
	return overlap;
}
