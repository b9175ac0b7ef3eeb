/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as aligned columns, for people. In: names, then rows of values. Out:
 * text. Only the first rows, some 64 KiB of text, are held back to measure the
 * columns by; later rows follow at once in the same columns, and a cell that is
 * wider than its column moves the rest of its line.
 */
#ifndef SHRIKE_CLI_TABLE_H
#define SHRIKE_CLI_TABLE_H

#include "user/base/buf.h"
#include "user/base/value.h"

#include <stdbool.h>

/* Further columns are separated, not aligned. */
#define TABLE_COLUMNS_MAX 64

struct table {
	unsigned columns;
	bool measured;
	unsigned widths[TABLE_COLUMNS_MAX]; /* characters */
	struct buf cells;		    /* each with its NUL, by rows */
};

/* The line of names; once, before the rows. */
void table_names(struct table *table, const char *const *names,
		 unsigned columns);

/* `values` has as many columns as there are names. */
void table_row(struct table *table, const struct value *values,
	       struct buf *out);

/* What is still held back; the table is released. */
void table_end(struct table *table, struct buf *out);

#endif
