// SPDX-License-Identifier: Apache-2.0
/*
 * Diagnostics for editors, one object on one line:
 *
 *   {"diagnostics":[{"file":"net.sql","line":3,"column":7,"end_line":3,
 *     "end_column":16,"level":"error","message":"unknown column ...",
 *     "suggestion":"did you mean 'dst_port'?","rule":"r"}],
 *    "errors":1,"warnings":0}
 *
 * Columns count characters from 1, the end is exclusive. What a diagnostic does
 * not have is null.
 */
#include "compiler/diagnostic_int.h"
#include "user/base/text.h"

#include <string.h>

/* Bytes that are no UTF-8 become U+FFFD: file names may hold any. */
static void put_string(struct buf *out, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t len = strlen(text), n;
	uint32_t code;

	buf_putc(out, '"');
	for (; len; p += n, len -= n) {
		n = utf8_decode(p, len, &code);
		if (!n) {
			buf_puts(out, "\xef\xbf\xbd");
			n = 1;
		} else if (code == '"' || code == '\\') {
			buf_printf(out, "\\%c", (char)code);
		} else if (code < 0x20 || code == 0x7f) {
			buf_printf(out, "\\u%04x", code);
		} else {
			buf_put(out, p, n);
		}
	}
	buf_putc(out, '"');
}

static void put_member(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, ",\"%s\":", name);
	if (text)
		put_string(out, text);
	else
		buf_puts(out, "null");
}

static void put_place(struct buf *out, const struct diagnostics *diagnostics,
		      struct span span)
{
	const struct compile_source *source;
	struct position start, end;

	if (span.source >= diagnostics->source_count) {
		buf_puts(out, "null,\"line\":null,\"column\":null,"
			      "\"end_line\":null,\"end_column\":null");
		return;
	}
	source = &diagnostics->sources[span.source];
	start = diagnostic_position(source, span.start);
	end = diagnostic_position(source, span.end);
	put_string(out, source->name);
	buf_printf(out,
		   ",\"line\":%u,\"column\":%u,\"end_line\":%u,"
		   "\"end_column\":%u",
		   start.line, start.column, end.line, end.column);
}

void diagnostics_json(const struct diagnostics *diagnostics, struct buf *out)
{
	const struct diagnostic *order[DIAGNOSTICS_MAX];

	diagnostics_order(diagnostics, order);
	buf_puts(out, "{\"diagnostics\":[");
	for (unsigned i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *d = order[i];

		buf_puts(out, i ? ",{\"file\":" : "{\"file\":");
		put_place(out, diagnostics, d->span);
		put_member(out, "level",
			   d->level == DIAGNOSTIC_ERROR ? "error" : "warning");
		put_member(out, "message", d->message);
		put_member(out, "suggestion", d->suggestion);
		put_member(out, "rule", d->rule);
		buf_putc(out, '}');
	}
	buf_printf(out, "],\"errors\":%u,\"warnings\":%u}\n",
		   diagnostics->error_count, diagnostics->warning_count);
}
