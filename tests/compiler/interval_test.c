// SPDX-License-Identifier: Apache-2.0
/* Small helpers of the front end: intervals, and what was meant. */
#include "support/unit.h"

#include "compiler/interval.h"
#include "compiler/suggest.h"
#include "user/base/check.h"

#include <string.h>

static const struct {
	const char *number;
	const char *unit;
	enum interval_outcome outcome;
	int64_t ns;
	const char *printed;
} cases[] = {
	{ "5", "second", INTERVAL_OK, 5000000000, "INTERVAL '5' SECOND" },
	{ "60", "SECONDS", INTERVAL_OK, 60000000000, "INTERVAL '1' MINUTE" },
	{ "90", "minute", INTERVAL_OK, 5400000000000, "INTERVAL '90' MINUTE" },
	{ "0.05", "second", INTERVAL_OK, 50000000,
	  "INTERVAL '50' MILLISECOND" },
	{ "0.000001", "millisecond", INTERVAL_OK, 1,
	  "INTERVAL '0.000001' MILLISECOND" },
	{ "1.50", "millisecond", INTERVAL_OK, 1500000,
	  "INTERVAL '1.5' MILLISECOND" },
	{ "1.5", "day", INTERVAL_OK, 129600000000000, "INTERVAL '36' HOUR" },
	{ "0", "day", INTERVAL_OK, 0, "INTERVAL '0' SECOND" },
	{ "3650", "day", INTERVAL_OK, INTERVAL_NS_MAX, "INTERVAL '3650' DAY" },
	{ "3650.1", "day", INTERVAL_TOO_LONG, 0, NULL },
	{ "99999999999999999999", "second", INTERVAL_TOO_LONG, 0, NULL },
	{ "0.0000000001", "second", INTERVAL_TOO_FINE, 0, NULL },
	{ "0.0000000010", "second", INTERVAL_OK, 1,
	  "INTERVAL '0.000001' MILLISECOND" },
	{ "", "second", INTERVAL_MALFORMED, 0, NULL },
	{ "-1", "second", INTERVAL_MALFORMED, 0, NULL },
	{ "1.", "second", INTERVAL_MALFORMED, 0, NULL },
	{ ".5", "second", INTERVAL_MALFORMED, 0, NULL },
	{ "1x", "second", INTERVAL_MALFORMED, 0, NULL },
	{ "1.5x", "second", INTERVAL_MALFORMED, 0, NULL },
};

static void interval__text__is_exact_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf text = BUF_INIT;
		int64_t ns = -7;

		assert_int_equal(interval_parse(cases[i].number,
						interval_unit(cases[i].unit),
						&ns),
				 cases[i].outcome);
		if (cases[i].outcome != INTERVAL_OK) {
			assert_int_equal(ns, -7);
			continue;
		}
		assert_int_equal(ns, cases[i].ns);
		interval_print(&text, ns);
		assert_string_equal(buf_text(&text), cases[i].printed);
		buf_release(&text);
	}
	assert_int_equal(interval_unit("year"), 0);
}

static void suggest__distance__counts_edits(void **state)
{
	(void)state;
	assert_int_equal(edit_distance("", ""), 0);
	assert_int_equal(edit_distance("pid", "pid"), 0);
	assert_int_equal(edit_distance("pdi", "pid"), 1);
	assert_int_equal(edit_distance("dst_prt", "dst_port"), 1);
	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("ca", "abc"), 3);
}

static void suggest__far_names__are_not_offered(void **state)
{
	struct suggest s = suggest_for("exee");

	(void)state;
	suggest_offer(&s, "cookie");
	assert_null(s.best);
	suggest_offer(&s, "exe");
	assert_string_equal(s.best, "exe");
	s = suggest_for("sevrty");
	suggest_offer(&s, "tags");
	suggest_offer(&s, "severity");
	assert_string_equal(s.best, "severity");
	s = suggest_for("x");
	suggest_offer(&s, "e");
	assert_null(s.best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval__text__is_exact_both_ways),
		cmocka_unit_test(suggest__distance__counts_edits),
		cmocka_unit_test(suggest__far_names__are_not_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
