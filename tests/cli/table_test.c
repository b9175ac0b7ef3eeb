// SPDX-License-Identifier: Apache-2.0
/* Aligned columns, and the bound of what they hold back. */
#include "support/unit.h"
#include "user/cli/table.h"

#include <string.h>

static const char *const names[] = { "id", "rule", "n" };

static void put(struct table *table, struct buf *out, const char *a,
		const char *b, int64_t n)
{
	const struct value values[] = { value_text(a), value_text(b),
					value_int(n) };

	table_row(table, values, out);
}

static void table__rows__are_aligned(void **state)
{
	struct buf out = BUF_INIT;
	struct table table;

	(void)state;
	table_names(&table, names, 3);
	put(&table, &out, "abcdef", "x", 1);
	put(&table, &out, "a", "longer", 22);
	table_end(&table, &out);
	assert_string_equal(buf_text(&out), "id      rule    n\n"
					    "abcdef  x       1\n"
					    "a       longer  22\n");
	buf_release(&out);
}

static void table__no_rows__names_only(void **state)
{
	struct buf out = BUF_INIT;
	struct table table;

	(void)state;
	table_names(&table, names, 3);
	table_end(&table, &out);
	assert_string_equal(buf_text(&out), "id  rule  n\n");
	buf_release(&out);
}

static void table__utf8_and_control__by_character_and_escaped(void **state)
{
	struct buf out = BUF_INIT;
	struct table table;

	(void)state;
	table_names(&table, names, 3);
	put(&table, &out, "\xc3\xa9\xc3\xa9\xc3\xa9", "a\nb", 1);
	put(&table, &out, "abc", "\x1b[2J", 2);
	table_end(&table, &out);
	assert_string_equal(buf_text(&out), "id   rule     n\n"
					    "\xc3\xa9\xc3\xa9\xc3\xa9  "
					    "a\\x0ab   1\n"
					    "abc  \\x1b[2J  2\n");
	buf_release(&out);
}

static void table__long_cell__does_not_widen_the_others(void **state)
{
	struct buf out = BUF_INIT;
	char text[1001] = { 0 };
	struct table table;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	table_names(&table, names, 3);
	put(&table, &out, text, "b", 1);
	table_end(&table, &out);
	assert_int_equal(strchr(buf_text(&out), '\n') - buf_text(&out),
			 60 + 2 + 4 + 2 + 1);
	buf_release(&out);
}

static void table__many_rows__are_not_all_held(void **state)
{
	struct buf out = BUF_INIT;
	struct table table;
	unsigned lines = 0;

	(void)state;
	table_names(&table, names, 3);
	for (int i = 0; i < 100000; i++) {
		put(&table, &out, "abcdef", "x", i);
		assert_true(table.cells.size <= 256 * 1024);
	}
	table_end(&table, &out);
	for (const char *p = buf_text(&out); *p; p = strchr(p, '\n') + 1) {
		if (lines++)
			assert_memory_equal(p, "abcdef  x     ", 14);
	}
	assert_int_equal(lines, 100001);
	buf_release(&out);
}

static void table__more_columns_than_widths__all_printed(void **state)
{
	const char *many[TABLE_COLUMNS_MAX + 6];
	struct value values[TABLE_COLUMNS_MAX + 6];
	struct buf out = BUF_INIT;
	struct table table;
	unsigned words = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = "name";
		values[i] = value_int(7);
	}
	table_names(&table, many, ARRAY_SIZE(many));
	table_row(&table, values, &out);
	table_end(&table, &out);
	for (const char *p = buf_text(&out); (p = strchr(p, '7')); p++)
		words++;
	assert_int_equal(words, ARRAY_SIZE(many));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table__rows__are_aligned),
		cmocka_unit_test(table__no_rows__names_only),
		cmocka_unit_test(
			table__utf8_and_control__by_character_and_escaped),
		cmocka_unit_test(table__long_cell__does_not_widen_the_others),
		cmocka_unit_test(table__many_rows__are_not_all_held),
		cmocka_unit_test(table__more_columns_than_widths__all_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
