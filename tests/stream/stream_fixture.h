/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, expressions and chance, for the tests of this folder. */
#ifndef SHRIKE_TESTS_STREAM_FIXTURE_H
#define SHRIKE_TESTS_STREAM_FIXTURE_H

#include "support/unit.h"

#include "stream/expr.h"
#include "user/base/arena.h"
#include "user/base/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t chance_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* In [0, n). */
static inline unsigned chance(uint64_t *state, unsigned n)
{
	return (unsigned)(chance_next(state) % n);
}

static inline bool check_full(void)
{
	const char *text = getenv("CHECK_FULL");

	return text && *text == '1';
}

/* All values NULL but what the head says of time and order. */
static inline struct row *row_make(struct arena *arena, enum stream_id stream,
				   int64_t ts, uint64_t seq)
{
	unsigned slots = row_slots(catalog_stream(stream));
	struct row *row = arena_alloc(
		arena, sizeof(*row) + slots * sizeof(row->values[0]));

	assert_non_null(row);
	row->stream = (uint16_t)stream;
	row->value_count = (uint16_t)slots;
	row->ts = ts;
	row->seq = seq;
	row->values[COL_mono_ns] = value_int(ts);
	return row;
}

static inline void row_put(struct row *row, unsigned column, struct value v)
{
	row->values[row_slot(column)] = v;
}

static inline struct expr *expr_make(struct arena *arena, enum expr_op op,
				     const struct expr *a, const struct expr *b)
{
	struct expr *expr = arena_alloc(arena, sizeof(*expr));

	assert_non_null(expr);
	expr->op = op;
	expr->type = VALUE_BOOL;
	if (!a)
		return expr;
	expr->args = arena_array(arena, 2, sizeof(*expr->args));
	assert_non_null(expr->args);
	expr->args[0] = a;
	expr->args[1] = b;
	expr->arg_count = b ? 2 : 1;
	return expr;
}

static inline struct expr *expr_const(struct arena *arena, struct value v)
{
	struct expr *expr = expr_make(arena, EXPR_CONST, NULL, NULL);

	expr->type = (enum value_type)v.type;
	expr->value = v;
	return expr;
}

static inline struct expr *expr_int(struct arena *arena, int64_t i)
{
	return expr_const(arena, value_int(i));
}

static inline struct expr *expr_column(struct arena *arena, unsigned input,
				       unsigned column, enum value_type type)
{
	struct expr *expr = expr_make(arena, EXPR_COLUMN, NULL, NULL);

	expr->type = type;
	expr->input = (uint8_t)input;
	expr->column = (uint16_t)column;
	return expr;
}

static inline struct expr *expr_slot(struct arena *arena, unsigned slot)
{
	struct expr *expr = expr_make(arena, EXPR_SLOT, NULL, NULL);

	expr->type = VALUE_INT;
	expr->slot = (uint8_t)slot;
	return expr;
}

/* LIKE and its kin: a text in the node. */
static inline struct expr *expr_text(struct arena *arena, enum expr_op op,
				     const struct expr *a, const char *text)
{
	struct expr *expr = expr_make(arena, op, a, NULL);

	expr->value = value_text(text);
	return expr;
}

#endif
