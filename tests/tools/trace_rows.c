// SPDX-License-Identifier: Apache-2.0
/*
 * trace_rows TRACE: every row of a trace as one line of JSON, with all its
 * columns, the hidden ones too. A text's bytes come out as the characters
 * U+0000 to U+00FF, so that none is lost: read it as Latin-1. Ends with 1 when
 * the trace is damaged.
 */
#include "user/base/catalog.h"
#include "user/base/row.h"
#include "user/trace/trace.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void put_text(const uint8_t *p, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len; i++)
		if (p[i] < ' ' || p[i] > '~' || p[i] == '"' || p[i] == '\\')
			printf("\\u%04x", p[i]);
		else
			putchar(p[i]);
	putchar('"');
}

static void put_list(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;

	putchar('[');
	for (const char *comma = ""; p < end; comma = ",") {
		size_t n = strnlen((const char *)p, (size_t)(end - p));

		fputs(comma, stdout);
		put_text(p, n);
		p += n + 1;
	}
	putchar(']');
}

static void put_ip(const uint8_t *p, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
	putchar('"');
}

static void put_value(struct value value)
{
	switch ((enum value_type)value.type) {
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
		printf("%" PRId64, value.i);
		break;
	case VALUE_DOUBLE:
		printf("%.17g", value.d);
		break;
	case VALUE_LIST:
		put_list(value.p, value.len);
		break;
	case VALUE_IP:
	case VALUE_BYTES:
	case VALUE_HASH:
		put_ip(value.p, value.len);
		break;
	case VALUE_TEXT:
		put_text(value.p, value.len);
		break;
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		fputs("null", stdout);
		break;
	}
}

static void put_columns(const struct row *row, unsigned from, unsigned to)
{
	const struct stream *stream = catalog_stream(row->stream);

	for (unsigned id = from; id < to; id++) {
		printf(",\"%s\":", catalog_column_at(stream, id)->name);
		put_value(row_get(row, id));
	}
}

static int on_row(void *ctx, struct row *row, struct err *err)
{
	const struct stream *stream = catalog_stream(row->stream);

	(void)ctx;
	(void)err;
	printf("{\"stream\":\"%s\"", stream->name);
	put_columns(row, 0, COL_HEAD_COUNT);
	/* An own column may have the name of one of the head: the last holds. */
	put_columns(row, COL_OWN_FIRST, catalog_column_count(stream));
	puts("}");
	return 0;
}

static int on_info(void *ctx, const struct trace_info *info,
		   const uint8_t digest[32], struct err *err)
{
	(void)ctx;
	(void)info;
	(void)digest;
	(void)err;
	return 0;
}

static int on_gap(void *ctx, enum stream_id stream, int64_t from, int64_t to,
		  uint64_t count, struct err *err)
{
	(void)ctx;
	(void)from;
	(void)to;
	(void)err;
	printf("{\"gap\":\"%s\",\"count\":%" PRIu64 "}\n",
	       catalog_stream(stream)->name, count);
	return 0;
}

static int on_turn(void *ctx, int64_t watermark, struct err *err)
{
	(void)ctx;
	(void)watermark;
	(void)err;
	return 0;
}

static int read_trace(int fd, struct trace_reader *reader, struct err *err)
{
	static uint8_t piece[1 << 16];
	struct trace_totals totals;
	ssize_t n;
	int rc = 0;

	while (!rc && (n = read(fd, piece, sizeof(piece))) > 0)
		rc = trace_reader_feed(reader, piece, (size_t)n, err);
	return rc ? rc : trace_reader_end(reader, &totals, err);
}

int main(int argc, char **argv)
{
	const struct trace_events events = { .on_info = on_info,
					     .on_row = on_row,
					     .on_gap = on_gap,
					     .on_turn = on_turn };
	struct trace_reader *reader = NULL;
	struct err err = { 0 };
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	int rc;

	if (fd < 0) {
		fputs("usage: trace_rows TRACE\n", stderr);
		return 2;
	}
	rc = trace_reader_new(&events, &reader, &err);
	if (!rc)
		rc = read_trace(fd, reader, &err);
	trace_reader_free(reader);
	close(fd);
	if (rc)
		fprintf(stderr, "trace_rows: %s\n", err.text);
	return rc ? 1 : 0;
}
