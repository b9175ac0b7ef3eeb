// SPDX-License-Identifier: Apache-2.0
/*
 * FoundationDB's tuple layer (design/tuple.md of its sources):
 *
 *   code   type      then
 *   01     bytes     the bytes, 00 written as 00 ff, ended by 00
 *   02     text      the same
 *   14     integer   0: nothing
 *   14+n   integer   positive: the shortest n bytes, big-endian, n 1..8
 *   14-n   integer   negative: the same of (2^(8n) - 1) + v
 *   30     uuid      16 bytes
 */
#include "store/tuple_key.h"

#include "user/base/check.h"

#include <errno.h>
#include <string.h>

enum {
	CODE_BYTES = 0x01,
	CODE_TEXT = 0x02,
	CODE_INT_ZERO = 0x14,
	CODE_UUID = 0x30,
};

void tuple_key_init(struct tuple_key *key)
{
	key->len = 0;
	key->failed = false;
}

static void put_byte(struct tuple_key *key, unsigned byte)
{
	if (key->len == sizeof(key->bytes))
		key->failed = true;
	if (!key->failed)
		key->bytes[key->len++] = (uint8_t)byte;
}

static void put_escaped(struct tuple_key *key, unsigned code, const void *p,
			size_t len)
{
	const uint8_t *bytes = p;

	put_byte(key, code);
	for (size_t i = 0; i < len && !key->failed; i++) {
		put_byte(key, bytes[i]);
		if (bytes[i] == 0)
			put_byte(key, 0xff);
	}
	put_byte(key, 0);
}

void tuple_key_put_bytes(struct tuple_key *key, const void *bytes, size_t len)
{
	put_escaped(key, CODE_BYTES, bytes, len);
}

void tuple_key_put_text(struct tuple_key *key, const char *text, size_t len)
{
	put_escaped(key, CODE_TEXT, text, len);
}

static unsigned byte_count(uint64_t v)
{
	return v ? (71 - (unsigned)__builtin_clzll(v)) / 8 : 0;
}

static void put_low_bytes(struct tuple_key *key, uint64_t v, unsigned n)
{
	while (n--)
		put_byte(key, (v >> (8 * n)) & 0xff);
}

void tuple_key_put_uint(struct tuple_key *key, uint64_t v)
{
	unsigned n = byte_count(v);

	put_byte(key, CODE_INT_ZERO + n);
	put_low_bytes(key, v, n);
}

void tuple_key_put_int(struct tuple_key *key, int64_t v)
{
	uint64_t magnitude;
	unsigned n;

	if (v >= 0) {
		tuple_key_put_uint(key, (uint64_t)v);
		return;
	}
	magnitude = -(uint64_t)v;
	n = byte_count(magnitude);
	put_byte(key, CODE_INT_ZERO - n);
	put_low_bytes(key, ~magnitude, n);
}

void tuple_key_put_uuid(struct tuple_key *key, const uint8_t *id, size_t len)
{
	CHECK(len <= 16);
	put_byte(key, CODE_UUID);
	for (size_t i = 0; i < len; i++)
		put_byte(key, id[i]);
}

int tuple_key_get_uint(const void *p, size_t len, uint64_t *ret_v)
{
	const uint8_t *bytes = p;
	uint64_t v = 0;
	unsigned n;

	if (len == 0 || bytes[0] < CODE_INT_ZERO ||
	    bytes[0] > CODE_INT_ZERO + 8)
		return -EBADMSG;
	n = bytes[0] - CODE_INT_ZERO;
	if (len != 1 + n)
		return -EBADMSG;
	for (unsigned i = 0; i < n; i++)
		v = v << 8 | bytes[1 + i];
	if (byte_count(v) != n)
		return -EBADMSG;
	*ret_v = v;
	return 0;
}
