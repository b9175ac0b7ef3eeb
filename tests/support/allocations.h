/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts what reaches the C library's allocator, for a program that includes it
 * once. AddressSanitizer brings its own allocator: there the count stays 0.
 */
#ifndef SHRIKE_TESTS_ALLOCATIONS_H
#define SHRIKE_TESTS_ALLOCATIONS_H

#include <stdlib.h>

#ifndef __SANITIZE_ADDRESS__
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static unsigned long allocations;

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	allocations++;
	return __libc_realloc(p, size);
}
#else
static const unsigned long allocations;
#endif

#endif
