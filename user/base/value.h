/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One column's value: 16 bytes, a scalar inside or bytes elsewhere. Values
 * never own memory; who made a value says how long its bytes live.
 */
#ifndef SHRIKE_BASE_VALUE_H
#define SHRIKE_BASE_VALUE_H

#include "user/base/check.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,	 /* i: 0 or 1 */
	VALUE_INT,	 /* i: BIGINT; narrower and enum columns widen to it */
	VALUE_DOUBLE,	 /* d */
	VALUE_TEXT,	 /* p, len: bytes, not NUL-terminated, any encoding */
	VALUE_BYTES,	 /* p, len */
	VALUE_IP,	 /* p, len: 4 or 16 bytes, network order */
	VALUE_TIMESTAMP, /* i: ns of the realtime clock since 1970 */
	VALUE_INTERVAL,	 /* i: ns */
	VALUE_LIST,	 /* p, len: texts, each ended by a NUL */
	VALUE_HASH,	 /* p, len: 32 bytes, a SHA-256 */
	VALUE_TYPE_COUNT
};

#define VALUE_HASH_BYTES 32

struct value {
	uint8_t type; /* enum value_type */
	uint8_t pad[3];
	uint32_t len;
	union {
		int64_t i;
		double d;
		const uint8_t *p;
	};
};

BUILD_CHECK(sizeof(struct value) == 16);

static inline struct value value_null(void)
{
	return (struct value){ .type = VALUE_NULL };
}

static inline struct value value_int(int64_t i)
{
	return (struct value){ .type = VALUE_INT, .i = i };
}

static inline struct value value_bool(bool b)
{
	return (struct value){ .type = VALUE_BOOL, .i = b };
}

static inline struct value value_bytes(enum value_type type, const void *p,
				       size_t len)
{
	CHECK(len <= UINT32_MAX);
	return (struct value){ .type = (uint8_t)type,
			       .len = (uint32_t)len,
			       .p = p };
}

static inline struct value value_text(const char *text)
{
	return value_bytes(VALUE_TEXT, text, strlen(text));
}

static inline bool value_is_null(struct value v)
{
	return v.type == VALUE_NULL;
}

/* Does the value's content live behind `p`? */
static inline bool value_is_bytes(struct value v)
{
	return v.type == VALUE_TEXT || v.type == VALUE_BYTES ||
	       v.type == VALUE_IP || v.type == VALUE_LIST ||
	       v.type == VALUE_HASH;
}

const char *value_type_name(enum value_type type);

/*
 * Order of two non-null values of comparable types: numbers by value, bytes by
 * memcmp then length. <0, 0, >0. Types that do not compare order by type.
 */
int value_compare(struct value a, struct value b);

/* Equal type class and content; NULL equals nothing, not even NULL. */
bool value_equal(struct value a, struct value b);

#endif
