// SPDX-License-Identifier: Apache-2.0
/*
 * Our values as results of SQLite: times as RFC 3339, digests as hexadecimal,
 * addresses as text, lists and fields as JSON.
 */
#include "store/sql/sql_int.h"

#include "user/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

BUILD_CHECK(TEXT_IP_BYTES <= TEXT_TIME_BYTES); /* one buffer for both */

int sql_day_ns(const char *text, size_t len, int64_t *ret_ns)
{
	char day[11], again[TEXT_TIME_BYTES];
	struct tm tm = { 0 };
	int64_t ns;

	if (len < 10)
		return -EINVAL;
	memcpy(day, text, 10);
	day[10] = '\0';
	if (sscanf(day, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) !=
		    3 ||
	    tm.tm_year < 1678 || tm.tm_year > 2261)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (__builtin_mul_overflow((int64_t)timegm(&tm), NS_PER_S, &ns))
		return -EINVAL;
	text_time(ns, again);
	if (strncmp(again, day, 10) != 0)
		return -EINVAL; /* no such day, or spelled otherwise */
	*ret_ns = ns;
	return 0;
}

void sql_result_text(sqlite3_context *context, const char *text)
{
	if (text)
		sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

void sql_result_time(sqlite3_context *context, int64_t ns)
{
	char text[TEXT_TIME_BYTES];

	text_time(ns, text);
	sql_result_text(context, text);
}

static void result_buf(sqlite3_context *context, struct buf *text)
{
	if (text->failed)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text64(context, (const char *)text->bytes,
				      text->len, SQLITE_TRANSIENT, SQLITE_UTF8);
	buf_release(text);
}

void sql_result_hex(sqlite3_context *context, const uint8_t *bytes, size_t len)
{
	struct buf text = BUF_INIT;

	text_hex(&text, bytes, len);
	result_buf(context, &text);
}

/* An IPv4-mapped address as IPv4. */
static void ip_text(struct value ip, char ret[TEXT_IP_BYTES])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (ip.len == 16 && memcmp(ip.p, mapped, 12) == 0)
		ip = value_bytes(VALUE_IP, ip.p + 12, 4);
	text_ip(ip, ret);
}

/* --- JSON ----------------------------------------------------------------- */

/* Bytes that are not UTF-8 become U+FFFD, one each. */
static void json_text(struct buf *out, const uint8_t *p, size_t len)
{
	uint32_t code;
	size_t n;

	buf_putc(out, '"');
	for (; len; p += n, len -= n) {
		n = utf8_decode(p, len, &code);
		if (!n) {
			buf_puts(out, "\xef\xbf\xbd");
			n = 1;
		} else if (code == '"' || code == '\\') {
			buf_printf(out, "\\%c", *p);
		} else if (code < 0x20) {
			buf_printf(out, "\\u%04x", code);
		} else {
			buf_put(out, p, n);
		}
	}
	buf_putc(out, '"');
}

static void json_list(struct buf *out, struct value list)
{
	struct value text;

	buf_putc(out, '[');
	while (list.len) {
		text = text_list_take(&list);
		json_text(out, text.p, text.len);
		if (list.len)
			buf_putc(out, ',');
	}
	buf_putc(out, ']');
}

static void json_value(struct buf *out, struct value value)
{
	char text[TEXT_TIME_BYTES];

	switch ((enum value_type)value.type) {
	case VALUE_BOOL:
		buf_puts(out, value.i ? "true" : "false");
		return;
	case VALUE_INT:
	case VALUE_INTERVAL:
		buf_printf(out, "%lld", (long long)value.i);
		return;
	case VALUE_DOUBLE:
		if (__builtin_isfinite(value.d))
			buf_printf(out, "%.17g", value.d);
		else
			buf_puts(out, "null");
		return;
	case VALUE_TEXT:
		json_text(out, value.p, value.len);
		return;
	case VALUE_BYTES:
	case VALUE_HASH:
		buf_putc(out, '"');
		text_hex(out, value.p, value.len);
		buf_putc(out, '"');
		return;
	case VALUE_IP:
		ip_text(value, text);
		buf_printf(out, "\"%s\"", text);
		return;
	case VALUE_TIMESTAMP:
		text_time(value.i, text);
		buf_printf(out, "\"%s\"", text);
		return;
	case VALUE_LIST:
		json_list(out, value);
		return;
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		break;
	}
	buf_puts(out, "null");
}

void sql_result_fields(sqlite3_context *context,
		       const struct match_field *fields, unsigned count)
{
	struct buf text = BUF_INIT;

	buf_putc(&text, '{');
	for (unsigned i = 0; i < count; i++) {
		if (i)
			buf_putc(&text, ',');
		json_text(&text, (const uint8_t *)fields[i].name,
			  strlen(fields[i].name));
		buf_putc(&text, ':');
		json_value(&text, fields[i].value);
	}
	buf_putc(&text, '}');
	result_buf(context, &text);
}

void sql_result_value(sqlite3_context *context, struct value value)
{
	char text[TEXT_IP_BYTES];
	struct buf list = BUF_INIT;

	switch ((enum value_type)value.type) {
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_INTERVAL:
		sqlite3_result_int64(context, value.i);
		break;
	case VALUE_DOUBLE:
		sqlite3_result_double(context, value.d);
		break;
	case VALUE_TEXT:
		sqlite3_result_text64(context, (const char *)value.p, value.len,
				      SQLITE_TRANSIENT, SQLITE_UTF8);
		break;
	case VALUE_BYTES:
		sqlite3_result_blob64(context, value.p, value.len,
				      SQLITE_TRANSIENT);
		break;
	case VALUE_HASH:
		text_hex(&list, value.p, value.len);
		result_buf(context, &list);
		break;
	case VALUE_IP:
		ip_text(value, text);
		sql_result_text(context, text);
		break;
	case VALUE_TIMESTAMP:
		sql_result_time(context, value.i);
		break;
	case VALUE_LIST:
		json_list(&list, value);
		result_buf(context, &list);
		break;
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		break;
	}
}
