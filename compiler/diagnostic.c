// SPDX-License-Identifier: Apache-2.0
/*
 * Diagnostics are kept as they come and printed like this:
 *
 *   net.sql:3:7: error: unknown column 'dst_prt' of network.connect
 *     3 | WHERE c.dst_prt = 22
 *       |       ^~~~~~~~~
 *       = did you mean 'dst_port'?
 */
#include "compiler/diagnostic_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A longer line is shown in part, from this far before the range. */
#define LINE_BYTES_MAX 160
#define LINE_LEAD_BYTES 40

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena,
		      const struct compile_source *sources,
		      unsigned source_count)
{
	*diagnostics = (struct diagnostics){ .arena = arena,
					     .sources = sources,
					     .source_count = source_count };
}

/* What is wrong with a view is found once for each rule that reads it. */
static bool is_same(struct span a, struct span b)
{
	return a.source == b.source && a.start == b.start && a.end == b.end;
}

/* A text that two rules have is a view's: its aliases differ, no more. */
static bool is_other(const char *a, const char *b)
{
	return a && b && strcmp(a, b) != 0;
}

static bool is_known(const struct diagnostics *diagnostics,
		     enum diagnostic_level level, struct span span,
		     const char *rule, const char *message)
{
	for (unsigned i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *d = &diagnostics->items[i];

		if (d->level == level && is_same(d->span, span) &&
		    (strcmp(d->message, message) == 0 ||
		     is_other(d->rule, rule)))
			return true;
	}
	return false;
}

void diagnostic_add(struct diagnostics *diagnostics,
		    enum diagnostic_level level, struct span span,
		    const char *rule, const char *message,
		    const char *suggestion)
{
	if (is_known(diagnostics, level, span, rule, message))
		return;
	if (level == DIAGNOSTIC_ERROR)
		diagnostics->error_count++;
	else
		diagnostics->warning_count++;
	if (diagnostics->count >= DIAGNOSTICS_MAX)
		return;
	diagnostics->items[diagnostics->count++] =
		(struct diagnostic){ .level = level,
				     .span = span,
				     .message = message,
				     .suggestion = suggestion,
				     .rule = rule };
}

void diagnostic_withdraw(struct diagnostics *diagnostics, struct span span,
			 const char *message)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *d = &diagnostics->items[i];

		if (d->level == DIAGNOSTIC_ERROR &&
		    (is_same(d->span, span) ||
		     (d->of_view && strcmp(d->message, message) == 0)))
			diagnostics->error_count--;
		else
			diagnostics->items[kept++] = *d;
	}
	diagnostics->count = kept;
}

static const char *paint(bool color, const char *code)
{
	return color ? code : "";
}

#define RED "\033[1;31m"
#define YELLOW "\033[1;33m"
#define BOLD "\033[1m"
#define CYAN "\033[36m"
#define PLAIN "\033[0m"

/* Bytes of the well-formed, printable UTF-8 character at `text`; 0: none. */
static size_t printable(const char *text, size_t len)
{
	const unsigned char *t = (const unsigned char *)text;
	size_t n = t[0] < 0x80 ? 1 : t[0] < 0xe0 ? 2 : t[0] < 0xf0 ? 3 : 4;

	if (t[0] < 0x80)
		return t[0] >= 0x20 && t[0] != 0x7f;
	/* C1 controls; bytes that start no character. */
	if (t[0] < 0xc2 || t[0] > 0xf4 || n > len ||
	    (t[0] == 0xc2 && t[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((t[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Append text with what is not printable as \xNN; returns columns. */
static size_t put_printable(struct buf *out, const char *text, size_t len)
{
	size_t columns = 0;

	while (len) {
		size_t n = printable(text, len);

		if (n) {
			buf_put(out, text, n);
			columns++;
		} else if (*text == '\t') {
			buf_putc(out, ' ');
			columns++;
			n = 1;
		} else {
			buf_printf(out, "\\x%02x", (unsigned char)*text);
			columns += 4;
			n = 1;
		}
		text += n;
		len -= n;
	}
	return columns;
}

static void put_text(struct buf *out, const char *text)
{
	put_printable(out, text, strlen(text));
}

struct position diagnostic_position(const struct compile_source *source,
				    uint32_t at)
{
	struct position position = { .line = 1, .column = 1 };
	const char *newline;

	CHECK(at <= source->len);
	for (size_t i = 0; i < at; i++) {
		if (source->text[i] != '\n')
			continue;
		position.line++;
		position.line_start = i + 1;
	}
	for (size_t i = position.line_start; i < at; i++)
		position.column += (source->text[i] & 0xc0) != 0x80;
	newline = at < source->len ?
			  memchr(source->text + at, '\n', source->len - at) :
			  NULL;
	position.line_end =
		newline ? (size_t)(newline - source->text) : source->len;
	if (position.line_end > position.line_start &&
	    source->text[position.line_end - 1] == '\r' &&
	    position.line_end - 1 >= at)
		position.line_end--;
	return position;
}

/* Never inside a character. */
static size_t align(const struct compile_source *source, size_t at)
{
	while (at < source->len && (source->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void put_excerpt(struct buf *out, const struct compile_source *source,
			const struct diagnostic *d, struct position position,
			bool color)
{
	size_t from = position.line_start, to = position.line_end;
	size_t end = d->span.end < to ? d->span.end : to;
	size_t before, under;
	struct buf scratch = BUF_INIT;

	if (to - from > LINE_BYTES_MAX) {
		if (d->span.start - from > LINE_LEAD_BYTES)
			from = align(source, d->span.start - LINE_LEAD_BYTES);
		if (to - from > LINE_BYTES_MAX)
			to = align(source, from + LINE_BYTES_MAX);
		if (to > position.line_end)
			to = position.line_end;
		if (end > to)
			end = to;
	}
	buf_printf(out, "%5u | ", position.line);
	put_printable(out, source->text + from, to - from);
	before = put_printable(&scratch, source->text + from,
			       d->span.start - from);
	under = end > d->span.start ?
			put_printable(&scratch, source->text + d->span.start,
				      end - d->span.start) :
			0;
	buf_release(&scratch);
	buf_puts(out, "\n      | ");
	for (size_t i = 0; i < before; i++)
		buf_putc(out, ' ');
	buf_puts(out, paint(color, CYAN));
	buf_putc(out, '^');
	for (size_t i = 1; i < under; i++)
		buf_putc(out, '~');
	buf_printf(out, "%s\n", paint(color, PLAIN));
}

static void diagnostic_print(const struct diagnostics *diagnostics,
			     const struct diagnostic *d, bool color,
			     struct buf *out)
{
	const struct compile_source *source = NULL;
	bool error = d->level == DIAGNOSTIC_ERROR;
	struct position position = { 0 };

	if (d->span.source < diagnostics->source_count) {
		source = &diagnostics->sources[d->span.source];
		position = diagnostic_position(source, d->span.start);
		buf_puts(out, paint(color, BOLD));
		put_text(out, source->name);
		buf_printf(out, ":%u:%u:%s ", position.line, position.column,
			   paint(color, PLAIN));
	}
	buf_printf(out, "%s%s:%s ", paint(color, error ? RED : YELLOW),
		   error ? "error" : "warning", paint(color, PLAIN));
	put_text(out, d->message);
	if (d->rule)
		buf_printf(out, " [rule %s]", d->rule);
	buf_putc(out, '\n');
	if (source && source->len)
		put_excerpt(out, source, d, position, color);
	if (d->suggestion) {
		buf_puts(out, "      = ");
		put_text(out, d->suggestion);
		buf_putc(out, '\n');
	}
}

static int by_position(const void *a, const void *b)
{
	const struct diagnostic *const *left = a, *const *right = b;
	struct span l = (*left)->span, r = (*right)->span;

	if (l.source != r.source)
		return l.source < r.source ? -1 : 1;
	if (l.start != r.start)
		return l.start < r.start ? -1 : 1;
	return *left < *right ? -1 : *left > *right;
}

void diagnostics_order(const struct diagnostics *diagnostics,
		       const struct diagnostic *ret_order[DIAGNOSTICS_MAX])
{
	for (unsigned i = 0; i < diagnostics->count; i++)
		ret_order[i] = &diagnostics->items[i];
	qsort(ret_order, diagnostics->count, sizeof(ret_order[0]), by_position);
}

static void put_count(struct buf *out, unsigned n, const char *what)
{
	buf_printf(out, "%u %s%s", n, what, n == 1 ? "" : "s");
}

void diagnostics_print(const struct diagnostics *diagnostics, bool color,
		       struct buf *out)
{
	const struct diagnostic *order[DIAGNOSTICS_MAX];
	unsigned all = diagnostics->error_count + diagnostics->warning_count;

	diagnostics_order(diagnostics, order);
	for (unsigned i = 0; i < diagnostics->count; i++)
		diagnostic_print(diagnostics, order[i], color, out);
	put_count(out, diagnostics->error_count, "error");
	buf_puts(out, ", ");
	put_count(out, diagnostics->warning_count, "warning");
	if (all > diagnostics->count)
		buf_printf(out, "; %u of them not shown",
			   all - diagnostics->count);
	buf_putc(out, '\n');
}
