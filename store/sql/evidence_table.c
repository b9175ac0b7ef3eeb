// SPDX-License-Identifier: Apache-2.0
/*
 * Table evidence: one row for each event of each match. Its columns are those
 * of the catalog, each name once; NULL where the event's stream has none such.
 */
#include "store/sql/sql_int.h"

#include "user/base/check.h"

#include <stdlib.h>
#include <string.h>

enum evidence_column {
	EVIDENCE_MATCH_SEQ,
	EVIDENCE_MATCH_ID,
	EVIDENCE_RULE,
	EVIDENCE_N,
	EVIDENCE_STREAM,
	EVIDENCE_FIRST /* of the catalog */
};

static const char own_columns[] = "match_seq INTEGER, match_id TEXT, "
				  "rule TEXT, n INTEGER, stream TEXT";

/* For estimates only. */
#define EVENTS_PER_MATCH 4

struct evidence_table {
	struct sql_table base;
	struct arena arena;
	unsigned name_count;
	const char **names; /* of the catalog's columns, in table order */
};

struct evidence_cursor {
	sqlite3_vtab_cursor base;
	struct match_scan scan;
	const struct match_doc *doc; /* of the current row */
	unsigned n;
};

static struct evidence_table *table_of(sqlite3_vtab *table)
{
	return (struct evidence_table *)table;
}

static struct evidence_cursor *cursor_of(sqlite3_vtab_cursor *cursor)
{
	return (struct evidence_cursor *)cursor;
}

static bool has_name(const struct evidence_table *table, const char *name)
{
	for (unsigned i = 0; i < table->name_count; i++)
		if (strcmp(table->names[i], name) == 0)
			return true;
	return false;
}

static const char *type_of(enum value_type type)
{
	switch (type) {
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_INTERVAL:
		return "INTEGER";
	case VALUE_DOUBLE:
		return "REAL";
	case VALUE_BYTES:
		return "BLOB";
	case VALUE_TEXT:
	case VALUE_IP:
	case VALUE_TIMESTAMP:
	case VALUE_LIST:
	case VALUE_HASH:
	case VALUE_NULL:
	case VALUE_TYPE_COUNT:
		break;
	}
	return "TEXT";
}

static void add_columns(struct evidence_table *table,
			const struct stream *stream, struct buf *text)
{
	for (unsigned id = 0; id < catalog_column_count(stream); id++) {
		const struct column *column = catalog_column_at(stream, id);
		int64_t value;

		if (column->hidden || has_name(table, column->name))
			continue;
		table->names[table->name_count++] = column->name;
		buf_printf(text, ", \"%s\" %s", column->name,
			   catalog_literal(stream->id, column, 0, &value) ?
				   "TEXT" :
				   type_of(column->type));
	}
}

/* The columns, and the declaration in `text`. */
static int make_columns(struct evidence_table *table, struct buf *text)
{
	unsigned n = 0;

	for (int s = 0; s < STREAM_VISIBLE_COUNT; s++)
		n += catalog_column_count(catalog_stream((enum stream_id)s));
	table->names = arena_array(&table->arena, n, sizeof(*table->names));
	if (!table->names)
		return SQLITE_NOMEM;
	buf_printf(text, "CREATE TABLE evidence(%s", own_columns);
	for (int s = 0; s < STREAM_VISIBLE_COUNT; s++)
		add_columns(table, catalog_stream((enum stream_id)s), text);
	buf_puts(text, ")");
	return text->failed ? SQLITE_NOMEM : SQLITE_OK;
}

static int evidence_disconnect(sqlite3_vtab *base)
{
	arena_release(&table_of(base)->arena);
	return sql_disconnect(base);
}

static int evidence_connect(sqlite3 *db, void *statement, int argc,
			    const char *const *argv, sqlite3_vtab **ret_table,
			    char **ret_message)
{
	struct evidence_table *table = calloc(1, sizeof(*table));
	struct buf text = BUF_INIT;
	int rc;

	(void)argc;
	(void)argv;
	if (!table)
		return SQLITE_NOMEM;
	table->base.statement = statement;
	arena_init(&table->arena, 256 * 1024);
	rc = make_columns(table, &text);
	if (rc == SQLITE_OK)
		rc = sqlite3_declare_vtab(db, buf_text(&text));
	if (rc == SQLITE_ERROR)
		*ret_message = sqlite3_mprintf("%s", sqlite3_errmsg(db));
	buf_release(&text);
	if (rc)
		evidence_disconnect(&table->base.base);
	else
		*ret_table = &table->base.base;
	return rc;
}

static enum sql_key evidence_key(int column)
{
	switch (column) {
	case EVIDENCE_MATCH_SEQ:
		return KEY_SEQ;
	case EVIDENCE_MATCH_ID:
		return KEY_ID;
	case EVIDENCE_RULE:
		return KEY_RULE;
	default:
		return KEY_NONE;
	}
}

static int evidence_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	return sql_plan(table_of(table)->base.statement, info, evidence_key,
			TABLE_MATCH, EVENTS_PER_MATCH);
}

static int evidence_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor)
{
	struct evidence_cursor *cursor = calloc(1, sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	match_scan_init(&cursor->scan, table_of(table)->base.statement);
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

static int evidence_close(sqlite3_vtab_cursor *base)
{
	match_scan_release(&cursor_of(base)->scan);
	free(base);
	return SQLITE_OK;
}

/* To the first event from the current match on. */
static int settle(struct evidence_cursor *cursor)
{
	int rc = SQLITE_OK;

	cursor->n = 0;
	while (rc == SQLITE_OK && !cursor->scan.done) {
		rc = match_scan_doc(&cursor->scan, &cursor->doc);
		if (rc || cursor->doc->event_count)
			break;
		rc = match_scan_next(&cursor->scan);
	}
	return rc;
}

static int evidence_filter(sqlite3_vtab_cursor *base, int path,
			   const char *idx_str, int argc, sqlite3_value **argv)
{
	struct evidence_cursor *cursor = cursor_of(base);
	struct sql_range range = sql_range_of(idx_str, argc, argv);
	int rc = match_scan_start(&cursor->scan, (enum sql_path)path, &range);

	return rc ? rc : settle(cursor);
}

static int evidence_next(sqlite3_vtab_cursor *base)
{
	struct evidence_cursor *cursor = cursor_of(base);
	int rc;

	if (++cursor->n < cursor->doc->event_count)
		return SQLITE_OK;
	rc = match_scan_next(&cursor->scan);
	return rc ? rc : settle(cursor);
}

static int evidence_eof(sqlite3_vtab_cursor *base)
{
	return cursor_of(base)->scan.done;
}

/* Unique while a match has fewer than a million events. */
static int evidence_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_rowid)
{
	const struct evidence_cursor *cursor = cursor_of(base);

	*ret_rowid = (sqlite3_int64)(cursor->scan.seq << 20 | cursor->n);
	return SQLITE_OK;
}

static void result_catalog(sqlite3_context *context, const struct row *row,
			   const char *name)
{
	const struct stream *stream =
		catalog_stream((enum stream_id)row->stream);
	const struct column *column =
		catalog_column(stream, name, strlen(name));
	struct value value;
	const char *spelled;

	if (!column || column->hidden)
		return;
	value = row_get(row, column->id);
	spelled = catalog_spelled(stream->id, column, value);
	sql_result_value(context, spelled ? value_text(spelled) : value);
}

static int evidence_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
			   int column)
{
	const struct evidence_cursor *cursor = cursor_of(base);
	const struct evidence_table *table = table_of(base->pVtab);
	const struct row *row = cursor->doc->events[cursor->n];

	switch (column) {
	case EVIDENCE_MATCH_SEQ:
		sqlite3_result_int64(context, (sqlite3_int64)cursor->scan.seq);
		break;
	case EVIDENCE_MATCH_ID:
		sql_result_hex(context, cursor->doc->id, 16);
		break;
	case EVIDENCE_RULE:
		sql_result_text(context, cursor->doc->rule);
		break;
	case EVIDENCE_N:
		sqlite3_result_int64(context, cursor->n);
		break;
	case EVIDENCE_STREAM:
		sql_result_text(
			context,
			catalog_stream((enum stream_id)row->stream)->name);
		break;
	default:
		CHECK(column - EVIDENCE_FIRST < (int)table->name_count);
		result_catalog(context, row,
			       table->names[column - EVIDENCE_FIRST]);
	}
	return SQLITE_OK;
}

const sqlite3_module evidence_table_module = {
	.xConnect = evidence_connect,
	.xBestIndex = evidence_best_index,
	.xDisconnect = evidence_disconnect,
	.xOpen = evidence_open,
	.xClose = evidence_close,
	.xFilter = evidence_filter,
	.xNext = evidence_next,
	.xEof = evidence_eof,
	.xColumn = evidence_column,
	.xRowid = evidence_rowid,
};
