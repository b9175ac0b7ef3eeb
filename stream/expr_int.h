/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of evaluation share. Values in, values out: no tuples. */
#ifndef SHRIKE_STREAM_EXPR_INT_H
#define SHRIKE_STREAM_EXPR_INT_H

#include "stream/expr.h"

/*
 * Room for `size` bytes until the caller's mark is restored; NULL, counted:
 * there is no more.
 */
uint8_t *expr_take(struct expr_env *env, size_t size);

/* A copy of the bytes as TEXT, or NULL when it does not fit. */
struct value expr_copy(struct expr_env *env, const void *bytes, size_t len);

static inline struct value expr_double(double d)
{
	/* SQL has no NaN: an operation that has no result is NULL. */
	if (d != d)
		return value_null();
	return (struct value){ .type = VALUE_DOUBLE, .d = d };
}

/* ADD, SUB, MUL, DIV, MOD; NEG with `b` not looked at. */
struct value expr_arithmetic(const struct expr *expr, struct value a,
			     struct value b);

/* As SQL's CAST; NULL when `v` cannot be read as that type. */
struct value expr_cast(struct expr_env *env, struct value v,
		       enum value_type type);

/* BIGINT where the common type of several operands is DOUBLE. */
struct value expr_widen(struct value v, enum value_type type);

/* One CALL but for COALESCE and IFNULL, which need not evaluate all args. */
struct value function_call(const struct expr *expr, const struct value *args,
			   struct expr_env *env);

/*
 * A character as SQLite reads UTF-8 of any bytes: a lead byte with all the
 * continuation bytes that follow it, or any other byte. `p` is below `end`.
 */
static inline const uint8_t *utf8_skip(const uint8_t *p, const uint8_t *end)
{
	if (*p++ >= 0xc0)
		while (p < end && (*p & 0xc0) == 0x80)
			p++;
	return p;
}

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

#endif
