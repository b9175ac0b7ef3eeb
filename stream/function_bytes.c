// SPDX-License-Identifier: Apache-2.0
/* Functions that look at bytes as bytes: encodings, entropy. */
#include "stream/function_int.h"

#include <math.h>

struct value function_hex(const struct value *args, struct expr_env *env)
{
	static const char digits[] = "0123456789ABCDEF";
	struct value v = function_text(args[0], env);
	uint8_t *p;

	if (value_is_null(v))
		return v;
	p = expr_take(env, (size_t)v.len * 2);
	if (!p)
		return value_null();
	for (uint32_t i = 0; i < v.len; i++) {
		p[2 * i] = (uint8_t)digits[v.p[i] >> 4];
		p[2 * i + 1] = (uint8_t)digits[v.p[i] & 15];
	}
	return value_bytes(VALUE_TEXT, p, (size_t)v.len * 2);
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct value function_unhex(const struct value *args, struct expr_env *env)
{
	struct value v = expr_cast(env, args[0], VALUE_TEXT);
	uint8_t *p;

	if (value_is_null(v) || v.len % 2)
		return value_null();
	p = expr_take(env, v.len / 2);
	if (!p)
		return value_null();
	for (uint32_t i = 0; i < v.len; i += 2) {
		int high = hex_digit(v.p[i]), low = hex_digit(v.p[i + 1]);

		if (high < 0 || low < 0)
			return value_null();
		p[i / 2] = (uint8_t)(high << 4 | low);
	}
	return value_bytes(VALUE_BYTES, p, v.len / 2);
}

struct value function_entropy(const struct value *args, struct expr_env *env)
{
	struct value v = function_text(args[0], env);
	uint32_t counts[256] = { 0 };
	double bits = 0;

	if (value_is_null(v))
		return v;
	for (uint32_t i = 0; i < v.len; i++)
		counts[v.p[i]]++;
	for (unsigned c = 0; c < 256; c++) {
		double share = (double)counts[c] / v.len;

		if (counts[c])
			bits -= share * log2(share);
	}
	/* Of one value only it is 0, not the -0 that 0 - 1 * 0 gives. */
	return expr_double(bits + 0.0);
}

static int base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '/')
		return c == '+' ? 62 : 63;
	return -1;
}

/* RFC 4648; bits that fill the last digit up may be anything. */
struct value function_base64_decode(const struct value *args,
				    struct expr_env *env)
{
	struct value v = expr_cast(env, args[0], VALUE_TEXT);
	size_t len = v.len, n = 0;
	uint32_t bits = 0;
	uint8_t *p;

	if (value_is_null(v))
		return v;
	if (len && len % 4 == 0 && v.p[len - 1] == '=')
		len -= v.p[len - 2] == '=' ? 2 : 1;
	if (len % 4 == 1)
		return value_null();
	p = expr_take(env, len * 3 / 4);
	if (!p)
		return value_null();
	for (size_t i = 0; i < len; i++) {
		int digit = base64_digit(v.p[i]);

		if (digit < 0)
			return value_null();
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 == 0)
			continue;
		/* After 2, 3 and 4 digits one more byte is whole. */
		p[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	return value_bytes(VALUE_TEXT, p, n);
}
