/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sum of doubles without error: a fixed-point number wide enough for all of
 * them, so that what was added can be taken away again and nothing drifts. The
 * sum read from it is the one double nearest to the true sum.
 */
#ifndef SHRIKE_STREAM_EXACT_SUM_INT_H
#define SHRIKE_STREAM_EXACT_SUM_INT_H

#include "user/base/value.h"

/* Bits 0 (2^-1074) to 2097 (2^1023), 64 more for 2^64 addends, and the sign. */
#define EXACT_SUM_WORDS 34

/* All zero is the empty sum. */
struct exact_sum {
	uint64_t words[EXACT_SUM_WORDS]; /* two's complement, lowest first */
	uint64_t infinite[2];		 /* +inf and -inf among the addends */
};

/* NaN is not a number to add: the caller leaves it out, as NULL. */
void exact_sum_add(struct exact_sum *sum, double d);
void exact_sum_subtract(struct exact_sum *sum, double d);

/* NULL when infinities of both signs are in it. */
struct value exact_sum_value(const struct exact_sum *sum);

#endif
