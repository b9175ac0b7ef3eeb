// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/base/siphash.h"

/* From the paper's appendix and the reference's vectors: key 00 01 .. 0f. */
static void siphash__reference_vectors__agree(void **state)
{
	static const uint64_t key[2] = { 0x0706050403020100ULL,
					 0x0f0e0d0c0b0a0908ULL };
	static const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {
		{ 0, 0x726fdb47dd0e0e31ULL },
		{ 1, 0x74f839c593dc67fdULL },
		{ 8, 0x93f5f5799a932462ULL },
		{ 15, 0xa129ca6149be45e5ULL },
	};
	uint8_t bytes[16];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_true(siphash(key, bytes, vectors[i].len) ==
			    vectors[i].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash__reference_vectors__agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
