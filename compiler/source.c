// SPDX-License-Identifier: Apache-2.0
#include "compiler/source.h"

#include "user/base/text.h"

bool source_check(struct compilation *c, const struct compile_source *source,
		  uint32_t index)
{
	const unsigned char *text = (const unsigned char *)source->text;
	struct span span = { .source = index };
	uint32_t code;
	size_t n;

	if (source->len > COMPILE_FILE_BYTES_MAX) {
		compilation_error(c, span, "split the file",
				  "a file has at most %zu bytes",
				  COMPILE_FILE_BYTES_MAX);
		return false;
	}
	for (size_t at = 0; at < source->len; at += n) {
		n = utf8_decode(text + at, source->len - at, &code);
		if (n && code)
			continue;
		span.start = (uint32_t)at;
		span.end = span.start + 1;
		compilation_error(c, span, NULL,
				  "byte 0x%02x at offset %zu: %s", text[at], at,
				  text[at] ? "rules are UTF-8 text" :
					     "rules are text");
		return false;
	}
	return true;
}
