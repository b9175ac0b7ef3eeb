// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/base/buf.h"

#include <errno.h>
#include <string.h>

static void put__many__all_in_order(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(buf_putc(&buf, (char)('a' + i % 26)), 0);
	assert_int_equal(buf.len, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(buf.bytes[i], 'a' + i % 26);
	buf_release(&buf);
	assert_null(buf.bytes);
}

static void put__numbers__in_their_byte_order(void **state)
{
	static const char expected[] = "\x02\x01"
				       "\x04\x03\x02\x01"
				       "\x08\x07\x06\x05\x04\x03\x02\x01"
				       "\x01\x02\x03\x04"
				       "\x01\x02\x03\x04\x05\x06\x07\x08";
	struct buf buf = BUF_INIT;

	(void)state;
	buf_put_le16(&buf, 0x0102);
	buf_put_le32(&buf, 0x01020304);
	buf_put_le64(&buf, 0x0102030405060708);
	buf_put_be32(&buf, 0x01020304);
	buf_put_be64(&buf, 0x0102030405060708);
	assert_int_equal(buf.len, sizeof(expected) - 1);
	assert_memory_equal(buf.bytes, expected, buf.len);
	buf_release(&buf);
}

static void text__nothing_or_something__ended_by_nul(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	assert_string_equal(buf_text(&buf), "");
	buf_puts(&buf, "one ");
	buf_printf(&buf, "%s %d", "two", 3);
	buf_put(&buf, NULL, 0);
	assert_string_equal(buf_text(&buf), "one two 3");
	assert_int_equal(buf.len, 9);
	buf_puts(&buf, "!");
	assert_string_equal(buf_text(&buf), "one two 3!");
	buf_release(&buf);
}

static void printf__longer_than_the_buffer__grows(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	assert_int_equal(buf_printf(&buf, "%5000d|", 1), 0);
	assert_int_equal(buf.len, 5001);
	assert_int_equal(buf.bytes[5000], '|');
	buf_release(&buf);
}

static void limit__exceeded__error_stays(void **state)
{
	struct buf buf = { .limit = 10 };

	(void)state;
	assert_int_equal(buf_put(&buf, "0123456789", 10), 0);
	assert_int_equal(buf_putc(&buf, 'x'), -E2BIG);
	assert_int_equal(buf.len, 10);
	assert_int_equal(buf_put(&buf, "", 0), -E2BIG);
	assert_int_equal(buf_printf(&buf, "y"), -E2BIG);
	assert_null(buf_reserve(&buf, 0));
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf.len, 10);
	buf_reset(&buf);
	assert_int_equal(buf_puts(&buf, "again"), 0);
	assert_string_equal(buf_text(&buf), "again");
	buf_release(&buf);
	assert_int_equal(buf.limit, 10);
}

static void reserve__sizes_that_overflow__error(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	buf_putc(&buf, 'x');
	assert_null(buf_reserve(&buf, SIZE_MAX));
	assert_int_equal(buf.failed, -E2BIG);
	buf_reset(&buf);
	assert_non_null(buf_reserve(&buf, 1000));
	assert_int_equal(buf.len, 0);
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put__many__all_in_order),
		cmocka_unit_test(put__numbers__in_their_byte_order),
		cmocka_unit_test(text__nothing_or_something__ended_by_nul),
		cmocka_unit_test(printf__longer_than_the_buffer__grows),
		cmocka_unit_test(limit__exceeded__error_stays),
		cmocka_unit_test(reserve__sizes_that_overflow__error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
