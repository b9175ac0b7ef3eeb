/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a text one JSON value by RFC 8259, in valid UTF-8, without control
 * characters anywhere?
 */
#ifndef SHRIKE_TESTS_JSON_CHECK_H
#define SHRIKE_TESTS_JSON_CHECK_H

#include "user/base/text.h"

#include <string.h>

struct json_cursor {
	const uint8_t *p;
	size_t len;
};

static inline bool json_take(struct json_cursor *c, const char *text)
{
	size_t n = strlen(text);

	if (c->len < n || memcmp(c->p, text, n) != 0)
		return false;
	c->p += n;
	c->len -= n;
	return true;
}

static inline bool json_take_any(struct json_cursor *c, const char *set)
{
	if (!c->len || !*c->p || !strchr(set, *c->p))
		return false;
	c->p++;
	c->len--;
	return true;
}

static inline bool json_hex4(struct json_cursor *c)
{
	for (int i = 0; i < 4; i++)
		if (!json_take_any(c, "0123456789abcdefABCDEF"))
			return false;
	return true;
}

static inline bool json_string(struct json_cursor *c)
{
	uint32_t code;
	size_t n;

	if (!json_take(c, "\""))
		return false;
	while (!json_take(c, "\"")) {
		if (json_take(c, "\\u")) {
			if (!json_hex4(c))
				return false;
			continue;
		}
		if (json_take(c, "\\")) {
			if (!json_take_any(c, "\"\\/bfnrt"))
				return false;
			continue;
		}
		n = c->len ? utf8_decode(c->p, c->len, &code) : 0;
		if (!n || code < 0x20 || (code >= 0x7f && code < 0xa0))
			return false;
		c->p += n;
		c->len -= n;
	}
	return true;
}

static inline bool json_digits(struct json_cursor *c)
{
	bool any = false;

	while (json_take_any(c, "0123456789"))
		any = true;
	return any;
}

static inline bool json_number(struct json_cursor *c)
{
	json_take(c, "-");
	if (!json_take(c, "0") && !json_digits(c))
		return false;
	if (json_take(c, ".") && !json_digits(c))
		return false;
	if (json_take_any(c, "eE")) {
		json_take_any(c, "+-");
		return json_digits(c);
	}
	return true;
}

static inline bool json_value(struct json_cursor *c, int depth);

static inline bool json_members(struct json_cursor *c, int depth, bool object)
{
	const char *end = object ? "}" : "]";

	if (json_take(c, end))
		return true;
	do {
		if (object && (!json_string(c) || !json_take(c, ":")))
			return false;
		if (!json_value(c, depth))
			return false;
	} while (json_take(c, ","));
	return json_take(c, end);
}

static inline bool json_value(struct json_cursor *c, int depth)
{
	if (!depth || !c->len)
		return false;
	if (json_take(c, "{"))
		return json_members(c, depth - 1, true);
	if (json_take(c, "["))
		return json_members(c, depth - 1, false);
	if (*c->p == '"')
		return json_string(c);
	return json_take(c, "true") || json_take(c, "false") ||
	       json_take(c, "null") || json_number(c);
}

/* One value without blanks outside of strings, then `tail`. */
static inline bool json_is_valid(const struct buf *text, const char *tail)
{
	struct json_cursor c = { text->bytes, text->len };

	return json_value(&c, 8) && json_take(&c, tail) && !c.len;
}

#endif
