// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a wire record. Build, from the top of the tree:
 *
 *   clang-14 -g -O1 -fsanitize=fuzzer,address -std=gnu17 -D_GNU_SOURCE -I. \
 *       tests/fuzz/fuzz_record.c user/event/{decode,mask}.c user/base/[a-z]*.c \
 *       -o fuzz_record
 */
#include "user/event/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena arena;
	struct row *row;

	arena_init(&arena, 1 << 20);
	if (event_decode(bytes, len, 1700000000000000000, &arena, &row, NULL) ==
	    0)
		for (unsigned i = 0; i < row->value_count; i++)
			CHECK(row->values[i].type < VALUE_TYPE_COUNT);
	arena_release(&arena);
	return 0;
}
