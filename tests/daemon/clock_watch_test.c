// SPDX-License-Identifier: Apache-2.0
/* Clocks that are set, clocks that are disciplined, and machines that sleep. */
#include "support/unit.h"

#include "user/daemon/clock_watch.h"

static const struct clock_reading first = { 1700000000000000000, 5000000000 };

static void look__as_it_was__nothing_changed(void **state)
{
	struct clock_watch watch = { first };
	struct clock_change changes[2];

	(void)state;
	assert_int_equal(clock_watch_look(&watch, &first, changes), 0);
	assert_int_equal(clock_watch_look(&watch, &first, changes), 0);
}

static void look__clock_was_set__a_step_once(void **state)
{
	static const int64_t steps[] = { 3600000000000, -3600000000000, 1000000,
					 -1000000 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct clock_watch watch = { first };
		struct clock_change changes[2];
		struct clock_reading now = first;

		now.real_offset_ns += steps[i];
		assert_int_equal(clock_watch_look(&watch, &now, changes), 1);
		assert_int_equal(changes[0].cause, CLOCK_STEP);
		assert_int_equal(changes[0].step_ns, steps[i]);
		assert_int_equal(clock_watch_look(&watch, &now, changes), 0);
	}
}

static void look__machine_slept__suspend_not_step(void **state)
{
	struct clock_watch watch = { first };
	struct clock_change changes[2];
	struct clock_reading now = first;

	(void)state;
	now.suspended_ns += 30000000000;
	assert_int_equal(clock_watch_look(&watch, &now, changes), 1);
	assert_int_equal(changes[0].cause, CLOCK_SUSPEND);
	assert_int_equal(changes[0].step_ns, 30000000000);
	/* Set when it wakes up: both. */
	now.suspended_ns += 1000000000;
	now.real_offset_ns -= 2000000000;
	assert_int_equal(clock_watch_look(&watch, &now, changes), 2);
	assert_int_equal(changes[0].cause, CLOCK_SUSPEND);
	assert_int_equal(changes[1].cause, CLOCK_STEP);
	assert_int_equal(changes[1].step_ns, -2000000000);
}

/* By little at a time it is moved as far as at once. */
static void look__clock_is_moved_by_little__told_as_it_adds_up(void **state)
{
	struct clock_watch watch = { first };
	struct clock_change changes[2];
	struct clock_reading now = first;
	int64_t told = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		now.real_offset_ns += 5000;
		if (clock_watch_look(&watch, &now, changes))
			told += changes[0].step_ns;
		assert_in_range(now.real_offset_ns - first.real_offset_ns -
					told,
				0, CLOCK_STEP_MIN_NS - 1);
	}
	assert_int_equal(told, 500000000);
}

static void read__this_machine__agrees_with_itself(void **state)
{
	struct clock_reading a, b;

	(void)state;
	while (!clock_read(&a) || !clock_read(&b))
		;
	assert_true(a.suspended_ns >= 0);
	assert_true(b.suspended_ns - a.suspended_ns < CLOCK_STEP_MIN_NS);
	assert_true(b.real_offset_ns - a.real_offset_ns < CLOCK_STEP_MIN_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(look__as_it_was__nothing_changed),
		cmocka_unit_test(look__clock_was_set__a_step_once),
		cmocka_unit_test(look__machine_slept__suspend_not_step),
		cmocka_unit_test(
			look__clock_is_moved_by_little__told_as_it_adds_up),
		cmocka_unit_test(read__this_machine__agrees_with_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
