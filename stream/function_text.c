// SPDX-License-Identifier: Apache-2.0
#include "stream/function_int.h"

/* What lies beyond no text reaches; sums of three of these do not overflow. */
#define POSITION_MAX (INT64_C(1) << 40)

static int64_t characters(const uint8_t *p, const uint8_t *end)
{
	int64_t n = 0;

	for (; p < end; n++)
		p = utf8_skip(p, end);
	return n;
}

static int64_t length_of(struct value v)
{
	return v.type == VALUE_BYTES ? v.len : characters(v.p, v.p + v.len);
}

struct value function_length(const struct value *args, struct expr_env *env)
{
	struct value v = function_text(args[0], env);

	return value_is_null(v) ? v : value_int(length_of(v));
}

static struct value part(struct value v, int64_t from, int64_t count)
{
	const uint8_t *p = v.p, *end = v.p + v.len, *to;

	if (v.type == VALUE_BYTES) {
		from = from < v.len ? from : v.len;
		count = count < v.len - from ? count : v.len - from;
		return value_bytes(VALUE_BYTES, v.p + from, (size_t)count);
	}
	for (; from && p < end; from--)
		p = utf8_skip(p, end);
	for (to = p; count && to < end; count--)
		to = utf8_skip(to, end);
	return value_bytes(VALUE_TEXT, p, (size_t)(to - p));
}

static bool position(struct value v, struct expr_env *env, int64_t *ret)
{
	v = expr_cast(env, v, VALUE_INT);
	if (v.type != VALUE_INT)
		return false;
	*ret = v.i > POSITION_MAX  ? POSITION_MAX :
	       v.i < -POSITION_MAX ? -POSITION_MAX :
				     v.i;
	return true;
}

/*
 * SQLite's arithmetic: a position before the text takes from the count, so does
 * position 0; a negative count is of the characters before the position.
 */
struct value function_substr(const struct value *args, unsigned count,
			     struct expr_env *env)
{
	struct value v = function_text(args[0], env);
	int64_t from, n = POSITION_MAX;
	bool before = false;

	if (value_is_null(v) || !position(args[1], env, &from) ||
	    (count == 3 && !position(args[2], env, &n)))
		return value_null();
	if (n < 0) {
		before = true;
		n = -n;
	}
	if (from < 0) {
		from += length_of(v);
		if (from < 0) {
			n = n + from > 0 ? n + from : 0;
			from = 0;
		}
	} else if (from > 0) {
		from--;
	} else if (n > 0) {
		n--;
	}
	if (before) {
		from -= n;
		if (from < 0) {
			n += from;
			from = 0;
		}
	}
	return part(v, from, n);
}

static bool is_continuation(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}

/*
 * SQLite tries each byte that continues nothing. A part that begins with such a
 * byte is found there alone, any other only at the very start.
 */
struct value function_instr(const struct value *args, struct expr_env *env)
{
	struct value v = function_text(args[0], env);
	struct value want = function_text(args[1], env);
	bool bytes = v.type == VALUE_BYTES && want.type == VALUE_BYTES;
	const uint8_t *at;
	int64_t n = 1;

	if (value_is_null(v) || value_is_null(want))
		return value_null();
	if (!want.len)
		return value_int(1);
	if (!bytes && is_continuation(want.p[0])) {
		bool there =
			v.len >= want.len && memcmp(v.p, want.p, want.len) == 0;

		return value_int(there);
	}
	at = v.len ? memmem(v.p, v.len, want.p, want.len) : NULL;
	if (!at)
		return value_int(0);
	if (bytes)
		return value_int(at - v.p + 1);
	for (const uint8_t *p = v.p + 1; p <= at; p++)
		n += !is_continuation(*p);
	return value_int(n);
}

struct value function_letters(const struct value *args, struct expr_env *env,
			      bool upper)
{
	struct value v = expr_cast(env, args[0], VALUE_TEXT);
	uint8_t first = upper ? 'a' : 'A', *p;

	if (value_is_null(v))
		return v;
	p = expr_take(env, v.len);
	if (!p)
		return value_null();
	for (uint32_t i = 0; i < v.len; i++) {
		uint8_t c = v.p[i];

		p[i] = c >= first && c < first + 26 ? c ^ 0x20 : c;
	}
	return value_bytes(VALUE_TEXT, p, v.len);
}

/* The bytes of the first of `set` that the text begins with, or ends in; 0. */
static size_t trimmed(struct value set, const uint8_t *p, size_t len,
		      bool at_end)
{
	const uint8_t *c = set.p, *end = set.p + set.len;

	while (c < end) {
		const uint8_t *next = utf8_skip(c, end);
		size_t n = (size_t)(next - c);

		if (n <= len && memcmp(at_end ? p + len - n : p, c, n) == 0)
			return n;
		c = next;
	}
	return 0;
}

struct value function_trim(const struct value *args, unsigned count,
			   struct expr_env *env)
{
	struct value v = expr_cast(env, args[0], VALUE_TEXT);
	struct value set = value_text(" ");
	const uint8_t *p = v.p;
	size_t len = v.len, n;

	if (count == 2)
		set = expr_cast(env, args[1], VALUE_TEXT);
	if (value_is_null(v) || value_is_null(set) ||
	    set.len > FUNCTION_TRIM_BYTES_MAX)
		return value_null();
	while ((n = trimmed(set, p, len, false)) > 0) {
		p += n;
		len -= n;
	}
	while ((n = trimmed(set, p, len, true)) > 0)
		len -= n;
	return value_bytes(VALUE_TEXT, p, len);
}

static bool append(struct expr_env *env, const uint8_t *bytes, size_t len)
{
	uint8_t *p = expr_take(env, len);

	if (p && len)
		memcpy(p, bytes, len);
	return p;
}

/* The parts go to the scratch one behind the other. */
struct value function_replace(const struct value *args, struct expr_env *env)
{
	struct value v = expr_cast(env, args[0], VALUE_TEXT);
	struct value from = expr_cast(env, args[1], VALUE_TEXT);
	struct value to = expr_cast(env, args[2], VALUE_TEXT);
	const uint8_t *p = v.p, *end = v.p + v.len, *at;
	size_t mark = expr_mark(env);

	if (value_is_null(v) || value_is_null(from) || value_is_null(to))
		return value_null();
	if (!from.len)
		return v;
	while (p < end &&
	       (at = memmem(p, (size_t)(end - p), from.p, from.len)) != NULL) {
		if (!append(env, p, (size_t)(at - p)) ||
		    !append(env, to.p, to.len))
			return value_null();
		p = at + from.len;
	}
	if (!append(env, p, (size_t)(end - p)))
		return value_null();
	return value_bytes(VALUE_TEXT, env->scratch + mark,
			   expr_mark(env) - mark);
}

struct value function_basename(const struct value *args, struct expr_env *env)
{
	struct value v = expr_cast(env, args[0], VALUE_TEXT);
	const uint8_t *slash = v.len ? memrchr(v.p, '/', v.len) : NULL;

	if (!slash)
		return v;
	return value_bytes(VALUE_TEXT, slash + 1,
			   (size_t)(v.p + v.len - (slash + 1)));
}

struct value function_dirname(const struct value *args, struct expr_env *env)
{
	struct value v = expr_cast(env, args[0], VALUE_TEXT);
	const uint8_t *slash = v.len ? memrchr(v.p, '/', v.len) : NULL;

	if (value_is_null(v))
		return v;
	if (!slash)
		return value_text("");
	return value_bytes(VALUE_TEXT, v.p,
			   slash == v.p ? 1 : (size_t)(slash - v.p));
}
