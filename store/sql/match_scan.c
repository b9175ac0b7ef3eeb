// SPDX-License-Identifier: Apache-2.0
/*
 * Matches of a range in the order of one index.
 */
#include "store/match_read.h"
#include "store/sql/sql_int.h"

#include <errno.h>
#include <string.h>

#define DOC_BYTES_MAX (STORE_VALUE_BYTES_MAX * 4)

int sql_damaged(struct sql_statement *statement, const char *what)
{
	err_set(statement->err, ERR_INPUT, -EBADMSG,
		"the store %s is damaged: %s", statement->txn.env->dir, what);
	return SQLITE_ERROR;
}

void match_scan_init(struct match_scan *scan, struct sql_statement *statement)
{
	*scan = (struct match_scan){ .statement = statement, .done = true };
	arena_init(&scan->arena, DOC_BYTES_MAX);
}

void match_scan_release(struct match_scan *scan)
{
	scan_close(&scan->scan);
	arena_release(&scan->arena);
}

static void open_seq(struct match_scan *scan, const struct sql_range *range)
{
	struct tuple_key from, to;

	key_number(&from, range->seq_low);
	key_number(&to, range->seq_high);
	scan->by_seq = true;
	scan_open(&scan->scan, &scan->statement->txn, TABLE_MATCH, &from, &to);
}

static void open_index(struct match_scan *scan, enum store_table table,
		       const struct tuple_key *from, const struct tuple_key *to)
{
	scan_open(&scan->scan, &scan->statement->txn, table, from, to);
}

int match_scan_start(struct match_scan *scan, enum sql_path path,
		     const struct sql_range *range)
{
	struct tuple_key from, to;

	scan_close(&scan->scan);
	scan->by_seq = false;
	if (path == PATH_ID && range->has_id) {
		key_id(&from, range->id, sizeof(range->id));
		open_index(scan, TABLE_MATCH_ID, &from, &from);
	} else if (path == PATH_RULE && range->rule) {
		key_rule(&from, range->rule);
		open_index(scan, TABLE_MATCH_RULE, &from, &from);
	} else if (path == PATH_TIME) {
		tuple_key_init(&from);
		tuple_key_put_int(&from, range->time_low);
		tuple_key_init(&to);
		tuple_key_put_int(&to, range->time_high);
		open_index(scan, TABLE_MATCH_TIME, &from, &to);
	} else {
		open_seq(scan, range);
	}
	return match_scan_next(scan);
}

int match_scan_next(struct match_scan *scan)
{
	const struct store_scan *at = &scan->scan;

	scan->doc = NULL;
	scan->done = !scan_next(&scan->scan);
	if (scan->statement->txn.rc)
		return SQLITE_ERROR;
	if (scan->done)
		return SQLITE_OK;
	if (scan->by_seq) {
		if (tuple_key_get_uint(at->key.mv_data, at->key.mv_size,
				       &scan->seq))
			return sql_damaged(scan->statement, "a match's key");
		return SQLITE_OK;
	}
	if (at->value.mv_size != 8)
		return sql_damaged(scan->statement, "an index of matches");
	scan->seq = get_be64(at->value.mv_data);
	return SQLITE_OK;
}

int match_scan_doc(struct match_scan *scan, const struct match_doc **ret_doc)
{
	struct sql_statement *statement = scan->statement;
	uint8_t id[16];
	MDB_val payload;

	if (!scan->doc) {
		arena_reset(&scan->arena);
		if (match_read(&statement->txn, scan->seq, &payload, id,
			       statement->err) ||
		    match_decode(payload.mv_data, payload.mv_size, &scan->arena,
				 &scan->doc, statement->err))
			return SQLITE_ERROR;
	}
	*ret_doc = scan->doc;
	return SQLITE_OK;
}
