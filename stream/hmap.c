// SPDX-License-Identifier: Apache-2.0
#include "stream/hmap_int.h"

#include <errno.h>
#include <stdlib.h>

#define BUCKETS_MIN 16

static int resize(struct hmap *map, size_t size)
{
	struct hmap_node **buckets = calloc(size, sizeof(struct hmap_node *));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; map->buckets && i <= map->mask; i++) {
		struct hmap_node *node = map->buckets[i];

		while (node) {
			struct hmap_node *next = node->next;
			size_t to = node->hash & (size - 1);

			node->next = buckets[to];
			buckets[to] = node;
			node = next;
		}
	}
	free(map->buckets);
	map->buckets = buckets;
	map->mask = size - 1;
	return 0;
}

int hmap_insert(struct hmap *map, struct hmap_node *node, uint64_t hash)
{
	struct hmap_node **bucket;

	if (!map->buckets && resize(map, BUCKETS_MIN) < 0)
		return -ENOMEM;
	if (map->count > map->mask)
		(void)resize(map, (map->mask + 1) * 2);
	bucket = &map->buckets[hash & map->mask];
	node->hash = hash;
	node->next = *bucket;
	*bucket = node;
	map->count++;
	return 0;
}

void hmap_remove(struct hmap *map, struct hmap_node *node)
{
	struct hmap_node **at = &map->buckets[node->hash & map->mask];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	map->count--;
}

void hmap_release(struct hmap *map)
{
	free(map->buckets);
	*map = (struct hmap){ 0 };
}
