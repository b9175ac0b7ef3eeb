// SPDX-License-Identifier: Apache-2.0
/*
 * Against integers of 128 bits: doubles whose exponents are near each other are
 * such integers times one power of two.
 */
#include "stream_fixture.h"

#include "stream/exact_sum_int.h"

#include <float.h>
#include <math.h>

#define LOWEST (-1074)

static double value_of(const struct exact_sum *sum)
{
	struct value v = exact_sum_value(sum);

	assert_int_equal(v.type, VALUE_DOUBLE);
	return v.d;
}

static void expect(const struct exact_sum *sum, double want)
{
	double got = value_of(sum);

	if (memcmp(&got, &want, sizeof(got)) != 0)
		fail_msg("%a, not %a", got, want);
}

static __int128 random_integer(uint64_t *state)
{
	__int128 mantissa = (__int128)(chance_next(state) >> 11);

	mantissa >>= chance(state, 53);
	mantissa <<= chance(state, 60);
	return chance(state, 2) ? -mantissa : mantissa;
}

static void sum__random_doubles__is_the_nearest(void **state)
{
	uint64_t seed = test_seed();
	unsigned rounds = check_full() ? 20000 : 1000;

	(void)state;
	for (unsigned round = 0; round < rounds; round++) {
		/* below DBL_MAX in sum; often at the subnormal end */
		int scale =
			LOWEST + (int)(chance(&seed, 2) ? chance(&seed, 1960) :
							  chance(&seed, 3));
		struct exact_sum sum = { 0 };
		__int128 kept[32], total = 0;

		for (unsigned i = 0; i < ARRAY_SIZE(kept); i++) {
			kept[i] = random_integer(&seed);
			total += kept[i];
			exact_sum_add(&sum, ldexp((double)kept[i], scale));
			expect(&sum, ldexp((double)total, scale));
		}
		for (unsigned i = 0; i < ARRAY_SIZE(kept); i++) {
			total -= kept[i];
			exact_sum_subtract(&sum, ldexp((double)kept[i], scale));
			expect(&sum, ldexp((double)total, scale));
		}
		for (unsigned i = 0; i < EXACT_SUM_WORDS; i++)
			assert_true(sum.words[i] == 0);
	}
}

static void sum__far_apart__loses_nothing(void **state)
{
	struct exact_sum sum = { 0 };

	(void)state;
	exact_sum_add(&sum, DBL_MAX);
	exact_sum_add(&sum, DBL_TRUE_MIN);
	expect(&sum, DBL_MAX);
	exact_sum_add(&sum, -1.0);
	exact_sum_subtract(&sum, DBL_MAX);
	expect(&sum, -1.0);
	exact_sum_add(&sum, 1.0);
	expect(&sum, DBL_TRUE_MIN);
	exact_sum_subtract(&sum, DBL_MIN);
	expect(&sum, DBL_TRUE_MIN - DBL_MIN);
}

static void sum__halfway__to_even_unless_something_is_below(void **state)
{
	struct exact_sum sum = { 0 };

	(void)state;
	exact_sum_add(&sum, 0x1p53);
	exact_sum_add(&sum, 1.0);
	expect(&sum, 0x1p53);
	exact_sum_add(&sum, DBL_TRUE_MIN);
	expect(&sum, 0x1p53 + 2);
	exact_sum_add(&sum, 2.0);
	exact_sum_subtract(&sum, DBL_TRUE_MIN);
	expect(&sum, 0x1p53 + 4);
}

static void sum__beyond_double__is_infinite_until_it_is_not(void **state)
{
	struct exact_sum sum = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		exact_sum_add(&sum, -DBL_MAX);
	expect(&sum, -HUGE_VAL);
	for (unsigned i = 0; i < 999; i++)
		exact_sum_subtract(&sum, -DBL_MAX);
	expect(&sum, -DBL_MAX);
}

static void sum__infinities__cancel_to_null(void **state)
{
	struct exact_sum sum = { 0 };

	(void)state;
	exact_sum_add(&sum, 3.0);
	exact_sum_add(&sum, HUGE_VAL);
	expect(&sum, HUGE_VAL);
	exact_sum_add(&sum, -HUGE_VAL);
	assert_true(value_is_null(exact_sum_value(&sum)));
	exact_sum_subtract(&sum, HUGE_VAL);
	expect(&sum, -HUGE_VAL);
	exact_sum_subtract(&sum, -HUGE_VAL);
	expect(&sum, 3.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sum__random_doubles__is_the_nearest),
		cmocka_unit_test(sum__far_apart__loses_nothing),
		cmocka_unit_test(
			sum__halfway__to_even_unless_something_is_below),
		cmocka_unit_test(
			sum__beyond_double__is_infinite_until_it_is_not),
		cmocka_unit_test(sum__infinities__cancel_to_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
