// SPDX-License-Identifier: Apache-2.0
#include "user/base/buf.h"

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_release(struct buf *buf)
{
	free(buf->bytes);
	*buf = (struct buf){ .limit = buf->limit };
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->failed = 0;
}

uint8_t *buf_reserve(struct buf *buf, size_t n)
{
	size_t need, size;
	uint8_t *bytes;

	if (buf->failed)
		return NULL;
	if (__builtin_add_overflow(buf->len, n, &need) ||
	    (buf->limit && need > buf->limit)) {
		buf->failed = -E2BIG;
		return NULL;
	}
	if (need > buf->size || !buf->bytes) {
		size = buf->size ? buf->size : 256;
		while (size < need)
			size = size > SIZE_MAX / 2 ? need : size * 2;
		bytes = realloc(buf->bytes, size);
		if (!bytes) {
			buf->failed = -ENOMEM;
			return NULL;
		}
		buf->bytes = bytes;
		buf->size = size;
	}
	return buf->bytes + buf->len;
}

int buf_put(struct buf *buf, const void *bytes, size_t n)
{
	uint8_t *to = buf_reserve(buf, n);

	if (!to)
		return buf->failed;
	if (n)
		memcpy(to, bytes, n);
	buf->len += n;
	return 0;
}

int buf_puts(struct buf *buf, const char *text)
{
	return buf_put(buf, text, strlen(text));
}

int buf_putc(struct buf *buf, char c)
{
	return buf_put(buf, &c, 1);
}

int buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list ap;
	uint8_t *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		buf->failed = -EINVAL;
		return buf->failed;
	}
	to = buf_reserve(buf, (size_t)n + 1);
	if (!to)
		return buf->failed;
	va_start(ap, fmt);
	vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)n;
	return 0;
}

int buf_put_le16(struct buf *buf, uint16_t v)
{
	v = htole16(v);
	return buf_put(buf, &v, sizeof(v));
}

int buf_put_le32(struct buf *buf, uint32_t v)
{
	v = htole32(v);
	return buf_put(buf, &v, sizeof(v));
}

int buf_put_le64(struct buf *buf, uint64_t v)
{
	v = htole64(v);
	return buf_put(buf, &v, sizeof(v));
}

int buf_put_be32(struct buf *buf, uint32_t v)
{
	v = htobe32(v);
	return buf_put(buf, &v, sizeof(v));
}

int buf_put_be64(struct buf *buf, uint64_t v)
{
	v = htobe64(v);
	return buf_put(buf, &v, sizeof(v));
}

const char *buf_text(struct buf *buf)
{
	uint8_t *end = buf_reserve(buf, 1);

	if (!end)
		return "";
	*end = 0;
	return (const char *)buf->bytes;
}
