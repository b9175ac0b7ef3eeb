// SPDX-License-Identifier: Apache-2.0
/*
 * Table ledger: one row an entry.
 */
#include "store/sql/sql_int.h"

#include "user/base/check.h"

#include <stdlib.h>

enum ledger_column {
	LEDGER_SEQ,
	LEDGER_TYPE,
	LEDGER_WALL_TIME,
	LEDGER_WALL_NS,
	LEDGER_RULE,
	LEDGER_MATCH_ID,
	LEDGER_PAYLOAD_BYTES_COLUMN,
	LEDGER_PAYLOAD_DIGEST,
	LEDGER_RULESET_DIGEST,
	LEDGER_LOST,
	LEDGER_CHAIN,
	LEDGER_COLUMN_COUNT
};

static const char declaration[] =
	"CREATE TABLE ledger(seq INTEGER, type TEXT, wall_time TEXT,"
	" wall_ns INTEGER, rule TEXT, match_id TEXT, payload_bytes INTEGER,"
	" payload_digest TEXT, ruleset_digest TEXT, lost INTEGER, chain TEXT)";

struct ledger_cursor {
	sqlite3_vtab_cursor base;
	struct store_scan scan;
	struct ledger_entry entry; /* of the current row */
	bool done;
};

static struct sql_statement *statement_of(sqlite3_vtab *table)
{
	return ((struct sql_table *)table)->statement;
}

static struct ledger_cursor *cursor_of(sqlite3_vtab_cursor *cursor)
{
	return (struct ledger_cursor *)cursor;
}

static int ledger_connect(sqlite3 *db, void *statement, int argc,
			  const char *const *argv, sqlite3_vtab **ret_table,
			  char **ret_message)
{
	(void)argc;
	(void)argv;
	return sql_connect(db, statement, declaration, ret_table, ret_message);
}

static enum sql_key ledger_key(int column)
{
	return column == LEDGER_SEQ || column == -1 ? KEY_SEQ : KEY_NONE;
}

static int ledger_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	return sql_plan(statement_of(table), info, ledger_key, TABLE_LEDGER, 1);
}

static int ledger_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor)
{
	struct ledger_cursor *cursor = calloc(1, sizeof(*cursor));

	(void)table;
	if (!cursor)
		return SQLITE_NOMEM;
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

static int ledger_close(sqlite3_vtab_cursor *base)
{
	scan_close(&cursor_of(base)->scan);
	free(base);
	return SQLITE_OK;
}

static int ledger_next(sqlite3_vtab_cursor *base)
{
	struct ledger_cursor *cursor = cursor_of(base);
	struct sql_statement *statement = statement_of(base->pVtab);

	cursor->done = !scan_next(&cursor->scan);
	if (statement->txn.rc)
		return SQLITE_ERROR;
	if (cursor->done)
		return SQLITE_OK;
	return entry_decode(cursor->scan.value.mv_data,
			    cursor->scan.value.mv_size, &cursor->entry,
			    statement->err) ?
		       SQLITE_ERROR :
		       SQLITE_OK;
}

static int ledger_filter(sqlite3_vtab_cursor *base, int path,
			 const char *idx_str, int argc, sqlite3_value **argv)
{
	struct ledger_cursor *cursor = cursor_of(base);
	struct sql_range range = sql_range_of(idx_str, argc, argv);
	struct tuple_key from, to;

	(void)path; /* one range of the one key, whole or not */
	key_number(&from, range.seq_low);
	key_number(&to, range.seq_high);
	scan_close(&cursor->scan);
	scan_open(&cursor->scan, &statement_of(base->pVtab)->txn, TABLE_LEDGER,
		  &from, &to);
	return ledger_next(base);
}

static int ledger_eof(sqlite3_vtab_cursor *base)
{
	return cursor_of(base)->done;
}

static int ledger_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_rowid)
{
	*ret_rowid = (sqlite3_int64)cursor_of(base)->entry.seq;
	return SQLITE_OK;
}

/* What only a MATCH entry has. */
static void result_match_column(sqlite3_context *context,
				const struct ledger_entry *entry, int column)
{
	if (entry->type != ENTRY_MATCH)
		return;
	if (column == LEDGER_RULE)
		sql_result_text(context, entry->rule);
	else if (column == LEDGER_MATCH_ID)
		sql_result_hex(context, entry->match_id, 16);
	else if (column == LEDGER_PAYLOAD_BYTES_COLUMN)
		sqlite3_result_int64(context,
				     (sqlite3_int64)entry->payload_bytes);
	else
		sql_result_hex(context, entry->payload_digest,
			       LEDGER_DIGEST_BYTES);
}

static int ledger_column(sqlite3_vtab_cursor *base, sqlite3_context *context,
			 int column)
{
	const struct ledger_cursor *cursor = cursor_of(base);
	const struct ledger_entry *entry = &cursor->entry;
	uint8_t chain[LEDGER_DIGEST_BYTES];

	switch (column) {
	case LEDGER_SEQ:
		sqlite3_result_int64(context, (sqlite3_int64)entry->seq);
		break;
	case LEDGER_TYPE:
		sql_result_text(context, entry_type_name(entry->type));
		break;
	case LEDGER_WALL_TIME:
		sql_result_time(context, entry->wall_ns);
		break;
	case LEDGER_WALL_NS:
		sqlite3_result_int64(context, entry->wall_ns);
		break;
	case LEDGER_RULESET_DIGEST:
		sql_result_hex(context, entry->ruleset_digest,
			       LEDGER_DIGEST_BYTES);
		break;
	case LEDGER_LOST:
		sqlite3_result_int64(context, (sqlite3_int64)entry->lost);
		break;
	case LEDGER_CHAIN:
		entry_chain(cursor->scan.value.mv_data, chain);
		sql_result_hex(context, chain, sizeof(chain));
		break;
	default:
		CHECK(column < LEDGER_COLUMN_COUNT);
		result_match_column(context, entry, column);
	}
	return SQLITE_OK;
}

const sqlite3_module ledger_table_module = {
	.xConnect = ledger_connect,
	.xBestIndex = ledger_best_index,
	.xDisconnect = sql_disconnect,
	.xOpen = ledger_open,
	.xClose = ledger_close,
	.xFilter = ledger_filter,
	.xNext = ledger_next,
	.xEof = ledger_eof,
	.xColumn = ledger_column,
	.xRowid = ledger_rowid,
};
