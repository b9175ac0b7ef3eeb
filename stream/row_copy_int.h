/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of rows that outlive the batch they came in: the row, its values and
 * their bytes in one piece, its contexts held.
 */
#ifndef SHRIKE_STREAM_ROW_COPY_INT_H
#define SHRIKE_STREAM_ROW_COPY_INT_H

#include "user/base/row.h"

/* What row_copy() needs at `to`, which is aligned for a struct row. */
size_t row_copy_bytes(const struct row *row);
void row_copy(struct row *to, const struct row *from);

/* Lets the contexts go; the memory is the caller's. */
void row_copy_release(struct row *copy);

#endif
