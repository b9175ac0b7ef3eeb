/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of any stream with random content, reproducible from a seed. */
#ifndef SHRIKE_TESTS_RANDOM_ROW_H
#define SHRIKE_TESTS_RANDOM_ROW_H

#include "user/base/arena.h"
#include "user/base/row.h"

struct rng {
	uint64_t state; /* not 0 */
};

/* xorshift64* (Vigna, 2016) */
static inline uint64_t rng_next(struct rng *rng)
{
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return rng->state * 0x2545f4914f6cdd1dULL;
}

static inline uint64_t rng_below(struct rng *rng, uint64_t n)
{
	return (rng_next(rng) >> 11) % n;
}

static inline struct value random_bytes(struct rng *rng, enum value_type type,
					size_t len, struct arena *arena)
{
	uint8_t *bytes = arena_alloc(arena, len);

	CHECK(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)rng_next(rng);
	if (type == VALUE_LIST && len)
		bytes[len - 1] = 0;
	return value_bytes(type, bytes, len);
}

static inline struct value random_value(struct rng *rng, enum value_type type,
					struct arena *arena)
{
	struct value value = { .type = (uint8_t)type };

	if (rng_below(rng, 8) == 0)
		return value_null();
	switch (type) {
	case VALUE_BOOL:
		return value_bool(rng_below(rng, 2));
	case VALUE_INT:
	case VALUE_DOUBLE:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
		value.i = (int64_t)(rng_next(rng) >> rng_below(rng, 64));
		return value;
	case VALUE_IP:
		return random_bytes(rng, type, rng_below(rng, 2) ? 4 : 16,
				    arena);
	case VALUE_HASH:
		return random_bytes(rng, type, VALUE_HASH_BYTES, arena);
	case VALUE_TEXT:
	case VALUE_BYTES:
	case VALUE_LIST:
		return random_bytes(rng, type, rng_below(rng, 40), arena);
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		break;
	}
	return value_null();
}

static inline struct context *random_context(struct rng *rng,
					     struct arena *arena)
{
	struct context *context = arena_alloc(arena, sizeof(*context));
	const struct stream *stream = catalog_stream(STREAM_PROCESS_EXEC);

	CHECK(context);
	context->refs = 1;
	for (unsigned i = 0; i < CONTEXT_COUNT; i++)
		context->values[i] = random_value(
			rng,
			catalog_column_at(stream, COL_CONTEXT_FIRST + i)->type,
			arena);
	return context;
}

static inline struct row *random_row(struct rng *rng, enum stream_id id,
				     bool contexts, struct arena *arena)
{
	const struct stream *stream = catalog_stream(id);
	unsigned slots = row_slots(stream);
	struct row *row;

	row = arena_alloc(arena, sizeof(*row) + slots * sizeof(struct value));
	CHECK(row);
	row->stream = (uint16_t)id;
	row->value_count = (uint16_t)slots;
	row->ts = (int64_t)rng_next(rng);
	row->cpu = (uint32_t)rng_next(rng);
	row->seq = rng_next(rng);
	for (unsigned c = 0; c < catalog_column_count(stream); c++) {
		if (c >= COL_CONTEXT_FIRST && c < COL_OWN_FIRST)
			continue;
		row->values[row_slot(c)] = random_value(
			rng, catalog_column_at(stream, c)->type, arena);
	}
	if (contexts && rng_below(rng, 4))
		row->self = random_context(rng, arena);
	if (contexts && rng_below(rng, 4))
		row->parent = random_context(rng, arena);
	return row;
}

static inline bool values_same(struct value a, struct value b)
{
	if (a.type != b.type)
		return false;
	if (value_is_null(a))
		return true;
	if (value_is_bytes(a))
		return a.len == b.len &&
		       (!a.len || memcmp(a.p, b.p, a.len) == 0);
	return a.i == b.i;
}

static inline bool contexts_same(const struct context *a,
				 const struct context *b)
{
	if (!a || !b)
		return a == b;
	for (unsigned i = 0; i < CONTEXT_COUNT; i++)
		if (!values_same(a->values[i], b->values[i]))
			return false;
	return true;
}

static inline bool rows_same(const struct row *a, const struct row *b)
{
	if (a->stream != b->stream || a->value_count != b->value_count ||
	    a->cpu != b->cpu || a->ts != b->ts || a->seq != b->seq)
		return false;
	for (unsigned i = 0; i < a->value_count; i++)
		if (!values_same(a->values[i], b->values[i]))
			return false;
	return contexts_same(a->self, b->self) &&
	       contexts_same(a->parent, b->parent);
}

#endif
