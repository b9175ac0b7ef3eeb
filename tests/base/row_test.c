// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/base/row.h"

#include <stdlib.h>

/* A row whose value in slot i is the number i. */
static struct row *make_row(enum stream_id stream)
{
	unsigned n = row_slots(catalog_stream(stream));
	struct row *row = calloc(1, sizeof(*row) + n * sizeof(struct value));

	assert_non_null(row);
	row->stream = (uint16_t)stream;
	row->value_count = (uint16_t)n;
	for (unsigned i = 0; i < n; i++)
		row->values[i] = value_int(i);
	return row;
}

static struct context make_context(int64_t first)
{
	struct context context = { .refs = 1, .size_bytes = sizeof(context) };

	for (unsigned i = 0; i < CONTEXT_COUNT; i++)
		context.values[i] = value_int(first + i);
	return context;
}

static void slots__every_stream__head_then_own(void **state)
{
	(void)state;
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		const struct stream *stream = catalog_stream((enum stream_id)s);
		unsigned n = catalog_column_count(stream);

		assert_int_equal(row_slots(stream),
				 COL_HEAD_COUNT + n - COL_OWN_FIRST);
		for (unsigned id = 0; id < COL_HEAD_COUNT; id++)
			assert_int_equal(row_slot(id), id);
		for (unsigned id = COL_OWN_FIRST; id < n; id++)
			assert_int_equal(row_slot(id),
					 COL_HEAD_COUNT + id - COL_OWN_FIRST);
	}
}

static void get__head_and_own__from_the_row(void **state)
{
	struct row *row = make_row(STREAM_NETWORK_CONNECT);

	(void)state;
	assert_int_equal(row_get(row, COL_ts).i, 0);
	assert_int_equal(row_get(row, COL_pid).i, COL_pid);
	assert_int_equal(row_get(row, COL_OWN_FIRST).i, COL_HEAD_COUNT);
	assert_int_equal(row_get(row, COL_NETWORK_CONNECT_dst_port).i,
			 COL_HEAD_COUNT + COL_NETWORK_CONNECT_dst_port -
				 COL_OWN_FIRST);
	free(row);
}

static void get__context_and_parent__from_the_process_table(void **state)
{
	struct context self = make_context(1000), parent = make_context(2000);
	struct row *row = make_row(STREAM_FILE_OPEN);

	(void)state;
	for (unsigned id = COL_CONTEXT_FIRST; id < COL_OWN_FIRST; id++)
		assert_true(value_is_null(row_get(row, id)));
	row->self = &self;
	row->parent = &parent;
	assert_int_equal(row_get(row, COL_exe).i,
			 1000 + COL_exe - COL_CONTEXT_FIRST);
	assert_int_equal(row_get(row, COL_cmdline).i,
			 1000 + COL_cmdline - COL_CONTEXT_FIRST);
	assert_int_equal(row_get(row, COL_parent_exe).i,
			 2000 + COL_exe - COL_CONTEXT_FIRST);
	assert_int_equal(row_get(row, COL_parent_cmdline).i,
			 2000 + COL_cmdline - COL_CONTEXT_FIRST);
	row->self = NULL;
	assert_true(value_is_null(row_get(row, COL_exe)));
	assert_false(value_is_null(row_get(row, COL_parent_exe)));
	free(row);
}

static void get__row_with_fewer_values__null(void **state)
{
	struct row *row = make_row(STREAM_FILE_OPEN);

	(void)state;
	row->value_count = COL_HEAD_COUNT;
	assert_false(value_is_null(row_get(row, COL_HEAD_COUNT - 1)));
	assert_true(value_is_null(row_get(row, COL_FILE_OPEN_path)));
	free(row);
}

static void compare__each_member__decides_after_the_ones_before(void **state)
{
	const struct row ascending[] = {
		{ .ts = -1, .stream = 9, .cpu = 9, .seq = 9 },
		{ .ts = 0 },
		{ .ts = 0, .seq = 1 },
		{ .ts = 0, .seq = UINT64_MAX },
		{ .ts = 0, .cpu = 1 },
		{ .ts = 0, .cpu = UINT32_MAX },
		{ .ts = 0, .stream = STREAM_PROCESS_FORK },
		{ .ts = 0, .stream = STREAM_FILE_OPEN },
		{ .ts = INT64_MAX },
	};

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(ascending); a++) {
		for (size_t b = 0; b < ARRAY_SIZE(ascending); b++) {
			int order = row_compare(&ascending[a], &ascending[b]);

			assert_int_equal((order > 0) - (order < 0),
					 (a > b) - (a < b));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots__every_stream__head_then_own),
		cmocka_unit_test(get__head_and_own__from_the_row),
		cmocka_unit_test(
			get__context_and_parent__from_the_process_table),
		cmocka_unit_test(get__row_with_fewer_values__null),
		cmocka_unit_test(
			compare__each_member__decides_after_the_ones_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
