/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a line, not ended by a NUL, any encoding; owned by the line. */
#ifndef SHRIKE_LOGS_LOG_TEXT_H
#define SHRIKE_LOGS_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct log_text {
	const char *p;
	size_t len;
};

static inline struct log_text log_text(const char *p, size_t len)
{
	return (struct log_text){ p, len };
}

static inline bool log_text_equal(struct log_text a, struct log_text b)
{
	return a.len == b.len && (!a.len || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool log_text_is(struct log_text a, const char *text)
{
	return log_text_equal(a, log_text(text, strlen(text)));
}

#endif
