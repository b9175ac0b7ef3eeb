// SPDX-License-Identifier: Apache-2.0
#include "stream/keyset_int.h"

#include "user/base/siphash.h"

enum { KEY_NULL, KEY_INTEGER, KEY_DOUBLE, KEY_BYTES };

void keyset_init(struct keyset *set)
{
	*set = (struct keyset){ 0 };
	list_init(&set->used);
}

void keyset_release(struct keyset *set)
{
	CHECK(set->map.count == 0);
	hmap_release(&set->map);
}

void *keyset_find(struct keyset *set, const uint64_t seed[2],
		  const struct buf *key)
{
	struct hmap_node *node =
		hmap_first(&set->map, siphash(seed, key->bytes, key->len));

	for (; node; node = hmap_next(node)) {
		struct key_head *head = CONTAINER(node, struct key_head, node);

		if (head->len != key->len ||
		    (key->len && memcmp(head->bytes, key->bytes, key->len)))
			continue;
		list_remove(&head->used);
		list_insert(&set->used, &head->used);
		return head;
	}
	return NULL;
}

void *keyset_add(struct keyset *set, struct pool *pool, size_t size,
		 const uint64_t seed[2], const struct buf *key)
{
	struct key_head *head = NULL;

	if (key->len <= UINT32_MAX)
		head = pool_alloc(pool, size + key->len);
	if (!head)
		return NULL;
	head->bytes = (uint8_t *)head + size;
	head->len = (uint32_t)key->len;
	if (key->len)
		memcpy(head->bytes, key->bytes, key->len);
	if (hmap_insert(&set->map, &head->node,
			siphash(seed, key->bytes, key->len)) < 0) {
		pool_free(pool, head);
		return NULL;
	}
	list_insert(&set->used, &head->used);
	return head;
}

void keyset_remove(struct keyset *set, struct pool *pool, struct key_head *head)
{
	hmap_remove(&set->map, &head->node);
	list_remove(&head->used);
	pool_free(pool, head);
}

struct key_head *keyset_oldest(const struct keyset *set)
{
	if (list_empty(&set->used))
		return NULL;
	return CONTAINER(set->used.next, struct key_head, used);
}

struct key_head *keyset_next(const struct keyset *set, struct key_head *head)
{
	if (head->used.next == &set->used)
		return NULL;
	return CONTAINER(head->used.next, struct key_head, used);
}

static void put_tagged(struct buf *key, uint8_t tag, uint64_t bits)
{
	buf_putc(key, (char)tag);
	buf_put_le64(key, bits);
}

/* A double that an integer equals is encoded as that integer. */
static void put_double(struct buf *key, double d)
{
	uint64_t bits;

	if (d >= -9223372036854775808.0 && d < 9223372036854775808.0) {
		int64_t whole = (int64_t)d;

		if (!((double)whole < d) && !((double)whole > d)) {
			put_tagged(key, KEY_INTEGER, (uint64_t)whole);
			return;
		}
	}
	memcpy(&bits, &d, sizeof(bits));
	put_tagged(key, KEY_DOUBLE, bits);
}

void key_put(struct buf *key, struct value v)
{
	switch ((enum value_type)v.type) {
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		buf_putc(key, KEY_NULL);
		return;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
		put_tagged(key, KEY_INTEGER, (uint64_t)v.i);
		return;
	case VALUE_DOUBLE:
		put_double(key, v.d);
		return;
	case VALUE_TEXT:
	case VALUE_BYTES:
	case VALUE_IP:
	case VALUE_HASH:
	case VALUE_LIST:
		buf_putc(key, (char)(KEY_BYTES + v.type));
		buf_put_le32(key, v.len);
		buf_put(key, v.p, v.len);
		return;
	}
}
