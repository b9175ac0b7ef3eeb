// SPDX-License-Identifier: Apache-2.0
/*
 * Table matches: one row a match.
 */
#include "store/sql/sql_int.h"

#include "user/base/check.h"

#include <stdlib.h>

enum match_column {
	MATCH_SEQ,
	MATCH_ID,
	MATCH_RULE,
	MATCH_TS,
	MATCH_TS_NS,
	MATCH_SEVERITY,
	MATCH_COVERAGE,
	MATCH_LOST,
	MATCH_HOST,
	MATCH_DESCRIPTION,
	MATCH_ATTACK,
	MATCH_PID_KEY,
	MATCH_WINDOW_START,
	MATCH_WINDOW_END,
	MATCH_KEYS,
	MATCH_FIELDS,
	MATCH_EVENTS,
	MATCH_COLUMN_COUNT
};

static const char declaration[] =
	"CREATE TABLE matches(seq INTEGER, match_id TEXT, rule TEXT, ts TEXT,"
	" ts_ns INTEGER, severity TEXT, coverage TEXT, lost INTEGER,"
	" host TEXT, description TEXT, attack TEXT, pid_key INTEGER,"
	" window_start TEXT, window_end TEXT, keys TEXT, fields TEXT,"
	" events INTEGER)";

struct match_cursor {
	sqlite3_vtab_cursor base;
	struct match_scan scan;
};

static struct sql_statement *statement_of(sqlite3_vtab *table)
{
	return ((struct sql_table *)table)->statement;
}

static struct match_cursor *cursor_of(sqlite3_vtab_cursor *cursor)
{
	return (struct match_cursor *)cursor;
}

int sql_connect(sqlite3 *db, struct sql_statement *statement, const char *text,
		sqlite3_vtab **ret_table, char **ret_message)
{
	struct sql_table *table;
	int rc = sqlite3_declare_vtab(db, text);

	if (rc) {
		*ret_message = sqlite3_mprintf("%s", sqlite3_errmsg(db));
		return rc;
	}
	table = calloc(1, sizeof(*table));
	if (!table)
		return SQLITE_NOMEM;
	table->statement = statement;
	*ret_table = &table->base;
	return SQLITE_OK;
}

int sql_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

static int match_connect(sqlite3 *db, void *statement, int argc,
			 const char *const *argv, sqlite3_vtab **ret_table,
			 char **ret_message)
{
	(void)argc;
	(void)argv;
	return sql_connect(db, statement, declaration, ret_table, ret_message);
}

static enum sql_key match_key(int column)
{
	switch (column) {
	case -1:
	case MATCH_SEQ:
		return KEY_SEQ;
	case MATCH_ID:
		return KEY_ID;
	case MATCH_RULE:
		return KEY_RULE;
	case MATCH_TS:
		return KEY_TIME;
	case MATCH_TS_NS:
		return KEY_TIME_NS;
	default:
		return KEY_NONE;
	}
}

static int match_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	return sql_plan(statement_of(table), info, match_key, TABLE_MATCH, 1);
}

static int match_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor)
{
	struct match_cursor *cursor = calloc(1, sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	match_scan_init(&cursor->scan, statement_of(table));
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

static int match_close(sqlite3_vtab_cursor *base)
{
	match_scan_release(&cursor_of(base)->scan);
	free(base);
	return SQLITE_OK;
}

static int match_filter(sqlite3_vtab_cursor *base, int path,
			const char *idx_str, int argc, sqlite3_value **argv)
{
	struct sql_range range = sql_range_of(idx_str, argc, argv);

	return match_scan_start(&cursor_of(base)->scan, (enum sql_path)path,
				&range);
}

static int match_next(sqlite3_vtab_cursor *base)
{
	return match_scan_next(&cursor_of(base)->scan);
}

static int match_eof(sqlite3_vtab_cursor *base)
{
	return cursor_of(base)->scan.done;
}

static int match_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_rowid)
{
	*ret_rowid = (sqlite3_int64)cursor_of(base)->scan.seq;
	return SQLITE_OK;
}

static void result_pid_key(sqlite3_context *context,
			   const struct match_doc *doc)
{
	if (doc->event_count)
		sql_result_value(context,
				 row_get(doc->events[doc->event_count - 1],
					 COL_pid_key));
}

static void result_column(sqlite3_context *context, const struct match_doc *doc,
			  int column)
{
	switch (column) {
	case MATCH_ID:
		sql_result_hex(context, doc->id, sizeof(doc->id));
		break;
	case MATCH_RULE:
		sql_result_text(context, doc->rule);
		break;
	case MATCH_TS:
		sql_result_time(context, doc->ts_ns);
		break;
	case MATCH_TS_NS:
		sqlite3_result_int64(context, doc->ts_ns);
		break;
	case MATCH_SEVERITY:
		sql_result_text(context, doc->severity);
		break;
	case MATCH_COVERAGE:
		sql_result_text(context, doc->coverage);
		break;
	case MATCH_LOST:
		sqlite3_result_int64(context, (sqlite3_int64)doc->lost);
		break;
	case MATCH_HOST:
		sql_result_text(context, doc->host);
		break;
	case MATCH_DESCRIPTION:
		sql_result_text(context, doc->description);
		break;
	case MATCH_ATTACK:
		sql_result_text(context, doc->attack);
		break;
	case MATCH_PID_KEY:
		result_pid_key(context, doc);
		break;
	case MATCH_WINDOW_START:
		sql_result_time(context, doc->window_start_ns);
		break;
	case MATCH_WINDOW_END:
		sql_result_time(context, doc->window_end_ns);
		break;
	case MATCH_KEYS:
		sql_result_fields(context, doc->keys, doc->key_count);
		break;
	case MATCH_FIELDS:
		sql_result_fields(context, doc->fields, doc->field_count);
		break;
	case MATCH_EVENTS:
		sqlite3_result_int64(context, (sqlite3_int64)doc->event_total);
		break;
	default:
		CHECK(column == MATCH_COLUMN_COUNT);
	}
}

static int match_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
			int column)
{
	struct match_scan *scan = &cursor_of(base)->scan;
	const struct match_doc *doc;
	int rc;

	if (column == MATCH_SEQ) {
		sqlite3_result_int64(context, (sqlite3_int64)scan->seq);
		return SQLITE_OK;
	}
	rc = match_scan_doc(scan, &doc);
	if (rc == SQLITE_OK)
		result_column(context, doc, column);
	return rc;
}

const sqlite3_module match_table_module = {
	.xConnect = match_connect,
	.xBestIndex = match_best_index,
	.xDisconnect = sql_disconnect,
	.xOpen = match_open,
	.xClose = match_close,
	.xFilter = match_filter,
	.xNext = match_next,
	.xEof = match_eof,
	.xColumn = match_column,
	.xRowid = match_rowid,
};
