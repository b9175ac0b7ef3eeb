/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer with a sticky error: append as often as you like, ask
 * once at the end. Text is appended without its NUL; buf_text() adds one.
 */
#ifndef SHRIKE_BASE_BUF_H
#define SHRIKE_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *bytes;
	size_t len;
	size_t size;
	size_t limit; /* 0: no limit */
	int failed;   /* 0, or -ENOMEM, or -E2BIG when over the limit */
};

#define BUF_INIT ((struct buf){ 0 })

void buf_release(struct buf *buf);
void buf_reset(struct buf *buf);

/* Room for `n` more bytes at the end, uncounted; NULL on failure. */
uint8_t *buf_reserve(struct buf *buf, size_t n);

/* Appends return 0 or buf->failed, and do nothing once it is set. */
int buf_put(struct buf *buf, const void *bytes, size_t n);
int buf_puts(struct buf *buf, const char *text);
int buf_putc(struct buf *buf, char c);
int buf_printf(struct buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int buf_put_le16(struct buf *buf, uint16_t v);
int buf_put_le32(struct buf *buf, uint32_t v);
int buf_put_le64(struct buf *buf, uint64_t v);
int buf_put_be32(struct buf *buf, uint32_t v);
int buf_put_be64(struct buf *buf, uint64_t v);

/* The bytes as a C string, "" when empty or failed; owned by the buffer. */
const char *buf_text(struct buf *buf);

#endif
