// SPDX-License-Identifier: Apache-2.0
/* Single values as JSON and as text, and times. */
#include "user/sink/sink.h"

#include "user/base/text.h"
#include "user/sink/escape.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void sink_time(struct buf *out, int64_t realtime_ns)
{
	char text[TEXT_TIME_BYTES];

	text_time(realtime_ns, text);
	buf_puts(out, text);
}

static void put_ip(struct buf *out, struct value value)
{
	char text[TEXT_IP_BYTES];

	CHECK(value.len == 4 || value.len == 16);
	text_ip(value, text);
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

static void put_json_list(struct buf *out, struct value list)
{
	struct value text;
	bool more = false;

	buf_putc(out, '[');
	for (; list.len; more = true) {
		if (more)
			buf_putc(out, ',');
		text = text_list_take(&list);
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
		text = text_list_take(&list);
		escape_word(out, text.p, text.len);
	}
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
	case VALUE_HASH:
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
		text_seconds(out, value.i);
		buf_putc(out, 's');
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
	case VALUE_HASH:
		text_hex(out, value.p, value.len);
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
