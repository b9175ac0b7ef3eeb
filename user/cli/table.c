// SPDX-License-Identifier: Apache-2.0
#include "user/cli/table.h"

#include "user/sink/sink.h"

#include <string.h>

#define MEASURED_BYTES ((size_t)64 * 1024)
#define WIDTH_MAX 60 /* one long command line does not widen every row */

/* In characters of UTF-8. */
static unsigned width_of(const char *text)
{
	unsigned width = 0;

	for (; *text; text++)
		width += ((uint8_t)*text & 0xc0) != 0x80;
	return width;
}

static void add_cell(struct table *table, unsigned column, struct value value)
{
	size_t start = table->cells.len;
	unsigned width;

	sink_text_value(&table->cells, value);
	buf_putc(&table->cells, '\0');
	if (table->cells.failed || table->measured ||
	    column >= TABLE_COLUMNS_MAX)
		return;
	width = width_of((const char *)table->cells.bytes + start);
	if (width > WIDTH_MAX)
		width = WIDTH_MAX;
	if (table->widths[column] < width)
		table->widths[column] = width;
}

static void put_cell(const struct table *table, unsigned column,
		     const char *text, struct buf *out)
{
	unsigned width = width_of(text);
	bool last = column + 1 == table->columns;

	buf_puts(out, text);
	if (!last && column < TABLE_COLUMNS_MAX)
		for (; width < table->widths[column]; width++)
			buf_putc(out, ' ');
	buf_puts(out, last ? "\n" : "  ");
}

/* Every row that is held. */
static void put_rows(struct table *table, struct buf *out)
{
	size_t at = 0;

	if (table->cells.failed)
		out->failed = table->cells.failed;
	for (unsigned column = 0; !out->failed && at < table->cells.len;
	     column = (column + 1) % table->columns) {
		const char *cell = (const char *)table->cells.bytes + at;

		put_cell(table, column, cell, out);
		at += strlen(cell) + 1;
	}
	buf_reset(&table->cells);
	table->measured = true;
}

void table_names(struct table *table, const char *const *names,
		 unsigned columns)
{
	*table = (struct table){ .columns = columns };
	for (unsigned i = 0; i < columns; i++)
		add_cell(table, i, value_text(names[i]));
}

void table_row(struct table *table, const struct value *values, struct buf *out)
{
	for (unsigned i = 0; i < table->columns; i++)
		add_cell(table, i, values[i]);
	if (table->measured || table->cells.failed ||
	    table->cells.len > MEASURED_BYTES)
		put_rows(table, out);
}

void table_end(struct table *table, struct buf *out)
{
	put_rows(table, out);
	buf_release(&table->cells);
}
