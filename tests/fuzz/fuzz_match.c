// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a message Match; what decodes must encode and print. Build as
 * fuzz_row.c, with user/sink/[a-z]*.c.
 */
#include "user/sink/sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sink_options options = { .format = SINK_TEXT };
	struct buf out = BUF_INIT;
	struct match_doc *doc;
	struct arena arena;

	arena_init(&arena, 1 << 24);
	if (match_decode(bytes, len, &arena, &doc, NULL) == 0) {
		CHECK(match_encode(doc, &out, NULL) == 0);
		sink_match(&options, doc, 1, &out);
		options.format = SINK_JSON;
		sink_match(&options, doc, 1, &out);
		CHECK(!out.failed);
	}
	buf_release(&out);
	arena_release(&arena);
	return 0;
}
