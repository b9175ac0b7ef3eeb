/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of unknown origin made safe to print. Text for people: what a terminal
 * might act on, or what hides or reorders text, becomes \xNN for each byte.
 * JSON: escapes of the standard; a byte that is no UTF-8 becomes U+FFFD.
 */
#ifndef SHRIKE_SINK_ESCAPE_H
#define SHRIKE_SINK_ESCAPE_H

#include "user/base/buf.h"

#include <stdbool.h>

/* Spaces stay as they are. */
void escape_text(struct buf *out, const void *bytes, size_t len);

/* In double quotes where a shell's reader would want them. */
void escape_word(struct buf *out, const void *bytes, size_t len);

#endif
