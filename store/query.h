/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read-only SQL over a store: SQLite with virtual tables over LMDB. Tables:
 * matches, evidence, ledger. One read transaction per statement.
 */
#ifndef SHRIKE_STORE_QUERY_H
#define SHRIKE_STORE_QUERY_H

#include "store/store.h"
#include "user/base/value.h"

struct query_row {
	unsigned count;
	const char *const *names;
	const struct value *values; /* valid during the call */
};

typedef int query_row_fn(void *ctx, const struct query_row *row,
			 struct err *err);

struct query_limits {
	uint64_t rows_max;   /* 0: none */
	int64_t deadline_ms; /* 0: none */
};

/*
 * One statement. `on_row` may end it with non-zero. ERR_USAGE for a statement
 * that is wrong or not allowed; 1 when a limit cut the answer short.
 */
enum query_outcome { QUERY_DONE = 0, QUERY_PARTIAL = 1 };
int store_query(struct store *store, const char *sql,
		const struct query_limits *limits, query_row_fn *on_row,
		void *ctx, struct err *err);

#endif
