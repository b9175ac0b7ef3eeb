// SPDX-License-Identifier: Apache-2.0
#include "store/query.h"
#include "user/cli/cli.h"
#include "user/cli/options.h"
#include "user/cli/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define QUERY_DEADLINE_MS 60000
#define FLUSH_BYTES ((size_t)64 * 1024)

enum query_format { QUERY_TABLE, QUERY_JSON, QUERY_CSV };

struct query_output {
	enum query_format format;
	struct buf text;
	struct table table;
	uint64_t rows;
	int rc; /* EXIT_OK, or why writing failed */
};

static const struct option long_options[] = {
	{ "store", required_argument, NULL, OPTION_STORE },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ 0 },
};

static int format_take(const char *text, enum query_format *ret_format)
{
	static const char *const names[] = { "table", "json", "csv" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*ret_format = i;
		return EXIT_OK;
	}
	return usage_error("query", "unknown format '%s': table, json or csv",
			   text);
}

/* RFC 4180: quoted where a separator, a quote or a line end is inside. */
static void csv_field(struct buf *out, struct value value)
{
	struct buf text = BUF_INIT;
	const char *bytes;

	if (value_is_null(value))
		return;
	sink_text_value(&text, value);
	bytes = buf_text(&text);
	if (!strpbrk(bytes, ",\"\r\n")) {
		buf_puts(out, bytes);
	} else {
		buf_putc(out, '"');
		for (; *bytes; bytes++) {
			if (*bytes == '"')
				buf_putc(out, '"');
			buf_putc(out, *bytes);
		}
		buf_putc(out, '"');
	}
	buf_release(&text);
}

static void row_json(struct buf *out, const struct query_row *row)
{
	buf_putc(out, '{');
	for (unsigned i = 0; i < row->count; i++) {
		if (i)
			buf_putc(out, ',');
		sink_json_text(out, row->names[i], strlen(row->names[i]));
		buf_putc(out, ':');
		sink_json_value(out, row->values[i]);
	}
	buf_puts(out, "}\n");
}

/* The row, or the names of its columns. */
static void row_csv(struct buf *out, const struct query_row *row, bool names)
{
	for (unsigned i = 0; i < row->count; i++) {
		if (i)
			buf_putc(out, ',');
		csv_field(out,
			  names ? value_text(row->names[i]) : row->values[i]);
	}
	buf_puts(out, "\r\n");
}

static void row_print(struct query_output *o, const struct query_row *row)
{
	switch (o->format) {
	case QUERY_JSON:
		row_json(&o->text, row);
		return;
	case QUERY_CSV:
		if (o->rows == 0)
			row_csv(&o->text, row, true);
		row_csv(&o->text, row, false);
		return;
	case QUERY_TABLE:
		if (o->rows == 0)
			table_names(&o->table, row->names, row->count);
		table_row(&o->table, row->values, &o->text);
		return;
	}
}

static int on_row(void *ctx, const struct query_row *row, struct err *err)
{
	struct query_output *o = ctx;

	row_print(o, row);
	o->rows++;
	if (o->text.len > FLUSH_BYTES || o->text.failed) {
		o->rc = emit(STDOUT_FILENO, &o->text);
		buf_reset(&o->text);
	}
	return o->rc ? err_set(err, ERR_INPUT, -EIO, "output ended") : 0;
}

static int query(const char *dir, const char *sql, struct query_output *o)
{
	const struct store_options options = { .mode = STORE_READ };
	const struct query_limits limits = { .deadline_ms = QUERY_DEADLINE_MS };
	struct store *store;
	struct err err = { 0 };
	int rc = store_open(dir, &options, &store, &err);

	if (rc)
		return report(&err);
	rc = store_query(store, sql, &limits, on_row, o, &err);
	store_close(store);
	table_end(&o->table, &o->text);
	if (!o->rc)
		o->rc = emit(STDOUT_FILENO, &o->text);
	if (o->rc)
		return o->rc; /* and it has said why */
	if (rc < 0)
		return report(&err);
	if (rc == QUERY_PARTIAL) {
		fprintf(stderr,
			"shrike query: stopped after %d s: the answer "
			"is partial\n",
			QUERY_DEADLINE_MS / 1000);
		return EXIT_INCOMPLETE;
	}
	return EXIT_OK;
}

int cmd_query(int argc, char **argv)
{
	struct query_output o = { .format = QUERY_TABLE };
	const char *dir = option_default_store();
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (c == OPTION_STORE)
			dir = optarg;
		else if (c == OPTION_FORMAT)
			rc = format_take(optarg, &o.format);
		else
			rc = option_wrong("query");
	}
	if (!rc && optind != argc - 1)
		rc = usage_error("query", "one SQL statement is needed, as one "
					  "argument");
	if (!rc)
		rc = query(dir, argv[optind], &o);
	buf_release(&o.text);
	return rc;
}
