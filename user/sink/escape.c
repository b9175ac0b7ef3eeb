// SPDX-License-Identifier: Apache-2.0
#include "user/sink/escape.h"

#include "user/base/text.h"
#include "user/sink/sink.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* C0, DEL and C1. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* Line separators, and marks that change the direction or show nothing. */
static bool is_deceptive(uint32_t code)
{
	return code == 0x061c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe007f);
}

static void put_text(struct buf *out, const uint8_t *p, size_t len, bool quoted)
{
	uint32_t code;
	size_t n;

	for (; len; p += n, len -= n) {
		n = utf8_decode(p, len, &code);
		if (!n) {
			buf_printf(out, "\\x%02x", *p);
			n = 1;
		} else if (is_control(code) || is_deceptive(code)) {
			for (size_t i = 0; i < n; i++)
				buf_printf(out, "\\x%02x", p[i]);
		} else {
			if (code == '\\' || (quoted && code == '"'))
				buf_putc(out, '\\');
			buf_put(out, p, n);
		}
	}
}

void escape_text(struct buf *out, const void *bytes, size_t len)
{
	put_text(out, bytes, len, false);
}

void escape_word(struct buf *out, const void *bytes, size_t len)
{
	if (len && !memchr(bytes, ' ', len) && !memchr(bytes, '"', len)) {
		put_text(out, bytes, len, false);
		return;
	}
	buf_putc(out, '"');
	put_text(out, bytes, len, true);
	buf_putc(out, '"');
}

static void put_json_code(struct buf *out, uint32_t code, const uint8_t *p,
			  size_t n)
{
	static const char letters[] = "btn\0fr"; /* from U+0008 on */

	if (code == '"' || code == '\\') {
		buf_putc(out, '\\');
		buf_putc(out, (char)code);
	} else if (code >= 8 && code <= 13 && letters[code - 8]) {
		buf_putc(out, '\\');
		buf_putc(out, letters[code - 8]);
	} else if (is_control(code) || (code < 0x10000 && is_deceptive(code))) {
		buf_printf(out, "\\u%04x", code);
	} else if (is_deceptive(code)) {
		code -= 0x10000;
		buf_printf(out, "\\u%04x\\u%04x", 0xd800 | code >> 10,
			   0xdc00 | (code & 0x3ff));
	} else {
		buf_put(out, p, n);
	}
}

void sink_json_text(struct buf *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint32_t code;
	size_t n;

	buf_putc(out, '"');
	for (; len; p += n, len -= n) {
		n = utf8_decode(p, len, &code);
		if (n) {
			put_json_code(out, code, p, n);
		} else {
			buf_puts(out, REPLACEMENT);
			n = 1;
		}
	}
	buf_putc(out, '"');
}
