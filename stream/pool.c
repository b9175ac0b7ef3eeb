// SPDX-License-Identifier: Apache-2.0
#include "stream/pool_int.h"

#include "user/base/check.h"

#include <stdlib.h>
#include <string.h>

#define CLASS_MIN 64u
#define CLASS_MIN_BITS 6u
#define SIZE_LARGEST ((size_t)1 << 26)

/* Rounds up to a quarter of a power of two; its class. */
static unsigned class_of(size_t size, size_t *ret_rounded)
{
	unsigned bits;
	size_t quarter;

	if (size <= CLASS_MIN) {
		*ret_rounded = CLASS_MIN;
		return 0;
	}
	bits = 63u - (unsigned)__builtin_clzll(size - 1);
	quarter = (size_t)1 << (bits - 2);
	size = (size + quarter - 1) & ~(quarter - 1);
	*ret_rounded = size;
	return (bits - CLASS_MIN_BITS) * 4 +
	       (unsigned)((size - ((size_t)1 << bits)) / quarter);
}

void pool_init(struct pool *pool, uint64_t limit_bytes)
{
	*pool = (struct pool){ .limit_bytes = limit_bytes };
}

static void pool_drain(struct pool *pool)
{
	for (unsigned i = 0; i < POOL_CLASSES; i++) {
		while (pool->waiting[i]) {
			struct pool_block *block = pool->waiting[i];

			pool->waiting[i] = block->next;
			free(block);
		}
	}
	pool->free_bytes = 0;
}

void pool_release(struct pool *pool)
{
	CHECK(pool->used_bytes == 0);
	pool_drain(pool);
}

bool pool_charge(struct pool *pool, uint64_t bytes)
{
	if (bytes > pool->limit_bytes ||
	    pool->used_bytes > pool->limit_bytes - bytes)
		return false;
	if (pool->used_bytes + pool->free_bytes > pool->limit_bytes - bytes)
		pool_drain(pool);
	pool->used_bytes += bytes;
	return true;
}

void pool_uncharge(struct pool *pool, uint64_t bytes)
{
	CHECK(bytes <= pool->used_bytes);
	pool->used_bytes -= bytes;
}

bool pool_may_hold(const struct pool *pool, size_t size)
{
	if (size > SIZE_LARGEST)
		return false;
	(void)class_of(size + sizeof(struct pool_block), &size);
	return size <= pool->limit_bytes;
}

void *pool_alloc(struct pool *pool, size_t size)
{
	struct pool_block *block;
	unsigned class;

	if (size > SIZE_LARGEST)
		return NULL;
	class = class_of(size + sizeof(*block), &size);
	if (size > pool->limit_bytes ||
	    pool->used_bytes > pool->limit_bytes - size)
		return NULL;
	block = pool->waiting[class];
	if (block) {
		pool->waiting[class] = block->next;
		pool->free_bytes -= size;
	} else {
		if (pool->used_bytes + pool->free_bytes >
		    pool->limit_bytes - size)
			pool_drain(pool);
		block = malloc(size);
		if (!block)
			return NULL;
	}
	memset(block, 0, size);
	block->size = size;
	pool->used_bytes += size;
	return block + 1;
}

void pool_free(struct pool *pool, void *p)
{
	struct pool_block *block;
	unsigned class;
	size_t size;

	if (!p)
		return;
	block = pool_block_of(p);
	class = class_of(block->size, &size);
	CHECK(size == block->size && size <= pool->used_bytes);
	pool->used_bytes -= size;
	pool->free_bytes += size;
	block->next = pool->waiting[class];
	pool->waiting[class] = block;
}
