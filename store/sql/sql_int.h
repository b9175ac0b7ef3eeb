/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to store/sql: what the virtual tables share. All of one statement's
 * cursors read in one transaction.
 */
#ifndef SHRIKE_STORE_SQL_SQL_INT_H
#define SHRIKE_STORE_SQL_SQL_INT_H

#include "store/store_txn.h"
#include "user/base/arena.h"
#include "user/event/codec.h"

#include <sqlite3.h>

struct sql_statement {
	struct store_txn txn;
	struct err *err; /* why a table failed, when it was not SQL's fault */
};

/* SQLITE_ERROR after recording what is damaged; for the tables. */
int sql_damaged(struct sql_statement *statement, const char *what);

/* --- values as SQL, sql_value.c ------------------------------------------- */

/* The first instant of the day that begins a text "2026-01-31..."; -EINVAL
 * when it does not begin with a day between the years 1678 and 2261. */
int sql_day_ns(const char *text, size_t len, int64_t *ret_ns);
void sql_result_value(sqlite3_context *context, struct value value);
void sql_result_text(sqlite3_context *context, const char *text);
void sql_result_hex(sqlite3_context *context, const uint8_t *bytes, size_t len);
void sql_result_time(sqlite3_context *context, int64_t ns);
/* An object as JSON text. */
void sql_result_fields(sqlite3_context *context,
		       const struct match_field *fields, unsigned count);

/* --- constraints as ranges, sql_range.c ----------------------------------- */

/*
 * Where rows can be: never less than what the constraints allow, often more,
 * since SQLite checks each row again.
 */
struct sql_range {
	bool has_seq;
	uint64_t seq_low;
	uint64_t seq_high;
	bool has_time;
	int64_t time_low;
	int64_t time_high;
	const char *rule; /* NULL: any */
	bool has_id;
	uint8_t id[16];
	bool one_seq; /* an equality, for estimates */
};

enum sql_key { KEY_NONE, KEY_SEQ, KEY_ID, KEY_RULE, KEY_TIME_NS, KEY_TIME };

struct sql_range sql_range_all(void);
void sql_range_add(struct sql_range *range, enum sql_key key, char op,
		   sqlite3_value *value);

/* How to reach the rows; also sqlite3_index_info.idxNum. */
enum sql_path { PATH_ALL, PATH_SEQ, PATH_ID, PATH_RULE, PATH_TIME };

struct sql_cost {
	double rows;
	double cost;
};

/*
 * Choose by the usable constraints: `key_of(column)` says what a column is.
 * Sets idxNum, idxStr (one key and operator for each argument), order, costs.
 * `fan_out` rows come from one match.
 */
int sql_plan(struct sql_statement *statement, sqlite3_index_info *info,
	     enum sql_key (*key_of)(int column), enum store_table table,
	     unsigned fan_out);

/* The arguments of xFilter as a range. */
struct sql_range sql_range_of(const char *idx_str, int argc,
			      sqlite3_value **argv);

/* --- matches in some order, match_scan.c ---------------------------------- */

struct match_scan {
	struct sql_statement *statement;
	struct store_scan scan;
	bool by_seq; /* over table match itself */
	bool done;
	uint64_t seq;
	struct arena arena;
	struct match_doc *doc; /* NULL until asked for */
};

void match_scan_init(struct match_scan *scan, struct sql_statement *statement);
void match_scan_release(struct match_scan *scan);
/* SQLITE_OK with the first match, or `done`. */
int match_scan_start(struct match_scan *scan, enum sql_path path,
		     const struct sql_range *range);
int match_scan_next(struct match_scan *scan);
/* The match itself, valid until the next step. */
int match_scan_doc(struct match_scan *scan, const struct match_doc **ret_doc);

/* --- tables --------------------------------------------------------------- */

/* What xConnect makes of every table, and every cursor's first member. */
struct sql_table {
	sqlite3_vtab base;
	struct sql_statement *statement;
};
int sql_connect(sqlite3 *db, struct sql_statement *statement,
		const char *declaration, sqlite3_vtab **ret_table,
		char **ret_message);
int sql_disconnect(sqlite3_vtab *table);

extern const sqlite3_module match_table_module;
extern const sqlite3_module evidence_table_module;
extern const sqlite3_module ledger_table_module;

#endif
