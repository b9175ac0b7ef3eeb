/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite as the second opinion on what a rule's text means. The compiler owns
 * no SQLite, so it is looked up at run time; without it the test fails.
 */
#ifndef SHRIKE_TESTS_SQLITE_ORACLE_H
#define SHRIKE_TESTS_SQLITE_ORACLE_H

#include "support/unit.h"

#include "user/base/buf.h"

#include <dlfcn.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct oracle {
	void *library;
	sqlite3 *db;
	int (*open)(const char *name, sqlite3 **ret_db);
	int (*close)(sqlite3 *db);
	int (*exec)(sqlite3 *db, const char *sql,
		    int (*row)(void *ctx, int count, char **texts,
			       char **names),
		    void *ctx, char **error);
	const char *(*errmsg)(sqlite3 *db);
};

static inline void *oracle_function(struct oracle *oracle, const char *name)
{
	void *function = dlsym(oracle->library, name);

	assert_non_null(function);
	return function;
}

static inline void oracle_open(struct oracle *oracle)
{
	oracle->library = dlopen("libsqlite3.so.0", RTLD_NOW);
	assert_non_null(oracle->library);
	*(void **)&oracle->open = oracle_function(oracle, "sqlite3_open");
	*(void **)&oracle->close = oracle_function(oracle, "sqlite3_close");
	*(void **)&oracle->exec = oracle_function(oracle, "sqlite3_exec");
	*(void **)&oracle->errmsg = oracle_function(oracle, "sqlite3_errmsg");
	assert_int_equal(oracle->open(":memory:", &oracle->db), SQLITE_OK);
}

static inline void oracle_close(struct oracle *oracle)
{
	oracle->close(oracle->db);
	dlclose(oracle->library);
}

static inline void oracle_run(struct oracle *oracle, const char *sql,
			      int (*row)(void *ctx, int count, char **texts,
					 char **names),
			      void *ctx)
{
	if (oracle->exec(oracle->db, sql, row, ctx, NULL) != SQLITE_OK)
		fail_msg("%s: %s", oracle->errmsg(oracle->db), sql);
}

#endif
