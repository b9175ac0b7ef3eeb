// SPDX-License-Identifier: Apache-2.0
#include "user/base/catalog.h"
#include "user/cli/cli.h"
#include "user/cli/options.h"

#include <string.h>
#include <unistd.h>

static const struct option long_options[] = {
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ 0 },
};

static void literals_print(struct buf *out, const struct stream *stream,
			   const struct column *column)
{
	const char *text;
	int64_t value;

	if (column->id < COL_OWN_FIRST)
		return;
	for (unsigned i = 0;
	     (text = catalog_literal(stream->id, column, i, &value)); i++)
		buf_printf(out, "%s'%s' = %lld", i ? ", " : " (", text,
			   (long long)value);
	if (catalog_literal(stream->id, column, 0, &value))
		buf_puts(out, ")");
}

static void column_print(struct buf *out, const struct stream *stream,
			 const struct column *column, bool markdown)
{
	const char *where = catalog_in_kernel(column) ? "kernel" : "user";

	if (column->hidden)
		return;
	buf_printf(out,
		   markdown ? "| `%s` | %s | %s | %s" : "  %-15s %-10s %-7s %s",
		   column->name, value_type_name(column->type), where,
		   column->doc);
	literals_print(out, stream, column);
	buf_puts(out, markdown ? " |\n" : "\n");
}

static void columns_print(struct buf *out, const struct stream *stream,
			  unsigned first, unsigned end, bool markdown)
{
	if (markdown)
		buf_puts(out, "\n| column | type | decided in | what it is |\n"
			      "|---|---|---|---|\n");
	for (unsigned i = first; i < end; i++)
		column_print(out, stream, catalog_column_at(stream, i),
			     markdown);
	buf_puts(out, "\n");
}

static void stream_print(struct buf *out, const struct stream *stream,
			 bool markdown)
{
	buf_printf(out, markdown ? "## %s (%s)\n\n%s\n" : "%s (%s): %s\n",
		   stream->name, stream->alias, stream->doc);
	columns_print(out, stream, COL_OWN_FIRST, catalog_column_count(stream),
		      markdown);
}

static int catalog_print(const char *name, bool markdown, struct buf *out)
{
	const struct stream *one =
		name ? catalog_stream_by_name(name, strlen(name)) : NULL;

	if (name && !one)
		return usage_error(
			"streams",
			"there is no stream '%s'; without a name all are listed",
			name);
	for (unsigned i = 0; i < STREAM_VISIBLE_COUNT; i++)
		if (!one || one->id == i)
			stream_print(out, catalog_stream(i), markdown);
	buf_puts(out, markdown ? "## Every stream\n" : "every stream:\n");
	columns_print(out, catalog_stream(0), 0, COL_OWN_FIRST, markdown);
	return EXIT_OK;
}

int cmd_streams(int argc, char **argv)
{
	struct buf out = BUF_INIT;
	bool markdown = false;
	int c, rc;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (c != OPTION_FORMAT)
			return option_wrong("streams");
		markdown = strcmp(optarg, "markdown") == 0;
		if (!markdown && strcmp(optarg, "text") != 0)
			return usage_error("streams",
					   "unknown format '%s': text or "
					   "markdown",
					   optarg);
	}
	if (argc - optind > 1)
		return usage_error("streams", "one stream at a time");
	rc = catalog_print(optind < argc ? argv[optind] : NULL, markdown, &out);
	if (!rc)
		rc = emit(STDOUT_FILENO, &out);
	buf_release(&out);
	return rc;
}
