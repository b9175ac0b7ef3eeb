// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/base/crc32c.h"

#include <string.h>

static void known_vectors__both_ways(void **state)
{
	uint8_t zeros[32] = { 0 }, ones[32];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c_portable(0, "123456789", 9), 0xe3069283);
	/* RFC 3720, B.4 */
	assert_int_equal(crc32c(0, zeros, sizeof(zeros)), 0x8a9136aa);
	assert_int_equal(crc32c_portable(0, ones, sizeof(ones)), 0x62a8ab43);
	assert_int_equal(crc32c(0, "", 0), 0);
}

static void any_split__same_sum(void **state)
{
	uint8_t bytes[97];
	uint32_t whole;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 151 + 7);
	whole = crc32c_portable(0, bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
		uint32_t head = crc32c(0, bytes, cut);

		assert_int_equal(head, crc32c_portable(0, bytes, cut));
		assert_int_equal(crc32c(head, bytes + cut, sizeof(bytes) - cut),
				 whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_vectors__both_ways),
		cmocka_unit_test(any_split__same_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
