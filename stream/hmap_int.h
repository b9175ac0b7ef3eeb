/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table of nodes inside their elements. It knows hashes only: the caller
 * compares keys while it walks hmap_first() and hmap_next(). Nothing ever
 * iterates over it, so that no order depends on the seed.
 */
#ifndef SHRIKE_STREAM_HMAP_INT_H
#define SHRIKE_STREAM_HMAP_INT_H

#include <stddef.h>
#include <stdint.h>

struct hmap_node {
	struct hmap_node *next;
	uint64_t hash;
};

struct hmap {
	struct hmap_node **buckets;
	size_t mask;
	size_t count;
};

/* `node` or the first after it of this hash. */
static inline struct hmap_node *hmap_same_hash(struct hmap_node *node,
					       uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

/* The first and the next node of this hash; NULL when there is none. */
static inline struct hmap_node *hmap_first(const struct hmap *map,
					   uint64_t hash)
{
	if (!map->buckets)
		return NULL;
	return hmap_same_hash(map->buckets[hash & map->mask], hash);
}

static inline struct hmap_node *hmap_next(const struct hmap_node *node)
{
	return hmap_same_hash(node->next, node->hash);
}

/* -ENOMEM only for the first node; later a table that cannot grow is slow. */
int hmap_insert(struct hmap *map, struct hmap_node *node, uint64_t hash);
void hmap_remove(struct hmap *map, struct hmap_node *node);

/* Forgets the nodes; they belong to the caller. */
void hmap_release(struct hmap *map);

#endif
