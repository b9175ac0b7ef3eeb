// SPDX-License-Identifier: Apache-2.0
/*
 * One statement: a database handle in memory that knows our tables and nothing
 * else, an authorizer that lets reading through, a deadline.
 */
#include "store/query.h"

#include "store/sql/sql_int.h"
#include "store/store_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS_MAX 256
#define SQL_BYTES_MAX (1024 * 1024)
#define STEPS_PER_LOOK 1000 /* of SQLite's machine, between two deadlines */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int authorize(void *ctx, int action, const char *a, const char *b,
		     const char *database, const char *trigger)
{
	(void)ctx;
	(void)a;
	(void)b;
	(void)database;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

struct deadline {
	int64_t at_ms;
};

static int is_late(void *ctx)
{
	const struct deadline *deadline = ctx;

	return now_ms() >= deadline->at_ms;
}

static int sql_failed(sqlite3 *db, int rc, struct err *err)
{
	if (err && err->code)
		return err->code; /* a table said why */
	if (rc == SQLITE_NOMEM)
		return err_nomem(err);
	if (rc == SQLITE_AUTH)
		return err_set(err, ERR_USAGE, -EPERM,
			       "a query can only read: %s", sqlite3_errmsg(db));
	return err_set(err, ERR_USAGE, -EINVAL, "%s", sqlite3_errmsg(db));
}

static int add_tables(sqlite3 *db, struct sql_statement *statement)
{
	static const struct {
		const char *name;
		const sqlite3_module *module;
	} tables[] = {
		{ "matches", &match_table_module },
		{ "evidence", &evidence_table_module },
		{ "ledger", &ledger_table_module },
	};
	int rc = SQLITE_OK;

	for (unsigned i = 0; i < ARRAY_SIZE(tables) && rc == SQLITE_OK; i++)
		rc = sqlite3_create_module(db, tables[i].name, tables[i].module,
					   statement);
	/* They connect at their first use, which the authorizer would forbid. */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db,
				  "SELECT 1 FROM matches, evidence, ledger "
				  "LIMIT 0",
				  NULL, NULL, NULL);
	return rc;
}

static int open_handle(struct sql_statement *statement, sqlite3 **ret_db,
		       struct err *err)
{
	sqlite3 *db;
	int rc = sqlite3_open_v2(":memory:", &db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				 NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA temp_store = MEMORY", NULL, NULL,
				  NULL);
	if (rc == SQLITE_OK)
		rc = add_tables(db, statement);
	if (rc) {
		sqlite3_close(db);
		return err_nomem(err);
	}
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, (int)STORE_VALUE_BYTES_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_COLUMN, COLUMNS_MAX);
	sqlite3_set_authorizer(db, authorize, NULL);
	*ret_db = db;
	return 0;
}

/* One statement and nothing but space after it. */
static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_stmt,
		   struct err *err)
{
	sqlite3_stmt *stmt, *second = NULL;
	const char *tail;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &tail);

	if (rc)
		return sql_failed(db, rc, err);
	if (!stmt)
		return err_set(err, ERR_USAGE, -EINVAL, "the query is empty");
	rc = sqlite3_prepare_v2(db, tail, -1, &second, NULL);
	sqlite3_finalize(second);
	if (rc || second) {
		sqlite3_finalize(stmt);
		return err_set(err, ERR_USAGE, -EINVAL,
			       "a query is one statement");
	}
	*ret_stmt = stmt;
	return 0;
}

static struct value column_value(sqlite3_stmt *stmt, int i)
{
	const void *p;

	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER:
		return value_int(sqlite3_column_int64(stmt, i));
	case SQLITE_FLOAT:
		return (struct value){ .type = VALUE_DOUBLE,
				       .d = sqlite3_column_double(stmt, i) };
	case SQLITE_TEXT:
		p = sqlite3_column_text(stmt, i);
		return value_bytes(VALUE_TEXT, p,
				   (size_t)sqlite3_column_bytes(stmt, i));
	case SQLITE_BLOB:
		p = sqlite3_column_blob(stmt, i);
		return value_bytes(VALUE_BYTES, p,
				   (size_t)sqlite3_column_bytes(stmt, i));
	default:
		return value_null();
	}
}

static int give_row(sqlite3_stmt *stmt, query_row_fn *on_row, void *ctx,
		    struct err *err)
{
	const char *names[COLUMNS_MAX];
	struct value values[COLUMNS_MAX];
	struct query_row row = {
		.count = (unsigned)sqlite3_column_count(stmt),
		.names = names,
		.values = values,
	};

	CHECK(row.count <= COLUMNS_MAX);
	for (unsigned i = 0; i < row.count; i++) {
		names[i] = sqlite3_column_name(stmt, (int)i);
		values[i] = column_value(stmt, (int)i);
		if (!names[i])
			return err_nomem(err);
	}
	return on_row(ctx, &row, err);
}

static int run(sqlite3 *db, sqlite3_stmt *stmt,
	       const struct query_limits *limits, query_row_fn *on_row,
	       void *ctx, struct err *err)
{
	uint64_t rows = 0;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (limits && limits->rows_max && rows == limits->rows_max)
			return QUERY_PARTIAL;
		rows++;
		rc = give_row(stmt, on_row, ctx, err);
		if (rc)
			return rc;
	}
	if (rc == SQLITE_INTERRUPT)
		return QUERY_PARTIAL;
	return rc == SQLITE_DONE ? QUERY_DONE : sql_failed(db, rc, err);
}

static int query(struct sql_statement *statement, const char *sql,
		 const struct query_limits *limits, query_row_fn *on_row,
		 void *ctx, struct err *err)
{
	struct deadline deadline = { 0 };
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	int rc = open_handle(statement, &db, err);

	if (rc)
		return rc;
	if (limits && limits->deadline_ms) {
		deadline.at_ms = now_ms() + limits->deadline_ms;
		sqlite3_progress_handler(db, STEPS_PER_LOOK, is_late,
					 &deadline);
	}
	rc = prepare(db, sql, &stmt, err);
	if (rc == 0) {
		rc = run(db, stmt, limits, on_row, ctx, err);
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
	return rc;
}

int store_query(struct store *store, const char *sql,
		const struct query_limits *limits, query_row_fn *on_row,
		void *ctx, struct err *err)
{
	struct err local = { 0 };
	struct sql_statement statement = { .err = err ? err : &local };
	struct err why = { 0 };
	int rc, end;

	txn_begin(&statement.txn, &store->env, false);
	rc = query(&statement, sql, limits, on_row, ctx, statement.err);
	end = txn_finish(&statement.txn, "query", &why);
	if (end && statement.err)
		*statement.err = why; /* the cause of what SQLite reported */
	return end ? end : rc;
}
