// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a message Event; what decodes must encode, and decode again to
 * the same bytes. Build, from the top of the tree, with $G the folder of
 * generated sources (build/generated):
 *
 *   clang-14 -g -O1 -fsanitize=fuzzer,address -std=gnu17 -D_GNU_SOURCE -I. \
 *       -I$G tests/fuzz/fuzz_row.c user/event/[a-z]*.c $G/shrike.pb-c.c \
 *       user/base/[a-z]*.c -lprotobuf-c -o fuzz_row
 */
#include "user/event/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct arena arena;
	struct row *row;

	arena_init(&arena, 1 << 24);
	if (row_decode(bytes, len, NULL, &arena, &row, NULL) == 0) {
		CHECK(row_encode(row, true, &once, NULL) == 0);
		if (row_decode(once.bytes, once.len, NULL, &arena, &row,
			       NULL) == 0) {
			CHECK(row_encode(row, true, &twice, NULL) == 0);
			CHECK(once.len == twice.len);
			CHECK(!memcmp(once.bytes, twice.bytes, once.len));
		}
	}
	buf_release(&once);
	buf_release(&twice);
	arena_release(&arena);
	return 0;
}
