// SPDX-License-Identifier: Apache-2.0
/* No state without a bound: what is refused and why, what the rest may hold. */
#include "compiler/block.h"

#define DAY (86400 * SECOND)

struct shape {
	enum plan_window window;
	int64_t size, slide;
	const char *message; /* NULL: it is legal */
};

static const struct shape windows[] = {
	{ PLAN_TUMBLE, 60 * SECOND, 0, NULL },
	{ PLAN_TUMBLE, 0, 0, "the size of a window must be above zero" },
	{ PLAN_TUMBLE, 30 * DAY, 0, NULL },
	{ PLAN_TUMBLE, 30 * DAY + 1, 0,
	  "the size of a window is at most 30 days" },
	{ PLAN_HOP, 100 * SECOND, SECOND, NULL },
	{ PLAN_HOP, 101 * SECOND, SECOND,
	  "each row would lie in 101 windows of HOP, the limit is 100" },
	{ PLAN_HOP, 10 * SECOND, 3 * SECOND,
	  "the size of HOP must be a multiple of its slide" },
	{ PLAN_HOP, 10 * SECOND, 0, "the slide of HOP must be above zero" },
	{ PLAN_SESSION, 60 * SECOND, SECOND, NULL },
	{ PLAN_SESSION, 0, SECOND,
	  "the maximum of a session must be above zero" },
	{ PLAN_SESSION, 60 * SECOND, 0,
	  "the gap of SESSION must be above zero" },
	{ PLAN_SESSION, SECOND, 60 * SECOND,
	  "a session cannot end before its gap is over" },
};

static void begin(struct block *b)
{
	block_init(b);
	block_rule(b, "r", false);
	block_input(b, "f", STREAM_FILE_OPEN, PLAN_JOIN_INNER);
}

static void bounds__windows__are_of_bounded_size_and_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		struct block b;

		begin(&b);
		b.bound->top = BOUND_GROUP;
		b.bound->window = windows[i].window;
		b.bound->size_ns = windows[i].size;
		b.bound->slide_ns = windows[i].slide;
		block_aggregate(&b, "n", PLAN_COUNT_ROWS, NULL);
		if (windows[i].message)
			block_is_refused(&b, windows[i].message, NULL);
		else
			assert_true(block_lower(&b));
		block_release(&b);
	}
}

static void bounds__sliding_range__is_between_zero_and_30_days(void **state)
{
	static const struct {
		int64_t range;
		const char *message;
	} ranges[] = {
		{ 0, "the range of OVER must be above zero" },
		{ 1, NULL },
		{ 30 * DAY, NULL },
		{ 30 * DAY + 1, "the range of OVER is at most 30 days" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct block b;

		begin(&b);
		b.bound->top = BOUND_OVER;
		b.bound->range_ns = ranges[i].range;
		block_aggregate(&b, "m", PLAN_MAX,
				block_column(&b, 0, COL_uid));
		if (ranges[i].message)
			block_is_refused(&b, ranges[i].message, NULL);
		else
			assert_true(block_lower(&b));
		block_release(&b);
	}
}

static void bounds__join__waits_for_at_most_30_days(void **state)
{
	(void)state;
	for (unsigned over = 0; over < 2; over++) {
		struct block b;

		begin(&b);
		block_input(&b, "c", STREAM_NETWORK_CONNECT, PLAN_JOIN_INNER);
		block_key(&b, &b.bound->below, 0, 1, COL_pid_key);
		block_within(&b, &b.bound->below, 0, 1, -30 * DAY - over, 0);
		if (over)
			block_is_refused(&b,
					 "the time bound of a join is at most "
					 "30 days: state is kept for so long",
					 NULL);
		else
			assert_true(block_lower(&b));
		block_release(&b);
	}
}

static void bounds__sequence__needs_within(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	block_rule(&b, "r", false);
	block_step(&b, "a", STREAM_PROCESS_EXEC);
	block_step(&b, "c", STREAM_NETWORK_CONNECT);
	block_is_refused(&b, "WITHIN must be above zero", NULL);
	block_release(&b);
}

static void bounds__first_seen__remembers_longer_than_rows_wait(void **state)
{
	static const int64_t days[] = { 0, 3650, 3651 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		struct block b;

		begin(&b);
		b.bound->seen_count = 1;
		b.bound->seen[0] = block_column(&b, 0, COL_uid);
		b.bound->seen_ns = days[i] * DAY;
		if (days[i] == 3650)
			assert_true(block_lower(&b));
		else
			block_is_refused(&b, "the interval of FIRST_SEEN",
					 NULL);
		block_release(&b);
	}
}

static uint64_t bytes_of(const struct block *b)
{
	return bounds_bytes(&b->rules[0], b->rules[0].root);
}

/* A path is 4 KiB of a row that keeps it, nothing of one that does not. */
static void bounds__bytes__grow_with_what_is_read(void **state)
{
	uint64_t bytes[2];

	(void)state;
	for (unsigned path = 0; path < 2; path++) {
		struct block b;

		begin(&b);
		block_input(&b, "c", STREAM_NETWORK_CONNECT, PLAN_JOIN_INNER);
		block_key(&b, &b.bound->below, 0, 1, COL_pid_key);
		block_within(&b, &b.bound->below, 0, 1, 0, SECOND);
		if (path)
			block_output(&b, "path",
				     block_column(&b, 0, COL_FILE_OPEN_path));
		assert_true(block_lower(&b));
		bytes[path] = bytes_of(&b);
		assert_true(bytes[path] > (uint64_t)BOUNDS_KEYS_MAX *
						  BOUNDS_JOIN_ROWS_MAX * 100);
		block_release(&b);
	}
	/* The pool may take a quarter more. */
	assert_int_equal(bytes[1] - bytes[0], (uint64_t)BOUNDS_KEYS_MAX *
						      BOUNDS_JOIN_ROWS_MAX *
						      4096 * 5 / 4);
}

static void bounds__no_state__no_bytes(void **state)
{
	struct block b;

	(void)state;
	begin(&b);
	assert_true(block_lower(&b));
	assert_int_equal(bytes_of(&b), 0);
	assert_int_equal(b.rules[0].root->keys_max, 0);
	block_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			bounds__windows__are_of_bounded_size_and_number),
		cmocka_unit_test(
			bounds__sliding_range__is_between_zero_and_30_days),
		cmocka_unit_test(bounds__join__waits_for_at_most_30_days),
		cmocka_unit_test(bounds__sequence__needs_within),
		cmocka_unit_test(
			bounds__first_seen__remembers_longer_than_rows_wait),
		cmocka_unit_test(bounds__bytes__grow_with_what_is_read),
		cmocka_unit_test(bounds__no_state__no_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
