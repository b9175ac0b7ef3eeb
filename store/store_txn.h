/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that speaks LMDB: an environment with the store's tables, and
 * transactions whose first error stays, so that a caller does all its work and
 * asks once at the end. Scans hide the cursors.
 */
#ifndef SHRIKE_STORE_STORE_TXN_H
#define SHRIKE_STORE_STORE_TXN_H

#include "store/layout.h"
#include "user/base/err.h"

#include <lmdb.h>

#include <stdbool.h>

struct store_env {
	MDB_env *env;
	MDB_dbi tables[TABLE_COUNT];
	bool has_table[TABLE_COUNT]; /* a damaged store may lack some */
	int hold_fd; /* keeps writers out where LMDB's lock is not usable */
	char *dir;
};

/*
 * `write` creates what is missing; the caller holds the writer lock. Without,
 * nothing is written, not even LMDB's lock file where it cannot be.
 */
int store_env_open(const char *dir, bool write, struct store_env *ret_env,
		   struct err *err);
void store_env_release(struct store_env *env);

/* Bytes up to the last page that the last commit used. */
uint64_t store_env_used_bytes(const struct store_env *env);

struct store_txn {
	const struct store_env *env;
	MDB_txn *txn;
	int rc; /* LMDB's first error, sticky */
};

/* Failure shows at the end, as every other. */
void txn_begin(struct store_txn *txn, const struct store_env *env, bool write);

/* False when there is none or the transaction has failed. The bytes are valid
 * until the next write. */
bool txn_get(struct store_txn *txn, enum store_table table,
	     const struct tuple_key *key, MDB_val *ret_value);

void txn_put(struct store_txn *txn, enum store_table table,
	     const struct tuple_key *key, const void *value, size_t len);

/* As txn_put(), of two parts. */
void txn_put_pair(struct store_txn *txn, enum store_table table,
		  const struct tuple_key *key, const void *head,
		  size_t head_len, const void *body, size_t body_len);

/* What is stored cannot be: fail the transaction. */
void txn_damaged(struct store_txn *txn);

/* 0, or the first error in words; `what` is being done. Ends it either way. */
int txn_commit(struct store_txn *txn, const char *what, struct err *err);
int txn_finish(struct store_txn *txn, const char *what, struct err *err);

/* End without asking; harmless after an end. */
void txn_abort(struct store_txn *txn);

/*
 * Records in key order from `from` (NULL: the first) up to the last whose key
 * is at most `to` or begins with it (NULL: all). A scan must be closed before
 * its transaction ends.
 */
struct store_scan {
	struct store_txn *txn;
	MDB_cursor *cursor;
	struct tuple_key from;
	struct tuple_key to;
	bool started;
	MDB_val key;
	MDB_val value;
};

void scan_open(struct store_scan *scan, struct store_txn *txn,
	       enum store_table table, const struct tuple_key *from,
	       const struct tuple_key *to);
bool scan_next(struct store_scan *scan);
/* The last record of the whole table. */
bool scan_last(struct store_scan *scan);
void scan_close(struct store_scan *scan);

#endif
