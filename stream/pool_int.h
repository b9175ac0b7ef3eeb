/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded memory for state that comes and goes: blocks in size classes, a freed
 * block waits for the next of its class. What is handed out and what waits
 * never exceed the limit together.
 */
#ifndef SHRIKE_STREAM_POOL_INT_H
#define SHRIKE_STREAM_POOL_INT_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_CLASSES 84 /* four for each power of two from 64 bytes on */

struct pool_block {
	alignas(max_align_t) size_t size; /* of the class, this head included */
	struct pool_block *next;	  /* while it waits */
};

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

/*
 * Bytes that somebody else holds because of us: they count as handed out.
 * False: not within the limit.
 */
bool pool_charge(struct pool *pool, uint64_t bytes);
void pool_uncharge(struct pool *pool, uint64_t bytes);

/* Could a pool that is empty hand out so much? */
bool pool_may_hold(const struct pool *pool, size_t size);

static inline struct pool_block *pool_block_of(const void *p)
{
	return (struct pool_block *)(uintptr_t)p - 1;
}

/* What a block costs, all in. */
static inline size_t pool_bytes(const void *p)
{
	return pool_block_of(p)->size;
}

#endif
