/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded memory for state that comes and goes: blocks in size classes, a freed
 * block waits for the next of its class. What is handed out and what waits
 * never exceed the limit together.
 */
#ifndef SHRIKE_STREAM_POOL_INT_H
#define SHRIKE_STREAM_POOL_INT_H

#include <stddef.h>
#include <stdint.h>

#define POOL_CLASSES 64 /* four for each power of two from 64 bytes on */

struct pool_block;

struct pool {
	uint64_t limit_bytes;
	uint64_t used_bytes; /* handed out */
	uint64_t free_bytes; /* waiting */
	struct pool_block *waiting[POOL_CLASSES];
};

void pool_init(struct pool *pool, uint64_t limit_bytes);

/* All blocks must have been freed. */
void pool_release(struct pool *pool);

/* Zeroed; NULL when the limit is reached or the system has no memory. */
void *pool_alloc(struct pool *pool, size_t size);
void pool_free(struct pool *pool, void *p);

/* What a block costs, all in. */
size_t pool_bytes(const void *p);

#endif
