// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/base/text.h"

#include <stdlib.h>

static void time__first_and_last_ns_leap_day__nine_digits(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000000Z" },
		{ -1, "1969-12-31T23:59:59.999999999Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854775807Z" },
		{ INT64_MIN, "1677-09-21T00:12:43.145224192Z" },
		{ 1709210096000000007, "2024-02-29T12:34:56.000000007Z" },
	};
	char text[TEXT_TIME_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text_time(cases[i].ns, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void seconds__signs_and_fractions__no_zeros_at_the_end(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	text_seconds(&out, 0);
	buf_putc(&out, ' ');
	text_seconds(&out, 90000000000);
	buf_putc(&out, ' ');
	text_seconds(&out, -250000000);
	buf_putc(&out, ' ');
	text_seconds(&out, INT64_MIN);
	assert_string_equal(buf_text(&out), "0 90 -0.25 -9223372036.854775808");
	buf_release(&out);
}

static void ip__by_length__text_or_none(void **state)
{
	static const uint8_t bytes[16] = { 192, 0, 2, 1, [15] = 9 };
	char text[TEXT_IP_BYTES];

	(void)state;
	text_ip(value_bytes(VALUE_IP, bytes, 4), text);
	assert_string_equal(text, "192.0.2.1");
	text_ip(value_bytes(VALUE_IP, bytes, 16), text);
	assert_string_equal(text, "c000:201::9");
	text_ip(value_bytes(VALUE_IP, bytes, 5), text);
	assert_string_equal(text, "");
}

static void list__last_without_nul__taken_whole(void **state)
{
	static const char *const texts[] = { "a", "", "bc" };
	struct value list = value_bytes(VALUE_LIST, "a\0\0bc", 5);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_true(value_equal(text_list_take(&list),
					value_text(texts[i])));
	assert_int_equal(list.len, 0);
}

/* Each code point as an encoder writes it, and nothing else of its length. */
static void utf8__three_bytes__the_shortest_form_only(void **state)
{
	size_t valid = 0;

	(void)state;
	for (uint32_t i = 0; i < 1U << 24; i++) {
		const uint8_t p[] = { i >> 16 & 0xff, i >> 8 & 0xff, i & 0xff };
		uint32_t code;

		if (utf8_decode(p, 3, &code) != 3)
			continue;
		assert_true(code >= 0x800 && (code < 0xd800 || code > 0xdfff));
		assert_int_equal(i,
				 (0xe00000 | (code & 0xf000) << 4 | 0x8000 |
				  (code & 0xfc0) << 2 | 0x80 | (code & 0x3f)));
		valid++;
	}
	assert_int_equal(valid, 0x10000 - 0x800 - 0x800);
}

static void utf8__cut_or_out_of_range__none(void **state)
{
	static const char *const none[] = { "\x80",
					    "\xc0\x80",
					    "\xc2",
					    "\xe2\x82",
					    "\xf0\x8f\xbf\xbf",
					    "\xf4\x90\x80\x80",
					    "\xf5\x80\x80\x80",
					    "\xff" };
	uint32_t code;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(utf8_decode((const uint8_t *)none[i],
					     strlen(none[i]), &code),
				 0);
	assert_int_equal(
		utf8_decode((const uint8_t *)"\xf4\x8f\xbf\xbf", 4, &code), 4);
	assert_int_equal(code, 0x10ffff);
	assert_int_equal(utf8_decode((const uint8_t *)"", 1, &code), 1);
	assert_int_equal(code, 0);
}

static void time_parse__any_ns__comes_back(void **state)
{
	static const int64_t some[] = {
		INT64_MIN,	     -1,       0, 1, 951782400000000000,
		1769903999123456789, INT64_MAX
	};
	uint64_t x = 88172645463325252u;
	char text[TEXT_TIME_BYTES];
	int64_t ns;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		int64_t want = i < ARRAY_SIZE(some) ? some[i] : (int64_t)x;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		text_time(want, text);
		if (!text_time_parse(text, strlen(text), &ns))
			fail_msg("%s", text);
		assert_int_equal(ns, want);
	}
}

static const struct {
	const char *text;
	int64_t ns; /* -1: it is no time */
} times[] = {
	{ "1970-01-01T00:00:01Z", 1000000000 },
	{ "1970-01-01 00:00:01z", 1000000000 },
	{ "1970-01-01t00:00:00.5Z", 500000000 },
	{ "1970-01-01T00:00:00.0000000019Z", 1 },
	{ "1970-01-01T01:00:00+01:00", 0 },
	{ "1969-12-31T22:30:01-01:30", 1000000000 },
	{ "1972-06-30T23:59:60Z", 78796800000000000 },
	{ "2000-02-29T00:00:00Z", 951782400000000000 },
	{ "2001-02-29T00:00:00Z", -1 },
	{ "1970-13-01T00:00:00Z", -1 },
	{ "1970-00-01T00:00:00Z", -1 },
	{ "1970-01-32T00:00:00Z", -1 },
	{ "1970-01-01T24:00:00Z", -1 },
	{ "1970-01-01T00:60:00Z", -1 },
	{ "1970-01-01T00:00:61Z", -1 },
	{ "1970-01-01T00:00:00", -1 },
	{ "1970-01-01T00:00:00.Z", -1 },
	{ "1970-01-01T00:00:00+24:00", -1 },
	{ "1970-01-01T00:00:00+1:00", -1 },
	{ "1970-01-01T00:00:00Z ", -1 },
	{ "1970-1-01T00:00:00Z", -1 },
	{ "1970-01-01", -1 },
	{ "9999-01-01T00:00:00Z", -1 },
	{ "0000-01-01T00:00:00Z", -1 },
	{ "", -1 },
};

static void time_parse__rfc_3339__to_ns_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		int64_t ns = -1;
		bool ok = text_time_parse(times[i].text, strlen(times[i].text),
					  &ns);

		if (ok != (times[i].ns >= 0) || ns != times[i].ns)
			fail_msg("%s: %lld", times[i].text, (long long)ns);
	}
}

/* Cut anywhere it is no time, and no byte behind the end is read. */
static void time_parse__cut__is_refused(void **state)
{
	static const char whole[] = "2026-01-31T23:59:59.123+00:00";

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		char *copy = malloc(len + 1);
		int64_t ns;

		assert_non_null(copy);
		memcpy(copy, whole, len);
		copy = realloc(copy, len ? len : 1);
		assert_false(text_time_parse(copy, len, &ns));
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time__first_and_last_ns_leap_day__nine_digits),
		cmocka_unit_test(
			seconds__signs_and_fractions__no_zeros_at_the_end),
		cmocka_unit_test(time_parse__any_ns__comes_back),
		cmocka_unit_test(time_parse__rfc_3339__to_ns_or_refused),
		cmocka_unit_test(time_parse__cut__is_refused),
		cmocka_unit_test(ip__by_length__text_or_none),
		cmocka_unit_test(list__last_without_nul__taken_whole),
		cmocka_unit_test(utf8__three_bytes__the_shortest_form_only),
		cmocka_unit_test(utf8__cut_or_out_of_range__none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
