// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/base/value.h"

#include <math.h>
#include <string.h>

#define TWO_53 9007199254740992LL

static struct value real(double d)
{
	return (struct value){ .type = VALUE_DOUBLE, .d = d };
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static void assert_order(struct value a, struct value b, int order)
{
	assert_int_equal(sign(value_compare(a, b)), order);
	assert_int_equal(sign(value_compare(b, a)), -order);
	assert_int_equal(value_equal(a, b), order == 0);
	assert_int_equal(value_equal(b, a), order == 0);
}

/* Strictly ascending: all pairs are compared, so transitivity is too. */
static void assert_ascending(const struct value *values, size_t n)
{
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < n; b++)
			assert_order(values[a], values[b], (a > b) - (a < b));
}

static void compare__numbers__exact_across_types(void **state)
{
	const struct value ascending[] = {
		real(-INFINITY),
		real(-9223372036854777856.0),
		value_int(INT64_MIN),
		value_int(INT64_MIN + 1),
		real(-(double)TWO_53),
		value_int(-TWO_53 + 1),
		value_int(-2),
		real(-1.5),
		value_int(-1),
		real(-0.5),
		value_int(0),
		real(5e-324),
		value_bool(true),
		real(1.5),
		value_int(2),
		value_int(TWO_53),
		value_int(TWO_53 + 1), /* not a double */
		real((double)(TWO_53 + 2)),
		value_int(INT64_MAX - 1),
		value_int(INT64_MAX),
		real(9223372036854775808.0),
		real(INFINITY),
	};

	(void)state;
	assert_ascending(ascending, ARRAY_SIZE(ascending));
	assert_order(value_int(7), real(7.0), 0);
	assert_order(real(-0.0), value_int(0), 0);
	assert_order(value_bool(true), value_int(1), 0);
	assert_order(value_int(INT64_MIN), real(-9223372036854775808.0), 0);
}

static void compare__times__as_integers(void **state)
{
	struct value early = { .type = VALUE_TIMESTAMP, .i = -5 };
	struct value late = { .type = VALUE_TIMESTAMP, .i = 5 };

	(void)state;
	assert_order(early, late, -1);
	late.type = early.type = VALUE_INTERVAL;
	assert_order(early, late, -1);
	assert_order(late, late, 0);
}

static void compare__texts__bytes_then_length(void **state)
{
	const struct value ascending[] = {
		value_text(""),
		value_bytes(VALUE_TEXT, "\0", 1),
		value_text("A"),
		value_text("a"),
		value_bytes(VALUE_TEXT, "a\0", 2),
		value_text("aa"),
		value_text("b"),
		value_text("\x7f"),
		value_text("\x80"),
		value_text("\xff"),
	};

	(void)state;
	assert_ascending(ascending, ARRAY_SIZE(ascending));
	assert_order(value_bytes(VALUE_TEXT, NULL, 0), value_text(""), 0);
}

static void equal__null__not_even_to_itself(void **state)
{
	(void)state;
	assert_false(value_equal(value_null(), value_null()));
	assert_false(value_equal(value_null(), value_int(0)));
	assert_false(value_equal(value_int(0), value_null()));
	assert_true(value_is_null(value_null()));
	assert_false(value_is_null(value_int(0)));
}

static void equal__same_bytes_of_another_type__different(void **state)
{
	static const enum value_type types[] = { VALUE_TEXT, VALUE_BYTES,
						 VALUE_IP, VALUE_LIST };

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(types); a++) {
		for (size_t b = 0; b < ARRAY_SIZE(types); b++)
			assert_int_equal(
				value_equal(value_bytes(types[a], "abcd", 4),
					    value_bytes(types[b], "abcd", 4)),
				a == b);
		assert_true(value_is_bytes(value_bytes(types[a], "", 0)));
	}
	assert_false(value_equal(value_text("1"), value_int(1)));
	assert_false(value_is_bytes(value_int(1)));
}

static void type_name__every_type__has_its_own(void **state)
{
	(void)state;
	for (int a = 0; a < VALUE_TYPE_COUNT; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(
				value_type_name((enum value_type)a),
				value_type_name((enum value_type)b));
	assert_string_equal(value_type_name(VALUE_INT), "BIGINT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compare__numbers__exact_across_types),
		cmocka_unit_test(compare__times__as_integers),
		cmocka_unit_test(compare__texts__bytes_then_length),
		cmocka_unit_test(equal__null__not_even_to_itself),
		cmocka_unit_test(equal__same_bytes_of_another_type__different),
		cmocka_unit_test(type_name__every_type__has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
