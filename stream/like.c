// SPDX-License-Identifier: Apache-2.0
/*
 * LIKE: % is any text, _ is one character, the escape makes the character
 * after it literal. % and _ go by characters (utf8_skip()), all else by bytes, so
 * that a pattern without inner wildcards is a plain test of bytes. One backtracking point suffices: only the last % can
 * still move, so the cost is at most text times pattern.
 */
#include "stream/expr_int.h"

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
};

enum like_step {
	LIKE_END,
	LIKE_ANY,     /* % */
	LIKE_ONE,     /* _ */
	LIKE_LITERAL, /* the byte at the cursor */
	LIKE_NEVER,   /* an escape with nothing after it */
};

/* What the pattern asks for next; moves past % and _, and to the literal. */
static enum like_step like_next(struct cursor *pattern, uint8_t escape)
{
	if (pattern->at == pattern->end)
		return LIKE_END;
	if (escape && *pattern->at == escape) {
		pattern->at++;
		return pattern->at < pattern->end ? LIKE_LITERAL : LIKE_NEVER;
	}
	if (*pattern->at != '%' && *pattern->at != '_')
		return LIKE_LITERAL;
	return *pattern->at++ == '%' ? LIKE_ANY : LIKE_ONE;
}

static bool same_byte(struct cursor *text, struct cursor *pattern,
		      bool fold_case)
{
	if (text->at == text->end)
		return false;
	if (*text->at != *pattern->at &&
	    (!fold_case || ascii_lower(*text->at) != ascii_lower(*pattern->at)))
		return false;
	text->at++;
	pattern->at++;
	return true;
}

bool like_match(const uint8_t *text, size_t len, const uint8_t *pattern,
		size_t pattern_len, uint8_t escape, bool fold_case)
{
	struct cursor t = { text, text + len };
	struct cursor p = { pattern, pattern + pattern_len };
	struct cursor retry_t = t, retry_p = p;
	bool can_retry = false;

	for (;;) {
		enum like_step step = like_next(&p, escape);

		if (step == LIKE_NEVER)
			return false;
		if (step == LIKE_ANY) {
			if (p.at == p.end)
				return true;
			can_retry = true;
			retry_t = t;
			retry_p = p;
			continue;
		}
		if (step == LIKE_END && t.at == t.end)
			return true;
		if (step == LIKE_ONE && t.at < t.end) {
			t.at = utf8_skip(t.at, t.end);
			continue;
		}
		if (step == LIKE_LITERAL && same_byte(&t, &p, fold_case))
			continue;
		if (!can_retry || retry_t.at == retry_t.end)
			return false;
		retry_t.at = utf8_skip(retry_t.at, retry_t.end);
		t = retry_t;
		p = retry_p;
	}
}
