/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariants of our own. CHECK() stays on in release and ends the process; it
 * is never used on input. BUILD_CHECK() fails the build.
 */
#ifndef SHRIKE_BASE_CHECK_H
#define SHRIKE_BASE_CHECK_H

#define CHECK(cond)                                              \
	do {                                                     \
		if (__builtin_expect(!(cond), 0))                \
			check_failed(#cond, __FILE__, __LINE__); \
	} while (0)

#define BUILD_CHECK(cond) _Static_assert(cond, #cond)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

_Noreturn void check_failed(const char *cond, const char *file, int line);

#endif
