/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite makes of an expression, its values given as parameters. */
#ifndef SHRIKE_TESTS_SQLITE_ORACLE_H
#define SHRIKE_TESTS_SQLITE_ORACLE_H

#include "support/unit.h"

#include "user/base/value.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>

static inline sqlite3 *oracle_open(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA case_sensitive_like=ON", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	return db;
}

static inline void oracle_bind(sqlite3_stmt *stmt, int i, struct value v)
{
	const char *p = v.len ? (const char *)v.p : "";

	if (v.type == VALUE_INT || v.type == VALUE_BOOL)
		sqlite3_bind_int64(stmt, i, v.i);
	else if (v.type == VALUE_DOUBLE)
		sqlite3_bind_double(stmt, i, v.d);
	else if (v.type == VALUE_TEXT)
		sqlite3_bind_text(stmt, i, p, (int)v.len, SQLITE_TRANSIENT);
	else if (v.type == VALUE_BYTES)
		sqlite3_bind_blob(stmt, i, p, (int)v.len, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(stmt, i);
}

/* The row of "SELECT ..."; the caller finalizes. */
static inline sqlite3_stmt *oracle_ask(sqlite3 *db, const char *sql,
				       const struct value *values,
				       unsigned count)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
	for (unsigned i = 0; i < count; i++)
		oracle_bind(stmt, (int)i + 1, values[i]);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	return stmt;
}

static inline bool oracle_close_to(double a, double b, bool exact)
{
	if (a == b)
		return true;
	return !exact && fabs(a - b) <= fabs(a) * 4e-16;
}

/*
 * Is that our value? TRUE is 1 there. `exact`: else a DOUBLE may differ in its
 * last bit, where SQLite's own reading of decimals is not exact.
 */
static inline bool oracle_agrees(sqlite3_stmt *stmt, struct value v, bool exact)
{
	switch (sqlite3_column_type(stmt, 0)) {
	case SQLITE_NULL:
		return value_is_null(v);
	case SQLITE_INTEGER:
		if (v.type == VALUE_DOUBLE)
			return v.d == (double)sqlite3_column_int64(stmt, 0);
		return (v.type == VALUE_INT || v.type == VALUE_BOOL) &&
		       v.i == sqlite3_column_int64(stmt, 0);
	case SQLITE_FLOAT:
		/* An integer that does not fit: REAL there, NULL here. */
		if (value_is_null(v))
			return false;
		return v.type == VALUE_DOUBLE &&
		       oracle_close_to(sqlite3_column_double(stmt, 0), v.d,
				       exact);
	default:
		return (v.type == VALUE_TEXT || v.type == VALUE_BYTES) &&
		       (int)v.len == sqlite3_column_bytes(stmt, 0) &&
		       (!v.len ||
			memcmp(v.p, sqlite3_column_blob(stmt, 0), v.len) == 0);
	}
}

#endif
