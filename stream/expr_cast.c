// SPDX-License-Identifier: Apache-2.0
/*
 * CAST. Between numbers and texts as SQLite: the longest number at a text's
 * start counts, 0 when there is none; a DOUBLE becomes the nearest BIGINT
 * toward zero. Times are nanoseconds as numbers, RFC 3339 and seconds as texts.
 * What SQLite does not have is strict: a text that is no address, no time, no
 * truth value is NULL.
 */
#include "stream/expr_int.h"

#include "user/base/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NS_PER_S INT64_C(1000000000)

static struct value text_of_double(struct expr_env *env, double d)
{
	char text[40], *mantissa_end;
	size_t len;

	if (isinf(d))
		return d < 0 ? value_text("-Inf") : value_text("Inf");
	if (d == 0)
		return value_text("0.0");
	snprintf(text, sizeof(text) - 2, "%.15g", d);
	len = strlen(text);
	mantissa_end = text + strcspn(text, "e");
	/* SQLite always shows that it is no integer. */
	if (!memchr(text, '.', (size_t)(mantissa_end - text))) {
		memmove(mantissa_end + 2, mantissa_end,
			len - (size_t)(mantissa_end - text) + 1);
		memcpy(mantissa_end, ".0", 2);
		len += 2;
	}
	return expr_copy(env, text, len);
}

/* The elements with spaces between them. */
static struct value text_of_list(struct expr_env *env, struct value list)
{
	size_t len = list.len;
	uint8_t *text;

	if (len && list.p[len - 1] == '\0')
		len--;
	text = expr_take(env, len);
	if (!text)
		return value_null();
	for (size_t i = 0; i < len; i++)
		text[i] = list.p[i] ? list.p[i] : ' ';
	return value_bytes(VALUE_TEXT, text, len);
}

static struct value text_of_interval(struct expr_env *env, int64_t ns)
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	uint64_t part = u % (uint64_t)NS_PER_S;
	char text[40];
	size_t len;

	snprintf(text, sizeof(text), "%s%" PRIu64 ".%09" PRIu64,
		 ns < 0 ? "-" : "", u / (uint64_t)NS_PER_S, part);
	len = strlen(text);
	while (text[len - 1] == '0')
		len--;
	len -= text[len - 1] == '.';
	return expr_copy(env, text, len);
}

static struct value text_of_hash(struct expr_env *env, struct value v)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * VALUE_HASH_BYTES];

	if (v.len != VALUE_HASH_BYTES)
		return value_null();
	for (unsigned i = 0; i < VALUE_HASH_BYTES; i++) {
		text[2 * i] = digits[v.p[i] >> 4];
		text[2 * i + 1] = digits[v.p[i] & 15];
	}
	return expr_copy(env, text, sizeof(text));
}

static struct value to_text(struct expr_env *env, struct value v)
{
	char text[TEXT_TIME_BYTES + TEXT_IP_BYTES];

	switch ((enum value_type)v.type) {
	case VALUE_TEXT:
	case VALUE_BYTES:
		return value_bytes(VALUE_TEXT, v.p, v.len);
	case VALUE_BOOL:
	case VALUE_INT:
		snprintf(text, sizeof(text), "%" PRId64, v.i);
		break;
	case VALUE_DOUBLE:
		return text_of_double(env, v.d);
	case VALUE_IP:
		text_ip(v, text);
		break;
	case VALUE_TIMESTAMP:
		text_time(v.i, text);
		break;
	case VALUE_INTERVAL:
		return text_of_interval(env, v.i);
	case VALUE_LIST:
		return text_of_list(env, v);
	case VALUE_HASH:
		return text_of_hash(env, v);
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		return value_null();
	}
	return expr_copy(env, text, strlen(text));
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

static int64_t int_of_text(struct value v)
{
	const uint8_t *p = v.p, *end = v.p + v.len;
	bool negative = false;
	int64_t i = 0;

	while (p < end && is_space(*p))
		p++;
	if (p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	for (; p < end && is_digit(*p); p++) {
		int digit = *p - '0';

		if (__builtin_mul_overflow(i, 10, &i) ||
		    __builtin_sub_overflow(i, digit, &i))
			return negative ? INT64_MIN : INT64_MAX;
	}
	if (negative)
		return i;
	return i == INT64_MIN ? INT64_MAX : -i;
}

/* The bytes of the number at `p`; strtod() would also take "inf", "0x1p". */
static size_t number_bytes(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = p, *digits, *exponent;
	bool any;

	if (at < end && (*at == '-' || *at == '+'))
		at++;
	digits = at;
	at = skip_digits(at, end);
	any = at > digits;
	if (at < end && *at == '.') {
		digits = at + 1;
		at = skip_digits(digits, end);
		any |= at > digits;
	}
	if (!any)
		return 0;
	if (at < end && (*at == 'e' || *at == 'E')) {
		exponent = at + 1;
		if (exponent < end && (*exponent == '-' || *exponent == '+'))
			exponent++;
		if (exponent < end && is_digit(*exponent))
			at = skip_digits(exponent, end);
	}
	return (size_t)(at - p);
}

static struct value double_of_text(struct expr_env *env, struct value v)
{
	const uint8_t *p = v.p, *end = v.p + v.len;
	size_t mark = expr_mark(env), len;
	char *text;
	double d;

	while (p < end && is_space(*p))
		p++;
	len = number_bytes(p, end);
	if (!len)
		return expr_double(0);
	text = (char *)expr_take(env, len + 1);
	if (!text)
		return value_null();
	memcpy(text, p, len);
	text[len] = '\0';
	d = strtod(text, NULL);
	expr_restore(env, mark);
	/* Adding 0 makes -0 the 0 that SQLite has. */
	return expr_double(d + 0.0);
}

/* "-12.5": all of the text, to ns; digits beyond them are dropped. */
static struct value interval_of_text(struct value v)
{
	const uint8_t *p = v.p, *end = v.p + v.len, *start;
	struct value ret = { .type = VALUE_INTERVAL };
	int64_t unit = NS_PER_S;
	bool negative = p < end && *p == '-';

	p += negative;
	start = p;
	for (; p < end && is_digit(*p); p++)
		if (__builtin_mul_overflow(ret.i, 10, &ret.i) ||
		    __builtin_add_overflow(ret.i, *p - '0', &ret.i))
			return value_null();
	if (p == start || __builtin_mul_overflow(ret.i, NS_PER_S, &ret.i))
		return value_null();
	if (p < end && *p == '.')
		for (start = ++p; p < end && is_digit(*p); p++) {
			unit /= 10;
			if (__builtin_add_overflow(ret.i, unit * (*p - '0'),
						   &ret.i))
				return value_null();
		}
	if (p == start || p < end)
		return value_null();
	if (negative)
		ret.i = -ret.i;
	return ret;
}

static bool is_word(struct value v, const char *word)
{
	if (v.len != strlen(word))
		return false;
	for (size_t i = 0; i < v.len; i++)
		if (ascii_lower(v.p[i]) != (uint8_t)word[i])
			return false;
	return true;
}

static struct value bool_of_text(struct value v)
{
	if (is_word(v, "true") || is_word(v, "1"))
		return value_bool(true);
	if (is_word(v, "false") || is_word(v, "0"))
		return value_bool(false);
	return value_null();
}

static struct value ip_of_text(struct expr_env *env, struct value v)
{
	char text[TEXT_IP_BYTES];
	uint8_t bytes[16];
	size_t len = 16;
	struct value ip;

	if (v.len >= sizeof(text) || (v.len && memchr(v.p, '\0', v.len)))
		return value_null();
	if (v.len)
		memcpy(text, v.p, v.len);
	text[v.len] = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1)
		len = 4;
	else if (inet_pton(AF_INET6, text, bytes) != 1)
		return value_null();
	ip = expr_copy(env, bytes, len);
	if (!value_is_null(ip))
		ip.type = VALUE_IP;
	return ip;
}

static int hex_digit(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct value hash_of_text(struct expr_env *env, struct value v)
{
	uint8_t bytes[VALUE_HASH_BYTES];
	struct value hash;

	if (v.len != 2 * VALUE_HASH_BYTES)
		return value_null();
	for (unsigned i = 0; i < VALUE_HASH_BYTES; i++) {
		int high = hex_digit(v.p[2 * i]);
		int low = hex_digit(v.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return value_null();
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	hash = expr_copy(env, bytes, sizeof(bytes));
	if (!value_is_null(hash))
		hash.type = VALUE_HASH;
	return hash;
}

static int64_t int_of_double(double d)
{
	if (d >= 9223372036854775808.0)
		return INT64_MAX;
	if (d < -9223372036854775808.0)
		return INT64_MIN;
	return (int64_t)d;
}

static struct value of_text(struct expr_env *env, struct value v,
			    enum value_type type)
{
	struct value time = { .type = VALUE_TIMESTAMP };

	if (type == VALUE_INT)
		return value_int(int_of_text(v));
	if (type == VALUE_DOUBLE)
		return double_of_text(env, v);
	if (type == VALUE_BYTES)
		return value_bytes(VALUE_BYTES, v.p, v.len);
	if (type == VALUE_BOOL)
		return bool_of_text(v);
	if (type == VALUE_IP)
		return ip_of_text(env, v);
	if (type == VALUE_HASH)
		return hash_of_text(env, v);
	if (type == VALUE_INTERVAL)
		return interval_of_text(v);
	if (type == VALUE_TIMESTAMP &&
	    text_time_parse((const char *)v.p, v.len, &time.i))
		return time;
	return value_null();
}

static struct value of_number(struct value v, enum value_type type)
{
	if (type == VALUE_DOUBLE)
		return v.type == VALUE_DOUBLE ? v : expr_double((double)v.i);
	if (type == VALUE_BOOL)
		return value_bool(v.type == VALUE_DOUBLE ? v.d < 0 || v.d > 0 :
							   v.i != 0);
	if (type != VALUE_INT && type != VALUE_TIMESTAMP &&
	    type != VALUE_INTERVAL)
		return value_null();
	if (v.type == VALUE_DOUBLE)
		v.i = int_of_double(v.d);
	v.type = (uint8_t)type;
	return v;
}

struct value expr_cast(struct expr_env *env, struct value v,
		       enum value_type type)
{
	if (value_is_null(v) || v.type == type)
		return v;
	if (type == VALUE_TEXT)
		return to_text(env, v);
	switch ((enum value_type)v.type) {
	case VALUE_TEXT:
	case VALUE_BYTES:
		return of_text(env, v, type);
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_DOUBLE:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
		return of_number(v, type);
	case VALUE_NULL:
	case VALUE_IP:
	case VALUE_LIST:
	case VALUE_HASH:
	case VALUE_TYPE_COUNT:
		break;
	}
	return value_null();
}
