// SPDX-License-Identifier: Apache-2.0
#include "user/base/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

/* How many bytes a sequence has that begins with `first`; 0: none does. */
static size_t sequence_bytes(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	if (first >= 0xf0 && first < 0xf5)
		return 4;
	return 0;
}

size_t utf8_decode(const uint8_t *p, size_t len, uint32_t *ret_code)
{
	static const uint8_t first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = sequence_bytes(p[0]);
	uint32_t code;

	if (!n || n > len)
		return 0;
	code = p[0] & first_bits[n];
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	/* Overlong forms of three and four bytes, surrogates, the end. */
	if ((n == 3 && code < 0x800) || (n == 4 && code < 0x10000) ||
	    (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	*ret_code = code;
	return n;
}

void text_time(int64_t ns, char ret[TEXT_TIME_BYTES])
{
	int64_t rest = ns % NS_PER_S;
	time_t seconds = ns / NS_PER_S;
	struct tm tm;

	if (rest < 0) {
		rest += NS_PER_S;
		seconds--;
	}
	/* 64 bits of nanoseconds reach from 1677 to 2262. */
	CHECK(gmtime_r(&seconds, &tm));
	snprintf(ret, TEXT_TIME_BYTES,
		 "%04d-%02d-%02dT%02d:%02d:%02d.%09" PRId64 "Z",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		 tm.tm_min, tm.tm_sec, rest);
}

struct time_reader {
	const char *at;
	const char *end;
	bool wrong;
};

/* `digits` digits, then the byte `then` (0: none). */
static int read_part(struct time_reader *r, int digits, char then)
{
	int n = 0;

	for (; digits && r->at < r->end && *r->at >= '0' && *r->at <= '9';
	     digits--)
		n = n * 10 + (*r->at++ - '0');
	r->wrong |= digits > 0;
	if (then) {
		r->wrong |= r->at == r->end || *r->at != then;
		r->at += r->at < r->end;
	}
	return n;
}

/* ns of ".5"; 0 when there is no point. */
static int64_t read_fraction(struct time_reader *r)
{
	int64_t unit = NS_PER_S, ns = 0;
	const char *first;

	if (r->at == r->end || *r->at != '.')
		return 0;
	first = ++r->at;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
		unit /= 10;
		ns += unit * (*r->at - '0');
	}
	r->wrong |= r->at == first;
	return ns;
}

/* Seconds east of UTC. */
static int read_zone(struct time_reader *r)
{
	int sign, hours, minutes;

	if (r->at < r->end && (*r->at == 'Z' || *r->at == 'z')) {
		r->at++;
		return 0;
	}
	if (r->at == r->end || (*r->at != '+' && *r->at != '-')) {
		r->wrong = true;
		return 0;
	}
	sign = *r->at++ == '-' ? -1 : 1;
	hours = read_part(r, 2, ':');
	minutes = read_part(r, 2, 0);
	r->wrong |= hours > 23 || minutes > 59;
	return sign * (hours * 3600 + minutes * 60);
}

bool text_time_parse(const char *text, size_t len, int64_t *ret_ns)
{
	struct time_reader r = { .at = text, .end = text + len };
	struct tm tm = { 0 }, day;
	int64_t part;
	__int128 ns;
	int zone;
	time_t t;

	tm.tm_year = read_part(&r, 4, '-') - 1900;
	tm.tm_mon = read_part(&r, 2, '-') - 1;
	tm.tm_mday = read_part(&r, 2, 0);
	r.wrong |= r.at == r.end || !*r.at || !strchr("Tt ", *r.at);
	r.at += r.at < r.end;
	tm.tm_hour = read_part(&r, 2, ':');
	tm.tm_min = read_part(&r, 2, ':');
	tm.tm_sec = read_part(&r, 2, 0);
	part = read_fraction(&r);
	zone = read_zone(&r);
	day = tm;
	/* A leap second is the first of the next minute, as in Unix time. */
	if (r.wrong || r.at != r.end || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60)
		return false;
	t = timegm(&tm);
	/* A 30th of February became a day of March. */
	day.tm_hour = day.tm_min = day.tm_sec = 0;
	timegm(&day);
	if (day.tm_mon + 1 != (text[5] - '0') * 10 + text[6] - '0' ||
	    day.tm_mday != (text[8] - '0') * 10 + text[9] - '0')
		return false;
	/* The first second there is begins before 64 bits of ns do. */
	ns = (__int128)(t - zone) * NS_PER_S + part;
	if (ns < INT64_MIN || ns > INT64_MAX)
		return false;
	*ret_ns = (int64_t)ns;
	return true;
}

void text_ip(struct value ip, char ret[TEXT_IP_BYTES])
{
	ret[0] = '\0';
	if (ip.len == 4)
		inet_ntop(AF_INET, ip.p, ret, TEXT_IP_BYTES);
	else if (ip.len == 16)
		inet_ntop(AF_INET6, ip.p, ret, TEXT_IP_BYTES);
}

void text_seconds(struct buf *out, int64_t ns)
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
}

void text_hex(struct buf *out, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		buf_putc(out, digits[p[i] >> 4]);
		buf_putc(out, digits[p[i] & 15]);
	}
}

struct value text_list_take(struct value *list)
{
	size_t len = strnlen((const char *)list->p, list->len);
	struct value text = value_bytes(VALUE_TEXT, list->p, len);

	if (len < list->len)
		len++;
	list->p += len;
	list->len -= (uint32_t)len;
	return text;
}
