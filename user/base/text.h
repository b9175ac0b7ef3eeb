/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as text, the forms that every output shares, and UTF-8. What an
 * output quotes or escapes is its own.
 */
#ifndef SHRIKE_BASE_TEXT_H
#define SHRIKE_BASE_TEXT_H

#include "user/base/buf.h"
#include "user/base/value.h"

#include <netinet/in.h>

/*
 * The code point at `p` by RFC 3629: its length in bytes, or 0 when the first
 * byte begins none. `len` is above 0.
 */
size_t utf8_decode(const uint8_t *p, size_t len, uint32_t *ret_code);

/*
 * RFC 3339 in UTC, ns of the realtime clock: 2026-01-31T23:59:59.123456789Z.
 * The text order is the time order.
 */
#define TEXT_TIME_BYTES 84 /* enough for any struct tm */
void text_time(int64_t ns, char ret[TEXT_TIME_BYTES]);

/*
 * RFC 3339, with a space for the T too and digits beyond ns dropped; false: it
 * is none, or no such day, or beyond 64 bits of ns.
 */
bool text_time_parse(const char *text, size_t len, int64_t *ret_ns);

/* An address; "" when `ip` has neither 4 nor 16 bytes. */
#define TEXT_IP_BYTES INET6_ADDRSTRLEN
void text_ip(struct value ip, char ret[TEXT_IP_BYTES]);

/* Append seconds without zeros at the end: "90", "-0.25". */
void text_seconds(struct buf *out, int64_t ns);

/* Append two lower-case digits for each byte. */
void text_hex(struct buf *out, const void *bytes, size_t len);

/* Take the first text off a list, not empty; the last may lack its NUL. */
struct value text_list_take(struct value *list);

#endif
