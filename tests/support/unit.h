/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka wants these in front of it; every test includes this file instead. */
#ifndef SHRIKE_TESTS_UNIT_H
#define SHRIKE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * Of a test that differs from run to run; CHECK_SEED repeats one. Told before
 * anything is drawn, for the run that ends in an abort.
 */
static inline uint64_t test_seed(void)
{
	const char *given = getenv("CHECK_SEED");
	uint64_t seed;

	if (given) {
		seed = strtoull(given, NULL, 0);
	} else {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		seed = (uint64_t)now.tv_sec * 1000000000u +
		       (uint64_t)now.tv_nsec;
	}
	printf("CHECK_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

#endif
