// SPDX-License-Identifier: Apache-2.0
/* What the commands share: durations, ring sizes, formats. */
#include "support/unit.h"
#include "user/cli/cli.h"
#include "user/cli/options.h"

static void duration__units__nanoseconds(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{ "1", 1000000000 },	 { "30s", 30000000000 },
		{ "250ms", 250000000 },	 { "1.5m", 90000000000 },
		{ "2h", 7200000000000 }, { "1d", 86400000000000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ns = 0;

		assert_int_equal(option_duration("t", cases[i].text, &ns), 0);
		assert_int_equal(ns, cases[i].ns);
	}
}

static void duration__nonsense__refused(void **state)
{
	static const char *const cases[] = { "",   "s",	    "-1s", "0",
					     "1w", "1e30s", "nan", "5 s" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ns = 77;

		assert_int_equal(option_duration("t", cases[i], &ns),
				 EXIT_USAGE);
		assert_int_equal(ns, 77);
	}
}

static void bytes__powers_of_two__taken(void **state)
{
	uint32_t bytes = 0;

	(void)state;
	assert_int_equal(option_bytes("t", "4096", &bytes), 0);
	assert_int_equal(bytes, 4096);
	assert_int_equal(option_bytes("t", "8M", &bytes), 0);
	assert_int_equal(bytes, 8 << 20);
	assert_int_equal(option_bytes("t", "64k", &bytes), 0);
	assert_int_equal(bytes, 64 << 10);
}

static void bytes__others__refused(void **state)
{
	static const char *const cases[] = {
		"",	"0",   "5000",
		"2048", "-8M", "2048M",
		"8MB",	"3M",  "99999999999999999999"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t bytes = 77;

		assert_int_equal(option_bytes("t", cases[i], &bytes),
				 EXIT_USAGE);
		assert_int_equal(bytes, 77);
	}
}

static void sink__formats__by_name(void **state)
{
	struct sink_options sink = { 0 };

	(void)state;
	assert_int_equal(option_sink("t", "json", &sink), 0);
	assert_int_equal(sink.format, SINK_JSON);
	assert_int_equal(option_sink("t", "text", &sink), 0);
	assert_int_equal(sink.format, SINK_TEXT);
	assert_int_equal(option_sink("t", "xml", &sink), EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duration__units__nanoseconds),
		cmocka_unit_test(duration__nonsense__refused),
		cmocka_unit_test(bytes__powers_of_two__taken),
		cmocka_unit_test(bytes__others__refused),
		cmocka_unit_test(sink__formats__by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
