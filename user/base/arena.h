/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded arena: many small objects, freed together. Compiling one rule set
 * and handling one turn of events each use one.
 */
#ifndef SHRIKE_BASE_ARENA_H
#define SHRIKE_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *head; /* the chunk that is being filled */
	size_t limit_bytes;	  /* of all chunks together */
	size_t used_bytes;	  /* handed out since the last reset */
	size_t held_bytes;	  /* of all chunks together */
};

void arena_init(struct arena *arena, size_t limit_bytes);
void arena_release(struct arena *arena);

/* Forget every object, keep one chunk for the next turn. */
void arena_reset(struct arena *arena);

/*
 * Zeroed memory, aligned for any type, valid until reset or release. NULL when
 * the limit is reached or the system has no memory. `size` 0 gives a valid
 * pointer. Array form: NULL when `n * size` overflows.
 */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t n, size_t size);

/* A copy of `len` bytes followed by a NUL; NULL as above. */
char *arena_copy(struct arena *arena, const void *bytes, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
