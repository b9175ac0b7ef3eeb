// SPDX-License-Identifier: Apache-2.0
#include "compiler/compilation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message quotes names of the rule text, which are bounded; so is it. */
#define MESSAGE_BYTES_MAX 1024

void *compilation_alloc(struct compilation *c, size_t n, size_t size)
{
	void *ret = arena_array(c->arena, n, size);

	if (!ret)
		c->nomem = true;
	return ret;
}

char *compilation_copy(struct compilation *c, const char *text, size_t len)
{
	char *ret = arena_copy(c->arena, text, len);

	if (!ret)
		c->nomem = true;
	return ret;
}

static const char *format(struct compilation *c, const char *fmt, va_list ap)
{
	char text[MESSAGE_BYTES_MAX];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n < 0)
		n = 0;
	return compilation_copy(c, text,
				(size_t)n < sizeof(text) ? (size_t)n :
							   sizeof(text) - 1);
}

const char *compilation_text(struct compilation *c, const char *fmt, ...)
{
	const char *ret;
	va_list ap;

	va_start(ap, fmt);
	ret = format(c, fmt, ap);
	va_end(ap);
	return ret;
}

const char *compilation_take(struct compilation *c, struct buf *buf)
{
	const char *ret = NULL;

	if (buf->failed)
		c->nomem = true;
	else
		ret = compilation_copy(c, buf_text(buf), buf->len);
	buf_release(buf);
	return ret;
}

void *compilation_grow(struct compilation *c, void *items, unsigned count,
		       size_t size)
{
	void *grown;

	if (count & (count - 1))
		return items;
	grown = compilation_alloc(c, count ? (size_t)count * 2 : 1, size);
	if (grown && count)
		memcpy(grown, items, count * size);
	return grown;
}

bool compilation_is_full(const struct compilation *c)
{
	return c->diagnostics->count >= DIAGNOSTICS_MAX;
}

bool compilation_has_warned(const struct compilation *c, struct span span)
{
	for (unsigned i = 0; i < c->diagnostics->count; i++) {
		const struct diagnostic *d = &c->diagnostics->items[i];

		if (d->level == DIAGNOSTIC_WARNING &&
		    d->span.source == span.source &&
		    d->span.start == span.start && d->span.end == span.end)
			return true;
	}
	return false;
}

static void diagnose(struct compilation *c, enum diagnostic_level level,
		     struct span span, const char *suggestion, const char *fmt,
		     va_list ap)
{
	struct diagnostics *all = c->diagnostics;
	unsigned count = all->count;
	const char *message;

	/* Of a file of nothing but errors only the first ones cost memory. */
	message = compilation_is_full(c) ? "" : format(c, fmt, ap);
	diagnostic_add(all, level, span, c->rule,
		       message ? message : "no memory", suggestion);
	if (all->count > count)
		all->items[count].of_view = c->of_view;
}

void compilation_error(struct compilation *c, struct span span,
		       const char *suggestion, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diagnose(c, DIAGNOSTIC_ERROR, span, suggestion, fmt, ap);
	va_end(ap);
}

void compilation_warning(struct compilation *c, struct span span,
			 const char *suggestion, const char *fmt, ...)
{
	va_list ap;

	if (c->no_warnings)
		return;
	va_start(ap, fmt);
	diagnose(c, DIAGNOSTIC_WARNING, span, suggestion, fmt, ap);
	va_end(ap);
}

void compilation_add_damaged(struct compilation *c, const char *name)
{
	const char **grown = compilation_grow(c, c->damaged, c->damaged_count,
					      sizeof(*grown));

	if (!grown)
		return;
	c->damaged = grown;
	grown[c->damaged_count++] = name;
}

bool compilation_is_damaged(const struct compilation *c, const char *name)
{
	for (unsigned i = 0; i < c->damaged_count; i++)
		if (strcmp(c->damaged[i], name) == 0)
			return true;
	return false;
}
