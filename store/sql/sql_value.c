// SPDX-License-Identifier: Apache-2.0
/*
 * Our values as results of SQLite: times as RFC 3339, digests as hexadecimal,
 * addresses as text, lists and fields as JSON.
 */
#include "store/sql/sql_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

void sql_rfc3339(int64_t ns, char ret[RFC3339_BYTES])
{
	int64_t rest = ns % NS_PER_S;
	time_t seconds = ns / NS_PER_S;
	struct tm tm;

	if (rest < 0) {
		rest += NS_PER_S;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	snprintf(ret, RFC3339_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		 tm.tm_min, tm.tm_sec, (int)rest);
}

int sql_day_ns(const char *text, size_t len, int64_t *ret_ns)
{
	char day[11], again[RFC3339_BYTES];
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
	ns = (int64_t)timegm(&tm) * NS_PER_S;
	sql_rfc3339(ns, again);
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
	char text[RFC3339_BYTES];

	sql_rfc3339(ns, text);
	sql_result_text(context, text);
}

void sql_result_hex(sqlite3_context *context, const uint8_t *bytes, size_t len)
{
	char text[2 * LEDGER_DIGEST_BYTES + 1];

	CHECK(len <= LEDGER_DIGEST_BYTES);
	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	sqlite3_result_text(context, text, (int)(2 * len), SQLITE_TRANSIENT);
}

static void ip_text(struct value value, char ret[INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	ret[0] = '\0';
	if (value.len == 4)
		inet_ntop(AF_INET, value.p, ret, INET6_ADDRSTRLEN);
	else if (value.len == 16 && memcmp(value.p, mapped, 12) == 0)
		inet_ntop(AF_INET, value.p + 12, ret, INET6_ADDRSTRLEN);
	else if (value.len == 16)
		inet_ntop(AF_INET6, value.p, ret, INET6_ADDRSTRLEN);
}

/* --- JSON ----------------------------------------------------------------- */

/* Length of the UTF-8 sequence at `p`, 0 when it is none (RFC 3629). */
static size_t utf8_length(const uint8_t *p, size_t len)
{
	static const struct {
		uint8_t first_low, first_high, second_low, second_high, length;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t n = forms[i].length;

		if (p[0] < forms[i].first_low || p[0] > forms[i].first_high)
			continue;
		if (len < n || p[1] < forms[i].second_low ||
		    p[1] > forms[i].second_high)
			return 0;
		for (size_t k = 2; k < n; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return n;
	}
	return 0;
}

/* Bytes that are not UTF-8 become U+FFFD, one each. */
static void json_text(struct buf *out, const uint8_t *p, size_t len)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < len;) {
		size_t n = p[i] < 0x80 ? 1 : utf8_length(p + i, len - i);

		if (p[i] == '"' || p[i] == '\\')
			buf_printf(out, "\\%c", p[i]);
		else if (p[i] < 0x20)
			buf_printf(out, "\\u%04x", p[i]);
		else if (n == 0)
			buf_puts(out, "\xef\xbf\xbd");
		else
			buf_put(out, p + i, n);
		i += n ? n : 1;
	}
	buf_putc(out, '"');
}

static void json_list(struct buf *out, struct value list)
{
	const uint8_t *end = list.p + list.len;

	buf_putc(out, '[');
	for (const uint8_t *p = list.p; p < end;) {
		size_t n = strnlen((const char *)p, (size_t)(end - p));

		if (p != list.p)
			buf_putc(out, ',');
		json_text(out, p, n);
		p += n + 1;
	}
	buf_putc(out, ']');
}

static void json_hex(struct buf *out, struct value bytes)
{
	buf_putc(out, '"');
	for (uint32_t i = 0; i < bytes.len; i++)
		buf_printf(out, "%02x", bytes.p[i]);
	buf_putc(out, '"');
}

static void json_value(struct buf *out, struct value value)
{
	char text[INET6_ADDRSTRLEN > RFC3339_BYTES ? INET6_ADDRSTRLEN :
						     RFC3339_BYTES];

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
		json_hex(out, value);
		return;
	case VALUE_IP:
		ip_text(value, text);
		buf_printf(out, "\"%s\"", text);
		return;
	case VALUE_TIMESTAMP:
		sql_rfc3339(value.i, text);
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

static void result_buf(sqlite3_context *context, struct buf *text)
{
	if (text->failed)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text64(context, (const char *)text->bytes,
				      text->len, SQLITE_TRANSIENT, SQLITE_UTF8);
	buf_release(text);
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
	char text[INET6_ADDRSTRLEN];
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
