// SPDX-License-Identifier: Apache-2.0
#include "stream/engine_int.h"

#include "user/base/siphash.h"

struct distinct_value {
	struct hmap_node node;
	struct list list;
	int64_t last_ts;
	size_t len;
	uint8_t bytes[]; /* whose it is, then the value as of keyset_int.h */
};

static struct distinct_value *value_at(struct list *at)
{
	return CONTAINER(at, struct distinct_value, list);
}

static void value_remove(struct op *op, struct hmap *table,
			 struct accumulator *acc, struct distinct_value *value)
{
	hmap_remove(table, &value->node);
	list_remove(&value->list);
	op_free(op, value);
	acc->count--;
}

static struct distinct_value *find(struct hmap *table, uint64_t hash,
				   const struct buf *key)
{
	struct hmap_node *node = hmap_first(table, hash);

	for (; node; node = hmap_next(node)) {
		struct distinct_value *value =
			CONTAINER(node, struct distinct_value, node);

		if (value->len == key->len &&
		    memcmp(value->bytes, key->bytes, key->len) == 0)
			return value;
	}
	return NULL;
}

static void make_place(struct op *op, struct hmap *table,
		       const struct plan_aggregate *aggregate,
		       struct accumulator *acc)
{
	uint64_t most = op->rows_per_key_max;
	bool enough = aggregate->saturate && aggregate->saturate <= most;

	if (enough)
		most = (uint64_t)aggregate->saturate + 1;
	while (acc->count >= most) {
		value_remove(op, table, acc, value_at(acc->values.next));
		if (!enough)
			op_over(op, 1, 0);
	}
}

void distinct_add(struct op *op, struct hmap *table,
		  const struct plan_aggregate *aggregate,
		  struct accumulator *acc, struct value v, int64_t ts)
{
	struct engine *engine = op->rule->engine;
	struct buf *key = &engine->key;
	struct distinct_value *value = NULL;
	uint64_t hash;

	buf_reset(key);
	buf_put_le64(key, (uintptr_t)acc);
	if (values_bytes(&v, 1) != SIZE_MAX)
		key_put(key, v);
	else
		key->failed = -E2BIG;
	if (key->failed) {
		op_over(op, 0, 1);
		return;
	}
	hash = siphash(engine->options.seed, key->bytes, key->len);
	value = find(table, hash, key);
	if (value) {
		value->last_ts = ts;
		list_remove(&value->list);
		list_insert(&acc->values, &value->list);
		return;
	}
	make_place(op, table, aggregate, acc);
	value = op_alloc(op, sizeof(*value) + key->len);
	if (!value)
		return;
	value->last_ts = ts;
	value->len = key->len;
	memcpy(value->bytes, key->bytes, key->len);
	if (hmap_insert(table, &value->node, hash)) {
		op_free(op, value);
		op_over(op, 0, 1);
		return;
	}
	list_insert(&acc->values, &value->list);
	acc->count++;
}

void distinct_leave(struct op *op, struct hmap *table, struct accumulator *acc,
		    int64_t start)
{
	while (!list_empty(&acc->values) &&
	       value_at(acc->values.next)->last_ts < start)
		value_remove(op, table, acc, value_at(acc->values.next));
}

void distinct_release(struct op *op, struct hmap *table,
		      struct accumulator *acc)
{
	while (!list_empty(&acc->values))
		value_remove(op, table, acc, value_at(acc->values.next));
}
