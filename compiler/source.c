// SPDX-License-Identifier: Apache-2.0
#include "compiler/source.h"

/* Well-formed UTF-8 as the Unicode standard has it, table 3-7. */
static const struct {
	unsigned char first_min, first_max;
	unsigned char second_min, second_max;
	unsigned char more; /* bytes behind the first */
} forms[] = {
	{ 0x01, 0x7f, 0, 0, 0 },       { 0xc2, 0xdf, 0x80, 0xbf, 1 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 2 }, { 0xe1, 0xec, 0x80, 0xbf, 2 },
	{ 0xed, 0xed, 0x80, 0x9f, 2 }, { 0xee, 0xef, 0x80, 0xbf, 2 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 3 }, { 0xf1, 0xf3, 0x80, 0xbf, 3 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 3 },
};

/* Length of the character at `text`; 0: malformed. */
static size_t character(const unsigned char *text, size_t len)
{
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		if (text[0] < forms[i].first_min ||
		    text[0] > forms[i].first_max)
			continue;
		if (forms[i].more >= len)
			return 0;
		if (forms[i].more && (text[1] < forms[i].second_min ||
				      text[1] > forms[i].second_max))
			return 0;
		for (unsigned k = 2; k <= forms[i].more; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return 1u + forms[i].more;
	}
	return 0;
}

bool source_check(struct compilation *c, const struct compile_source *source,
		  uint32_t index)
{
	const unsigned char *text = (const unsigned char *)source->text;
	struct span span = { .source = index };
	size_t n;

	if (source->len > COMPILE_FILE_BYTES_MAX) {
		compilation_error(c, span, "split the file",
				  "a file has at most %zu bytes",
				  COMPILE_FILE_BYTES_MAX);
		return false;
	}
	for (size_t at = 0; at < source->len; at += n) {
		n = character(text + at, source->len - at);
		if (n)
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
