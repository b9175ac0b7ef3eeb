// SPDX-License-Identifier: Apache-2.0
/* Single values as JSON and as text, and times. */
#include "user/sink/sink.h"

#include "user/sink/escape.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

void sink_time(struct buf *out, int64_t realtime_ns)
{
	int64_t ns = realtime_ns % NS_PER_S;
	time_t seconds = realtime_ns / NS_PER_S;
	struct tm tm;

	if (ns < 0) {
		ns += NS_PER_S;
		seconds--;
	}
	/* 64 bits of nanoseconds reach from 1677 to 2262. */
	CHECK(gmtime_r(&seconds, &tm));
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%09" PRId64 "Z",
		   tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		   tm.tm_min, tm.tm_sec, ns);
}

static void put_ip(struct buf *out, struct value value)
{
	char text[INET6_ADDRSTRLEN];

	CHECK(value.len == 4 || value.len == 16);
	CHECK(inet_ntop(value.len == 4 ? AF_INET : AF_INET6, value.p, text,
			sizeof(text)));
	buf_puts(out, text);
}

/* The shortest form that reads back as the same number. */
static void put_double(struct buf *out, double d)
{
	char text[32];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_puts(out, text);
}

/* Of a list's bytes, the first text; a last one may lack its NUL. */
static struct value list_take(struct value *list)
{
	size_t len = strnlen((const char *)list->p, list->len);
	struct value text = value_bytes(VALUE_TEXT, list->p, len);

	if (len < list->len)
		len++;
	list->p += len;
	list->len -= (uint32_t)len;
	return text;
}

static void put_json_list(struct buf *out, struct value list)
{
	struct value text;
	bool more = false;

	buf_putc(out, '[');
	for (; list.len; more = true) {
		if (more)
			buf_putc(out, ',');
		text = list_take(&list);
		sink_json_text(out, text.p, text.len);
	}
	buf_putc(out, ']');
}

static void put_text_list(struct buf *out, struct value list)
{
	struct value text;
	bool more = false;

	for (; list.len; more = true) {
		if (more)
			buf_putc(out, ' ');
		text = list_take(&list);
		escape_word(out, text.p, text.len);
	}
}

/* "90s", "0.25s" */
static void put_interval(struct buf *out, int64_t ns)
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	uint64_t part = u % NS_PER_S;
	int digits = 9;

	buf_printf(out, "%s%" PRIu64, ns < 0 ? "-" : "", u / NS_PER_S);
	if (part) {
		for (; part % 10 == 0; part /= 10)
			digits--;
		buf_printf(out, ".%0*" PRIu64, digits, part);
	}
	buf_putc(out, 's');
}

void sink_json_value(struct buf *out, struct value value)
{
	switch ((enum value_type)value.type) {
	case VALUE_BOOL:
		buf_puts(out, value.i ? "true" : "false");
		return;
	case VALUE_INT:
	case VALUE_INTERVAL:
		buf_printf(out, "%" PRId64, value.i);
		return;
	case VALUE_DOUBLE:
		if (!isfinite(value.d))
			break;
		put_double(out, value.d);
		return;
	case VALUE_TEXT:
		sink_json_text(out, value.p, value.len);
		return;
	case VALUE_LIST:
		put_json_list(out, value);
		return;
	case VALUE_BYTES:
	case VALUE_IP:
	case VALUE_TIMESTAMP:
		/* Nothing in their text form needs an escape. */
		buf_putc(out, '"');
		sink_text_value(out, value);
		buf_putc(out, '"');
		return;
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		break;
	}
	buf_puts(out, "null");
}

void sink_text_value(struct buf *out, struct value value)
{
	switch ((enum value_type)value.type) {
	case VALUE_BOOL:
		buf_puts(out, value.i ? "true" : "false");
		return;
	case VALUE_INT:
		buf_printf(out, "%" PRId64, value.i);
		return;
	case VALUE_INTERVAL:
		put_interval(out, value.i);
		return;
	case VALUE_DOUBLE:
		put_double(out, value.d);
		return;
	case VALUE_TEXT:
		escape_text(out, value.p, value.len);
		return;
	case VALUE_LIST:
		put_text_list(out, value);
		return;
	case VALUE_BYTES:
		escape_hex(out, value.p, value.len);
		return;
	case VALUE_IP:
		put_ip(out, value);
		return;
	case VALUE_TIMESTAMP:
		sink_time(out, value.i);
		return;
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		break;
	}
	buf_puts(out, "NULL");
}
