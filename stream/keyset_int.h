/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State by key: a hash table of elements that begin with `struct key_head`, and
 * their order of last use, oldest first. Elements come from the engine's pool.
 *
 * A key is its values' encoding, one after another:
 *
 *   byte 0   what follows
 *   0        nothing: NULL
 *   1        8 bytes: an integer, a boolean, a time, or a whole double
 *   2        8 bytes: any other double
 *   3 + t    4 bytes length, then the bytes of a value of enum value_type t
 *
 * so that two keys are the same bytes exactly when their values are equal. The
 * integers are little-endian, for saved state.
 */
#ifndef SHRIKE_STREAM_KEYSET_INT_H
#define SHRIKE_STREAM_KEYSET_INT_H

#include "stream/hmap_int.h"
#include "stream/list_int.h"
#include "stream/pool_int.h"
#include "user/base/buf.h"
#include "user/base/value.h"

struct key_head {
	struct hmap_node node;
	struct list used;
	uint8_t *bytes; /* after the element */
	uint32_t len;
	bool up; /* a threshold's partition: see emit.c */
};

struct keyset {
	struct hmap map;
	struct list used;
};

void keyset_init(struct keyset *set);

/* The elements must have been removed. */
void keyset_release(struct keyset *set);

/* NULL: not there. What is found becomes the last used. */
void *keyset_find(struct keyset *set, const uint64_t seed[2],
		  const struct buf *key);

/* Add a zeroed element of `size` bytes; NULL: the pool is full. */
void *keyset_add(struct keyset *set, struct pool *pool, size_t size,
		 const uint64_t seed[2], const struct buf *key);
void keyset_remove(struct keyset *set, struct pool *pool,
		   struct key_head *head);

/* The one that was not used for longest; NULL: empty. */
struct key_head *keyset_oldest(const struct keyset *set);
struct key_head *keyset_next(const struct keyset *set, struct key_head *head);

void key_put(struct buf *key, struct value v);

#endif
