/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random conditions, random records they are about, and the rows those records
 * stand for: what the differential tests of pushdown share. Values come from
 * small pools, so that equal ones meet often.
 */
#ifndef SHRIKE_TESTS_PREDICATE_GEN_H
#define SHRIKE_TESTS_PREDICATE_GEN_H

#include "stream/expr.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct gen {
	uint64_t state;
	struct arena *arena;
	const struct stream *stream;
};

static inline uint64_t gen_u64(struct gen *g)
{
	uint64_t z = g->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline unsigned gen_below(struct gen *g, unsigned n)
{
	return (unsigned)(gen_u64(g) % n);
}

static inline bool gen_chance(struct gen *g, unsigned percent)
{
	return gen_below(g, 100) < percent;
}

static inline bool gen_full(void)
{
	const char *full = getenv("CHECK_FULL");

	return full && full[0] == '1';
}

static inline int64_t gen_number(struct gen *g)
{
	static const int64_t pool[] = { 0,	    1,	       2,
					22,	    443,       4444,
					65535,	    INT32_MAX, 2147483648,
					4294967295, INT64_MAX, INT64_MIN,
					-1,	    1000,      0x12345678 };

	if (gen_chance(g, 3))
		return (int64_t)gen_u64(g);
	/* Small ones more often. */
	return pool[gen_below(g, gen_chance(g, 70) ? 7 : ARRAY_SIZE(pool))];
}

static inline const char *gen_comm(struct gen *g)
{
	static const char *const pool[] = { "bash",
					    "sh",
					    "bas",
					    "",
					    "01234567",
					    "012345678",
					    "0123456789abcde",
					    "0123456789abcdef",
					    "kworker/0:1" };

	return pool[gen_below(g, ARRAY_SIZE(pool))];
}

static inline const char *gen_path(struct gen *g)
{
	static const char *const pool[] = {
		"/etc/passwd",
		"/etc/shadow",
		"/etc/passwd-",
		"/etc/",
		"/tmp/x",
		"/usr/bin/bash",
		"/usr/bin/ba",
		"/",
		"passwd",
		"",
		"/var/lib/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/passwd"
	};

	return pool[gen_below(g, ARRAY_SIZE(pool))];
}

static inline struct value gen_ip(struct gen *g)
{
	static const uint8_t pool[4][16] = {
		{ 10, 0, 0, 1 },
		{ 127, 0, 0, 1 },
		{ 192, 168, 255, 254, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255 },
		{ [15] = 1 },
	};

	return value_bytes(VALUE_IP, pool[gen_below(g, 4)],
			   gen_chance(g, 50) ? 4 : 16);
}

/* --- conditions ----------------------------------------------------------- */

static inline struct expr *gen_node(struct gen *g, enum expr_op op,
				    enum value_type type, unsigned args)
{
	struct expr *e = arena_alloc(g->arena, sizeof(*e));

	CHECK(e);
	e->op = op;
	e->type = type;
	e->arg_count = (uint16_t)args;
	e->args = arena_array(g->arena, args, sizeof(const struct expr *));
	CHECK(e->args);
	return e;
}

static inline struct expr *gen_const(struct gen *g, struct value value)
{
	struct expr *e = gen_node(g, EXPR_CONST, value.type, 0);

	e->value = value;
	return e;
}

static inline struct expr *gen_column(struct gen *g,
				      const struct column *column)
{
	struct expr *e = gen_node(g, EXPR_COLUMN, column->type, 0);

	e->column = column->id;
	return e;
}

static inline const struct column *gen_pick(struct gen *g, bool number)
{
	for (;;) {
		unsigned n = catalog_column_count(g->stream);
		/* As many of the stream's own columns as shared ones. */
		unsigned id = n > COL_OWN_FIRST && gen_chance(g, 60) ?
				      COL_OWN_FIRST +
					      gen_below(g, n - COL_OWN_FIRST) :
				      gen_below(g, COL_OWN_FIRST);
		const struct column *column = catalog_column_at(g->stream, id);

		if (!catalog_in_kernel(column) || id <= COL_cpu)
			if (!gen_chance(g, 4))
				continue;
		if (!number || column->type == VALUE_INT)
			return column;
	}
}

static inline struct value gen_value(struct gen *g, const struct column *column)
{
	if (gen_chance(g, 2))
		return value_null();
	switch (column->type) {
	case VALUE_BOOL:
		return value_bool(gen_chance(g, 50));
	case VALUE_IP:
		return gen_ip(g);
	case VALUE_TEXT:
		return value_text(column->wire == WIRE_CHARS ? gen_comm(g) :
							       gen_path(g));
	case VALUE_NULL:
	case VALUE_INT:
	case VALUE_DOUBLE:
	case VALUE_BYTES:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
	case VALUE_LIST:
	case VALUE_HASH:
	case VALUE_TYPE_COUNT:
		break;
	}
	return value_int(gen_number(g));
}

static inline struct value gen_divisor(struct gen *g)
{
	static const int64_t pool[] = { 1,	   2,	      3,  10,
					-1,	   -2,	      -7, 4096,
					INT32_MAX, INT64_MIN, 0,  1LL << 40 };

	return value_int(
		pool[gen_below(g, gen_chance(g, 90) ? 8 : ARRAY_SIZE(pool))]);
}

/* Times, divided by, the rest of, less than nothing. */
static inline const struct expr *gen_product(struct gen *g,
					     const struct expr *left)
{
	enum expr_op op = EXPR_MUL + gen_below(g, 4);
	struct expr *e = gen_node(g, op, VALUE_INT, op == EXPR_NEG ? 1 : 2);

	e->args[0] = left;
	if (op != EXPR_NEG && gen_chance(g, 5))
		e->args[1] = gen_column(g, gen_pick(g, true));
	else if (op != EXPR_NEG)
		e->args[1] = gen_const(g, gen_divisor(g));
	return e;
}

/* Both ways of nesting, so that the allocator sees deep trees. */
static inline const struct expr *gen_sum(struct gen *g, unsigned depth)
{
	struct expr *e;

	if (depth == 0 || gen_chance(g, 15)) {
		if (gen_chance(g, 30))
			return gen_const(g, value_int(gen_below(g, 70000)));
		if (gen_chance(g, 30))
			return gen_product(g, gen_column(g, gen_pick(g, true)));
		return gen_column(g, gen_pick(g, true));
	}
	if (gen_chance(g, 10))
		return gen_product(g, gen_sum(g, depth - 1));
	e = gen_node(g, gen_chance(g, 50) ? EXPR_ADD : EXPR_SUB, VALUE_INT, 2);
	e->args[0] = gen_sum(g, gen_chance(g, 20) ? depth - 1 : 0);
	e->args[1] = gen_sum(g, depth - 1);
	return e;
}

static inline enum expr_op gen_comparison(struct gen *g)
{
	return EXPR_EQ + gen_below(g, EXPR_GE - EXPR_EQ + 1);
}

static inline const struct expr *gen_in(struct gen *g,
					const struct column *column)
{
	unsigned n = 1 + gen_below(g, gen_chance(g, 20) ? 30 : 4), count = 1;
	struct expr *e = gen_node(g, EXPR_IN, VALUE_BOOL, n + 1);

	e->args[0] = gen_column(g, column);
	for (unsigned i = 0; i < n; i++) {
		struct value v = gen_value(g, column);
		unsigned at = 1;

		if (value_is_null(v))
			continue;
		while (at < count && value_compare(e->args[at]->value, v) < 0)
			at++;
		if (at < count && value_compare(e->args[at]->value, v) == 0)
			continue;
		for (unsigned k = count++; k > at; k--)
			e->args[k] = e->args[k - 1];
		e->args[at] = gen_const(g, v);
	}
	e->arg_count = (uint16_t)count;
	return e;
}

/* LIKE, of a part of a text: what stands at both ends, or one of them. */
static inline struct value gen_like(struct gen *g, struct value v)
{
	static const char *const middles[] = { "%", "%", "_%", "%e%", "", "_" };
	uint32_t head = gen_below(g, v.len + 1);
	uint32_t tail = head + gen_below(g, v.len - head + 1);
	const char *from = (const char *)v.p;
	char *text;

	if (gen_chance(g, 20))
		head = 0;
	text = arena_printf(g->arena, "%.*s%s%.*s", (int)head, from,
			    middles[gen_below(g, ARRAY_SIZE(middles))],
			    (int)(v.len - tail), from + tail);
	CHECK(text);
	return value_text(text);
}

/* Some letters in the other case. */
static inline struct value gen_other_case(struct gen *g, struct value v)
{
	uint8_t *p = arena_alloc(g->arena, v.len + 1u);

	CHECK(p);
	for (uint32_t i = 0; i < v.len; i++) {
		uint8_t c = v.p[i], folded = c & 0xdf;

		p[i] = folded >= 'A' && folded <= 'Z' && gen_chance(g, 30) ?
			       c ^ 0x20 :
			       c;
	}
	v.p = p;
	return v;
}

static inline const struct expr *gen_network(struct gen *g,
					     const struct column *column)
{
	struct expr *e = gen_node(g, EXPR_CIDR, VALUE_BOOL, 1);

	e->args[0] = gen_column(g, column);
	e->value = gen_ip(g);
	e->prefix = (uint8_t)gen_below(g, e->value.len * 8 + 1);
	return e;
}

static inline const struct expr *gen_pattern(struct gen *g,
					     const struct column *column)
{
	static const enum expr_op ops[] = { EXPR_PREFIX,   EXPR_PREFIX,
					    EXPR_PREFIX,   EXPR_SUFFIX,
					    EXPR_CONTAINS, EXPR_LIKE };
	struct expr *e =
		gen_node(g, ops[gen_below(g, ARRAY_SIZE(ops))], VALUE_BOOL, 1);
	struct value v = gen_value(g, column);
	uint32_t cut;

	if (value_is_null(v))
		v = value_text("/etc");
	/* A part of a text that is there. */
	cut = v.len ? gen_below(g, v.len) : 0;
	if (e->op == EXPR_SUFFIX)
		v.p += cut;
	v.len -= cut;
	e->args[0] = gen_column(g, column);
	e->value = v;
	if (e->op == EXPR_LIKE)
		e->value = gen_like(g, v);
	if (e->op == EXPR_LIKE && gen_chance(g, 10))
		e->escape = '/';
	if (gen_chance(g, 30)) {
		e->fold_case = true;
		e->value = gen_other_case(g, e->value);
	}
	return e;
}

static inline const struct expr *gen_expr(struct gen *g, unsigned depth);

/* A value of the column's type, or NULL, by conditions. */
static inline const struct expr *
gen_choice(struct gen *g, const struct column *column, unsigned depth)
{
	static const enum function functions[] = { FUNCTION_COALESCE,
						   FUNCTION_IFNULL,
						   FUNCTION_NULLIF };
	unsigned args = 2 + gen_below(g, 4);
	struct expr *e;

	if (depth == 0 || gen_chance(g, 30))
		return gen_chance(g, 40) ? gen_const(g, gen_value(g, column)) :
					   gen_column(g, column);
	e = gen_node(g, EXPR_CASE, column->type, args);
	if (gen_chance(g, 50)) {
		e->op = EXPR_CALL;
		e->function = functions[gen_below(g, 3)];
		e->arg_count = 2;
	}
	for (unsigned i = 0; i < e->arg_count; i++)
		e->args[i] = e->op == EXPR_CASE && i + 1 < args && i % 2 == 0 ?
				     gen_expr(g, gen_below(g, 2)) :
				     gen_choice(g, column, depth - 1);
	return e;
}

/* A test of what a choice gave. */
static inline const struct expr *gen_test(struct gen *g,
					  const struct column *column)
{
	const struct expr *choice = gen_choice(g, column, 2);
	struct expr *e;

	if (gen_chance(g, 20)) {
		e = gen_node(g, EXPR_IS_NULL, VALUE_BOOL, 1);
	} else if (column->type == VALUE_TEXT && gen_chance(g, 30)) {
		e = gen_node(g, EXPR_PREFIX, VALUE_BOOL, 1);
		e->value = value_text(gen_chance(g, 50) ? "b" : "/etc");
	} else {
		e = gen_node(g, gen_comparison(g), VALUE_BOOL, 2);
		if (column->type != VALUE_INT && gen_chance(g, 90))
			e->op = EXPR_EQ;
		e->args[1] = gen_const(g, gen_value(g, column));
	}
	e->args[0] = choice;
	return e;
}

/* What asks about other conditions. */
static inline const struct expr *gen_condition(struct gen *g)
{
	static const struct column truth = { .name = "truth",
					     .type = VALUE_BOOL };
	unsigned dice = gen_below(g, 100);
	struct expr *e;

	if (dice < 50) {
		e = gen_node(g, EXPR_IS_TRUE, VALUE_BOOL, 1);
	} else if (dice < 65) {
		e = gen_node(g, EXPR_IS_NULL, VALUE_BOOL, 1);
	} else if (dice < 85) {
		e = gen_node(g, gen_comparison(g), VALUE_BOOL, 2);
		e->args[1] = gen_const(g, gen_value(g, &truth));
	} else {
		e = gen_node(g, EXPR_CASE, VALUE_BOOL, 2 + gen_below(g, 4));
		for (unsigned i = 0; i < e->arg_count; i++)
			e->args[i] = gen_expr(g, gen_below(g, 2));
		return e;
	}
	e->args[0] = gen_expr(g, gen_below(g, 3));
	return e;
}

static inline const struct expr *gen_leaf(struct gen *g)
{
	bool text = gen_chance(g, 15);
	const struct column *column = gen_pick(g, false);
	enum expr_op op = gen_comparison(g);
	struct expr *e;

	while (text &&
	       (column->type != VALUE_TEXT || !catalog_in_kernel(column)))
		column = gen_pick(g, false);
	if (gen_chance(g, 3)) {
		e = gen_node(g, EXPR_IS_NULL, VALUE_BOOL, 1);
		e->args[0] = gen_column(g, column);
		return e;
	}
	if (column->type == VALUE_LIST || gen_chance(g, 12)) {
		e = gen_node(g, op, VALUE_BOOL, 2);
		e->args[0] = gen_sum(g, gen_chance(g, 20) ? 20 : 2);
		e->args[1] = gen_sum(g, gen_chance(g, 5) ? 10 : 0);
		return e;
	}
	if (gen_chance(g, 6))
		return gen_condition(g);
	if (gen_chance(g, 8))
		return gen_test(g, column);
	if (column->type == VALUE_IP && gen_chance(g, 50))
		return gen_network(g, column);
	if (column->type == VALUE_BOOL && gen_chance(g, 50))
		return gen_column(g, column);
	if (column->type == VALUE_TEXT && gen_chance(g, 60))
		return gen_pattern(g, column);
	if (gen_chance(g, 25))
		return gen_in(g, column);
	if (column->type != VALUE_INT && gen_chance(g, 90))
		op = gen_chance(g, 60) ? EXPR_EQ : EXPR_NE;
	e = gen_node(g, op, VALUE_BOOL, 2);
	e->args[0] = gen_column(g, column);
	e->args[1] = gen_const(g, gen_value(g, column));
	if (gen_chance(g, 10)) {
		const struct expr *left = e->args[0];

		e->args[0] = e->args[1];
		e->args[1] = left;
	}
	return e;
}

static inline const struct expr *gen_expr(struct gen *g, unsigned depth)
{
	unsigned count = 2 + gen_below(g, 3);
	struct expr *e;

	if (depth == 0 || gen_chance(g, 20))
		return gen_leaf(g);
	if (gen_chance(g, 20)) {
		e = gen_node(g, EXPR_NOT, VALUE_BOOL, 1);
		e->args[0] = gen_expr(g, depth - 1);
		return e;
	}
	e = gen_node(g, gen_chance(g, 50) ? EXPR_AND : EXPR_OR, VALUE_BOOL,
		     count);
	for (unsigned i = 0; i < count; i++)
		e->args[i] = gen_expr(g, depth - 1);
	return e;
}

/* A stream whose records fit union gen_record. */
static inline const struct stream *gen_stream(struct gen *g)
{
	static const enum stream_id streams[] = {
		STREAM_NETWORK_CONNECT,
		STREAM_FILE_OPEN,
		STREAM_PROCESS_FORK,
		STREAM_PROCESS_EXIT,
	};

	return catalog_stream(streams[gen_below(g, ARRAY_SIZE(streams))]);
}

/* --- records -------------------------------------------------------------- */

union gen_record {
	struct event_head head;
	struct network_connect_event connect;
	struct file_open_event open;
	struct file_rename_event rename;
	uint8_t bytes[sizeof(struct file_rename_event)];
};

static inline void gen_fill(struct gen *g, const struct column *column,
			    union gen_record *r)
{
	int64_t number = gen_number(g);
	const char *text = gen_comm(g);
	struct event_blob blob = { .off = column->bytes_offset };
	struct value ip = gen_ip(g);

	switch (column->wire) {
	case WIRE_U8:
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
	case WIRE_S32:
		memcpy(r->bytes + column->offset, &number, column->size);
		return;
	case WIRE_OPT:
		if (gen_chance(g, 50))
			number = EVENT_NONE;
		memcpy(r->bytes + column->offset, &number, column->size);
		return;
	case WIRE_CHARS:
		for (unsigned i = 0; i < column->size; i++)
			r->bytes[column->offset + i] = (uint8_t)gen_u64(g);
		memcpy(r->bytes + column->offset, text,
		       strlen(text) < column->size ? strlen(text) + 1 :
						     column->size);
		return;
	case WIRE_IP:
		memcpy(r->bytes + column->offset, ip.p, 16);
		return;
	case WIRE_PATH:
		text = gen_path(g);
		blob.len = (uint16_t)strlen(text);
		if (gen_chance(g, 5))
			blob = (struct event_blob){ 0 };
		memcpy(r->bytes + column->offset, &blob, sizeof(blob));
		memset(r->bytes + column->bytes_offset, '/', 64);
		memcpy(r->bytes + column->bytes_offset, text, strlen(text));
		return;
	case WIRE_NONE:
	case WIRE_FLAG:
	case WIRE_BLOB:
	case WIRE_DNS:
	case WIRE_TIME:
	case WIRE_COUNT:
		return;
	}
}

static inline void gen_record(struct gen *g, union gen_record *r)
{
	unsigned n = catalog_column_count(g->stream);

	memset(r, 0, sizeof(*r));
	for (unsigned id = 0; id < n; id++)
		gen_fill(g, catalog_column_at(g->stream, id), r);
	r->head.ts = gen_u64(g) >> 2;
	r->head.flags = (uint32_t)gen_below(g, 4);
	r->head.truncated =
		gen_chance(g, 5) ? EVENT_PART_PATH : gen_below(g, 4);
	if (g->stream->id == STREAM_NETWORK_CONNECT)
		r->connect.family = gen_chance(g, 50) ? AF_INET : AF_INET6;
}

static inline struct value gen_decode(const struct column *column,
				      const union gen_record *r)
{
	const uint8_t *at = r->bytes + column->offset;
	struct event_blob blob;
	uint64_t number = 0;
	uint16_t family;

	switch (column->wire) {
	case WIRE_U8:
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
	case WIRE_S32:
	case WIRE_OPT:
	case WIRE_TIME:
		memcpy(&number, at, column->size);
		if (column->wire == WIRE_OPT && (int64_t)number == EVENT_NONE)
			return value_null();
		if (column->wire == WIRE_S32)
			number = (uint64_t)(int32_t)number;
		if (column->type == VALUE_BOOL)
			return value_bool(number != 0);
		return (struct value){ .type = (uint8_t)column->type,
				       .i = (int64_t)number };
	case WIRE_FLAG:
		return value_bool(r->head.flags & column->flag);
	case WIRE_CHARS:
		return value_bytes(VALUE_TEXT, at,
				   strnlen((const char *)at, column->size));
	case WIRE_IP:
		memcpy(&family, r->bytes + column->family_offset,
		       sizeof(family));
		return value_bytes(VALUE_IP, at, family == AF_INET ? 4 : 16);
	case WIRE_PATH:
		memcpy(&blob, at, sizeof(blob));
		if (!blob.off && !blob.len)
			return value_null();
		return value_bytes(VALUE_TEXT, r->bytes + blob.off, blob.len);
	case WIRE_NONE:
	case WIRE_BLOB:
	case WIRE_DNS:
	case WIRE_COUNT:
		break;
	}
	return value_null();
}

/* Bytes stay in the record. */
static inline struct row *gen_row(struct gen *g, const union gen_record *r)
{
	unsigned n = catalog_column_count(g->stream);
	unsigned slots = row_slots(g->stream);
	struct row *row = arena_alloc(
		g->arena, sizeof(*row) + slots * sizeof(struct value));

	CHECK(row);
	row->stream = (uint16_t)g->stream->id;
	row->value_count = (uint16_t)slots;
	for (unsigned id = 0; id < n; id++)
		if (id < COL_CONTEXT_FIRST || id >= COL_OWN_FIRST)
			row->values[row_slot(id)] =
				gen_decode(catalog_column_at(g->stream, id), r);
	return row;
}

#endif
