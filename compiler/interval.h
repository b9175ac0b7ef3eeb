/* SPDX-License-Identifier: Apache-2.0 */
/* INTERVAL 'n[.n]' UNIT: text to nanoseconds and back, exactly. */
#ifndef SHRIKE_COMPILER_INTERVAL_H
#define SHRIKE_COMPILER_INTERVAL_H

#include "user/base/buf.h"

#include <stdbool.h>

/*
 * 3,650 days: no sum of the few intervals that a rule can add to a time of the
 * boot-time clock overflows.
 */
#define INTERVAL_NS_MAX ((int64_t)3650 * 86400 * 1000000000)

enum interval_outcome {
	INTERVAL_OK = 0,
	INTERVAL_MALFORMED,
	INTERVAL_TOO_FINE, /* below a nanosecond */
	INTERVAL_TOO_LONG, /* above INTERVAL_NS_MAX */
};

/* Nanoseconds of a unit in lower case, singular or plural; 0: no such unit. */
int64_t interval_unit(const char *unit);

enum interval_outcome interval_parse(const char *number, int64_t unit_ns,
				     int64_t *ret_ns);

/* "INTERVAL '10' MINUTE": in the largest unit that divides it. */
void interval_print(struct buf *out, int64_t ns);

#endif
