// SPDX-License-Identifier: Apache-2.0
#include "user/base/value.h"

static const char *const type_names[] = {
	[VALUE_NULL] = "NULL",
	[VALUE_BOOL] = "BOOLEAN",
	[VALUE_INT] = "BIGINT",
	[VALUE_DOUBLE] = "DOUBLE",
	[VALUE_TEXT] = "TEXT",
	[VALUE_BYTES] = "BYTES",
	[VALUE_IP] = "IP",
	[VALUE_TIMESTAMP] = "TIMESTAMP",
	[VALUE_INTERVAL] = "INTERVAL",
	[VALUE_LIST] = "TEXT LIST",
	[VALUE_HASH] = "HASH256",
};

BUILD_CHECK(ARRAY_SIZE(type_names) == VALUE_TYPE_COUNT);

const char *value_type_name(enum value_type type)
{
	CHECK(type < VALUE_TYPE_COUNT);
	return type_names[type];
}

static bool is_integral(struct value v)
{
	return v.type == VALUE_BOOL || v.type == VALUE_INT ||
	       v.type == VALUE_TIMESTAMP || v.type == VALUE_INTERVAL;
}

static bool is_number(struct value v)
{
	return is_integral(v) || v.type == VALUE_DOUBLE;
}

/*
 * An integer against a double, exactly: converting the integer would round it
 * above 2^53.
 */
static int compare_int_double(int64_t i, double d)
{
	int64_t whole;

	if (d != d)
		return 1;
	if (d >= 9223372036854775808.0)
		return -1;
	if (d < -9223372036854775808.0)
		return 1;
	whole = (int64_t)d;
	if (i != whole)
		return i < whole ? -1 : 1;
	return (double)whole < d ? -1 : (double)whole > d;
}

static int compare_numbers(struct value a, struct value b)
{
	if (is_integral(a) && is_integral(b))
		return a.i < b.i ? -1 : a.i > b.i;
	if (is_integral(a))
		return compare_int_double(a.i, b.d);
	if (is_integral(b))
		return -compare_int_double(b.i, a.d);
	return a.d < b.d ? -1 : a.d > b.d;
}

int value_compare(struct value a, struct value b)
{
	uint32_t shorter;
	int order;

	if (is_number(a) && is_number(b))
		return compare_numbers(a, b);
	if (a.type != b.type)
		return a.type < b.type ? -1 : 1;
	if (a.type == VALUE_NULL)
		return 0;
	shorter = a.len < b.len ? a.len : b.len;
	order = shorter ? memcmp(a.p, b.p, shorter) : 0;
	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool value_equal(struct value a, struct value b)
{
	if (value_is_null(a) || value_is_null(b))
		return false;
	return value_compare(a, b) == 0;
}
