/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random well-typed expressions of every operator and function over a tuple of
 * typed slots, and random values for them. NULLs are everywhere.
 */
#ifndef SHRIKE_TESTS_RANDOM_EXPR_H
#define SHRIKE_TESTS_RANDOM_EXPR_H

#include "support/unit.h"

#include "stream/expr.h"
#include "stream/regex.h"

#include <stdio.h>
#include <stdlib.h>

enum random_slot {
	SLOT_BOOL,
	SLOT_INT = 2,
	SLOT_DOUBLE = 4,
	SLOT_TEXT = 6,
	SLOT_PLAIN_COUNT = 8, /* what SQLite has too */
	SLOT_LIST = SLOT_PLAIN_COUNT,
	SLOT_IP,
	SLOT_TIMESTAMP,
	SLOT_INTERVAL,
	SLOT_COUNT
};

struct random_expr {
	struct arena *arena;
	uint64_t seed;
	bool sqlite; /* only what SQLite has, printed and evaluated alike */
};

static inline unsigned re_chance(struct random_expr *r, unsigned n)
{
	r->seed ^= r->seed << 13;
	r->seed ^= r->seed >> 7;
	r->seed ^= r->seed << 17;
	return (unsigned)(r->seed >> 11) % n;
}

static inline struct value re_text(struct random_expr *r)
{
	static const char *const parts[] = {
		"a",  "b", "A",	 "ab", "\xc3\xa9", "\xe2\x82\xac",
		" ",  "%", "_",	 "/",  "12",	   "-3",
		".5", "'", "e1", "\\", "x",	   "0"
	};
	char text[40] = "";
	unsigned n = re_chance(r, 5);

	while (n--)
		strcat(text,
		       parts[re_chance(r, sizeof(parts) / sizeof(*parts))]);
	return value_bytes(VALUE_TEXT, arena_copy(r->arena, text, strlen(text)),
			   strlen(text));
}

/* Eighths: their texts are exact. */
static inline struct value re_double(struct random_expr *r)
{
	return (struct value){ .type = VALUE_DOUBLE,
			       .d = ((int)re_chance(r, 400) - 200) / 8.0 };
}

static inline struct value re_ip(struct random_expr *r)
{
	static const char bytes[] = "\x0a\0\0\1\x0a\0\1\1\xc0\xa8\0\1"
				    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0";
	unsigned which = re_chance(r, 4);

	return value_bytes(VALUE_IP, bytes + which * 4, which == 3 ? 16 : 4);
}

static inline struct value re_value(struct random_expr *r, enum value_type type)
{
	static const char list[] = "-c\0a\0ab\0";
	struct value v = value_int((int)re_chance(r, 9) - 3);

	if (re_chance(r, 6) == 0)
		return value_null();
	switch (type) {
	case VALUE_BOOL:
		return value_bool(re_chance(r, 2));
	case VALUE_DOUBLE:
		return re_double(r);
	case VALUE_TEXT:
		return re_text(r);
	case VALUE_LIST:
		return value_bytes(VALUE_LIST, list,
				   (size_t[]){ 0, 3, 5, 8 }[re_chance(r, 4)]);
	case VALUE_IP:
		return re_ip(r);
	case VALUE_INT:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
	case VALUE_NULL:
	case VALUE_BYTES:
	case VALUE_HASH:
	case VALUE_TYPE_COUNT:
	default:
		v.type = (uint8_t)type;
		return v;
	}
}

static inline void re_slots(struct random_expr *r, struct value *slots)
{
	static const enum value_type types[SLOT_COUNT] = {
		VALUE_BOOL,   VALUE_BOOL,   VALUE_INT,	     VALUE_INT,
		VALUE_DOUBLE, VALUE_DOUBLE, VALUE_TEXT,	     VALUE_TEXT,
		VALUE_LIST,   VALUE_IP,	    VALUE_TIMESTAMP, VALUE_INTERVAL
	};

	for (unsigned i = 0; i < SLOT_COUNT; i++)
		slots[i] = re_value(r, types[i]);
}

static inline struct expr *re_node(struct random_expr *r, enum expr_op op,
				   enum value_type type, unsigned args)
{
	struct expr *e = arena_alloc(r->arena, sizeof(*e));

	assert_non_null(e);
	e->op = op;
	e->type = type;
	e->arg_count = (uint16_t)args;
	e->args = arena_array(r->arena, args + 1, sizeof(*e->args));
	assert_non_null(e->args);
	return e;
}

static inline struct expr *re_const(struct random_expr *r, enum value_type type,
				    struct value v)
{
	struct expr *e = re_node(r, EXPR_CONST, type, 0);

	e->value = v;
	return e;
}

static inline struct expr *re_expr(struct random_expr *r, enum value_type type,
				   unsigned depth);

static inline struct expr *re_leaf(struct random_expr *r, enum value_type type)
{
	static const uint8_t slots[VALUE_TYPE_COUNT] = {
		[VALUE_BOOL] = SLOT_BOOL,
		[VALUE_INT] = SLOT_INT,
		[VALUE_DOUBLE] = SLOT_DOUBLE,
		[VALUE_TEXT] = SLOT_TEXT,
		[VALUE_LIST] = SLOT_LIST,
		[VALUE_IP] = SLOT_IP,
		[VALUE_TIMESTAMP] = SLOT_TIMESTAMP,
		[VALUE_INTERVAL] = SLOT_INTERVAL,
	};
	struct expr *e;

	if (re_chance(r, 3) == 0 && type != VALUE_LIST)
		return re_const(r, type, re_value(r, type));
	e = re_node(r, EXPR_SLOT, type, 0);
	e->slot = slots[type];
	if (slots[type] < SLOT_PLAIN_COUNT)
		e->slot = (uint8_t)(e->slot + re_chance(r, 2));
	return e;
}

static inline struct expr *re_args(struct random_expr *r, enum expr_op op,
				   enum value_type type, enum value_type arg,
				   unsigned count, unsigned depth)
{
	struct expr *e = re_node(r, op, type, count);

	for (unsigned i = 0; i < count; i++)
		e->args[i] = re_expr(r, arg, depth);
	return e;
}

static inline struct expr *re_call(struct random_expr *r,
				   enum function function, enum value_type type,
				   const enum value_type *args, unsigned count,
				   unsigned depth)
{
	struct expr *e = re_node(r, EXPR_CALL, type, count);

	e->function = function;
	for (unsigned i = 0; i < count; i++)
		e->args[i] = re_expr(r, args[i], depth);
	return e;
}

static inline struct expr *re_case(struct random_expr *r, enum value_type type,
				   unsigned depth)
{
	unsigned count = 2 * (1 + re_chance(r, 3)) + re_chance(r, 2);
	struct expr *e = re_node(r, EXPR_CASE, type, count);
	bool constants = re_chance(r, 2);

	for (unsigned i = 0; i < count; i++)
		e->args[i] = i % 2 == 0 && i + 1 < count ?
				     re_expr(r, VALUE_BOOL, depth) :
			     constants ? re_const(r, type, re_value(r, type)) :
					 re_expr(r, type, depth);
	return e;
}

/* What has a form for each type: CASE, COALESCE, IFNULL, NULLIF. */
static inline struct expr *re_choice(struct random_expr *r,
				     enum value_type type, unsigned depth)
{
	const enum value_type same[3] = { type, type, type };

	switch (re_chance(r, 4)) {
	case 0:
		return re_call(r, FUNCTION_COALESCE, type, same,
			       2 + re_chance(r, 2), depth);
	case 1:
		return re_call(r, FUNCTION_IFNULL, type, same, 2, depth);
	case 2:
		return re_call(r, FUNCTION_NULLIF, type, same, 2, depth);
	default:
		return re_case(r, type, depth);
	}
}

static inline struct expr *re_in(struct random_expr *r, unsigned depth)
{
	unsigned count = 1 + re_chance(r, 4);
	struct expr *e = re_node(r, EXPR_IN, VALUE_BOOL, count + 1);
	int next = -4;

	e->args[0] = re_expr(r, VALUE_INT, depth);
	for (unsigned i = 1; i <= count; i++) {
		next += 1 + (int)re_chance(r, 3);
		e->args[i] = re_const(r, VALUE_INT, value_int(next));
	}
	return e;
}

static inline struct expr *re_pattern(struct random_expr *r,
				      struct expr *operand)
{
	struct expr *e =
		re_node(r, (enum expr_op)(EXPR_PREFIX + re_chance(r, 4)),
			VALUE_BOOL, 1);

	e->args[0] = operand;
	e->value = re_text(r);
	e->fold_case = !r->sqlite && re_chance(r, 2);
	if (e->op == EXPR_LIKE && re_chance(r, 2))
		e->escape = (uint8_t) "\\x'"[re_chance(r, 3)];
	return e;
}

static inline struct expr *re_regexp(struct random_expr *r,
				     struct expr *operand)
{
	static const char *const patterns[] = { "a",	  "^a",	  "",
						"^",	  "a|b",  "[ab]+x?$",
						"\\.",	  "^\\/", "(?i)AB",
						"^a.*b$", "12",	  "\xc3\xa9" };
	struct expr *e = re_node(r, EXPR_REGEXP, VALUE_BOOL, 1);

	e->args[0] = operand;
	e->value = value_text(
		patterns[re_chance(r, sizeof(patterns) / sizeof(*patterns))]);
	assert_int_equal(regex_compile(r->arena, (const char *)e->value.p,
				       e->value.len, &e->regex, NULL, NULL),
			 0);
	return e;
}

static inline struct expr *re_cidr(struct random_expr *r, unsigned depth)
{
	static const char net[] = "\x0a\0\0\0";
	struct expr *e = re_args(r, EXPR_CIDR, VALUE_BOOL, VALUE_IP, 1, depth);

	e->value = value_bytes(VALUE_IP, net, 4);
	e->prefix = (uint8_t)(7 + re_chance(r, 18));
	return e;
}

static inline struct expr *re_elements(struct random_expr *r, unsigned depth)
{
	struct expr *e = re_node(r, re_chance(r, 2) ? EXPR_ANY : EXPR_ALL,
				 VALUE_BOOL, 2);
	struct expr *element = re_node(r, EXPR_ELEMENT, VALUE_TEXT, 0);
	struct expr *body;

	switch (re_chance(r, 3)) {
	case 0:
		body = re_pattern(r, element);
		break;
	case 1:
		body = re_regexp(r, element);
		break;
	default:
		body = re_node(r, (enum expr_op)(EXPR_EQ + re_chance(r, 6)),
			       VALUE_BOOL, 2);
		body->args[0] = element;
		body->args[1] = re_expr(r, VALUE_TEXT, depth);
	}
	if (re_chance(r, 3) == 0) {
		struct expr *not = re_node(r, EXPR_NOT, VALUE_BOOL, 1);

		not ->args[0] = body;
		body = not ;
	}
	e->args[0] = re_leaf(r, VALUE_LIST);
	e->args[1] = body;
	return e;
}

static inline struct expr *re_compare(struct random_expr *r, unsigned depth)
{
	static const enum value_type types[] = { VALUE_INT, VALUE_TEXT,
						 VALUE_DOUBLE, VALUE_TIMESTAMP,
						 VALUE_INTERVAL };
	enum value_type type = types[re_chance(r, r->sqlite ? 3 : 5)];
	struct expr *e = re_args(r, (enum expr_op)(EXPR_EQ + re_chance(r, 6)),
				 VALUE_BOOL, type, 2, depth);

	if (type == VALUE_DOUBLE && re_chance(r, 2))
		e->args[re_chance(r, 2)] = re_expr(r, VALUE_INT, depth);
	return e;
}

static inline struct expr *re_bool(struct random_expr *r, unsigned depth)
{
	static const enum value_type any_type[] = { VALUE_BOOL, VALUE_INT,
						    VALUE_DOUBLE, VALUE_TEXT };

	switch (re_chance(r, r->sqlite ? 12 : 16)) {
	case 0:
	case 1:
		return re_args(r, EXPR_AND, VALUE_BOOL, VALUE_BOOL,
			       2 + re_chance(r, 2), depth);
	case 2:
		return re_args(r, EXPR_OR, VALUE_BOOL, VALUE_BOOL,
			       2 + re_chance(r, 2), depth);
	case 3:
		return re_args(r, EXPR_NOT, VALUE_BOOL, VALUE_BOOL, 1, depth);
	case 4:
		return re_args(r, EXPR_IS_NULL, VALUE_BOOL,
			       any_type[re_chance(r, 4)], 1, depth);
	case 5:
		return re_args(r, EXPR_IS_TRUE, VALUE_BOOL, VALUE_BOOL, 1,
			       depth);
	case 6:
		return re_in(r, depth);
	case 7:
		return re_pattern(r, re_expr(r, VALUE_TEXT, depth));
	case 8:
		return re_choice(r, VALUE_BOOL, depth);
	case 9:
	case 10:
	case 11:
		return re_compare(r, depth);
	case 12:
		return re_regexp(r, re_expr(r, VALUE_TEXT, depth));
	case 13:
		return re_cidr(r, depth);
	case 14:
		return re_elements(r, depth);
	default:
		return re_args(r, EXPR_CAST, VALUE_BOOL,
			       re_chance(r, 2) ? VALUE_TEXT : VALUE_INT, 1,
			       depth);
	}
}

static inline struct expr *re_int(struct random_expr *r, unsigned depth)
{
	static const enum value_type texts[2] = { VALUE_TEXT, VALUE_TEXT };

	switch (re_chance(r, 8)) {
	case 0:
		return re_args(r, EXPR_NEG, VALUE_INT, VALUE_INT, 1, depth);
	case 1:
		return re_call(r, FUNCTION_LENGTH, VALUE_INT, texts, 1, depth);
	case 2:
		return re_call(r, FUNCTION_INSTR, VALUE_INT, texts, 2, depth);
	case 3:
		return re_args(r, EXPR_CAST, VALUE_INT,
			       re_chance(r, 2) ? VALUE_TEXT : VALUE_DOUBLE, 1,
			       depth);
	case 4:
		return re_choice(r, VALUE_INT, depth);
	default:
		return re_args(r, (enum expr_op)(EXPR_ADD + re_chance(r, 5)),
			       VALUE_INT, VALUE_INT, 2, depth);
	}
}

static inline struct expr *re_real(struct random_expr *r, unsigned depth)
{
	static const enum value_type text = VALUE_TEXT;
	struct expr *e;

	switch (re_chance(r, r->sqlite ? 7 : 8)) {
	case 0:
		return re_args(r, EXPR_NEG, VALUE_DOUBLE, VALUE_DOUBLE, 1,
			       depth);
	case 1:
		return re_args(r, EXPR_CAST, VALUE_DOUBLE,
			       re_chance(r, 2) ? VALUE_TEXT : VALUE_INT, 1,
			       depth);
	case 2:
		return re_choice(r, VALUE_DOUBLE, depth);
	case 7:
		return re_call(r, FUNCTION_ENTROPY, VALUE_DOUBLE, &text, 1,
			       depth);
	default:
		e = re_args(r, (enum expr_op)(EXPR_ADD + re_chance(r, 5)),
			    VALUE_DOUBLE, VALUE_DOUBLE, 2, depth);
		if (re_chance(r, 3) == 0)
			e->args[re_chance(r, 2)] = re_expr(r, VALUE_INT, depth);
		return e;
	}
}

/* HEX(NULL) and REPLACE(x, '', NULL) are not SQLite's: no NULL there. */
static inline struct expr *re_known(struct random_expr *r, unsigned depth)
{
	struct expr *e = re_node(r, EXPR_CALL, VALUE_TEXT, 2);

	e->function = FUNCTION_IFNULL;
	e->args[0] = re_expr(r, VALUE_TEXT, depth);
	e->args[1] = re_const(r, VALUE_TEXT, value_text("k"));
	return e;
}

static inline struct expr *re_string(struct random_expr *r, unsigned depth)
{
	static const enum value_type types[] = { VALUE_TEXT, VALUE_INT,
						 VALUE_INT };
	static const enum value_type texts[] = { VALUE_TEXT, VALUE_TEXT,
						 VALUE_TEXT };
	struct expr *e;

	switch (re_chance(r, r->sqlite ? 9 : 12)) {
	case 0:
		return re_call(r, FUNCTION_SUBSTR, VALUE_TEXT, types,
			       2 + re_chance(r, 2), depth);
	case 1:
		return re_call(r, FUNCTION_UPPER, VALUE_TEXT, texts, 1, depth);
	case 2:
		return re_call(r, FUNCTION_LOWER, VALUE_TEXT, texts, 1, depth);
	case 3:
		return re_call(r, FUNCTION_TRIM, VALUE_TEXT, texts,
			       1 + re_chance(r, 2), depth);
	case 4:
		e = re_call(r, FUNCTION_REPLACE, VALUE_TEXT, texts, 3, depth);
		e->args[2] = re_known(r, depth);
		return e;
	case 5:
		e = re_call(r, FUNCTION_HEX, VALUE_TEXT, texts, 1, 0);
		e->args[0] = re_known(r, depth);
		return e;
	case 6:
		return re_choice(r, VALUE_TEXT, depth);
	case 7:
		return re_args(r, EXPR_CAST, VALUE_TEXT, VALUE_INT, 1, depth);
	case 9:
		return re_call(r, FUNCTION_BASENAME, VALUE_TEXT, texts, 1,
			       depth);
	case 10:
		return re_call(r, FUNCTION_DIRNAME, VALUE_TEXT, texts, 1,
			       depth);
	case 11:
		return re_call(r, FUNCTION_BASE64_DECODE, VALUE_TEXT, texts, 1,
			       depth);
	default:
		return re_args(r, EXPR_CONCAT, VALUE_TEXT, VALUE_TEXT, 2,
			       depth);
	}
}

static inline struct expr *re_time(struct random_expr *r, enum value_type type,
				   unsigned depth)
{
	struct expr *e =
		re_node(r, re_chance(r, 2) ? EXPR_ADD : EXPR_SUB, type, 2);

	e->args[0] = re_expr(r, type, depth);
	e->args[1] = re_expr(r, VALUE_INTERVAL, depth);
	return e;
}

static inline struct expr *re_expr(struct random_expr *r, enum value_type type,
				   unsigned depth)
{
	if (!depth || type == VALUE_IP || re_chance(r, 5) == 0)
		return re_leaf(r, type);
	depth--;
	if (type == VALUE_BOOL)
		return re_bool(r, depth);
	if (type == VALUE_INT)
		return re_int(r, depth);
	if (type == VALUE_DOUBLE)
		return re_real(r, depth);
	if (type == VALUE_TEXT)
		return re_string(r, depth);
	return re_time(r, type, depth);
}

#endif
