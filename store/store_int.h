/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to store/: the open store, and appending to its ledger inside a
 * transaction.
 */
#ifndef SHRIKE_STORE_STORE_INT_H
#define SHRIKE_STORE_STORE_INT_H

#include "ledger/checkpoint.h"
#include "store/store.h"
#include "store/store_txn.h"

struct store {
	struct store_env env;
	enum store_mode mode;
	uint64_t size_bytes_max;
	int lock_fd;
	bool begun;
	bool failed; /* the outcome of a write is unknown: reopen */

	/* Of a begun run. `head` is what the last commit left. */
	struct ledger_head head;
	uint8_t id[STORE_ID_BYTES];
	uint8_t ruleset_digest[LEDGER_DIGEST_BYTES];
	struct signing_key key;
};

/* Meta "head"; an empty ledger's when there is none yet. */
int head_read(struct store_txn *txn, struct ledger_head *ret_head,
	      struct err *err);
void head_write(struct store_txn *txn, const struct ledger_head *head);

/* -EIO once a commit has failed; the run has begun. */
int store_usable(const struct store *store, struct err *err);

/*
 * Append: sets the entry's seq and chain, moves `head` on. The head itself is
 * written once a transaction, by head_write().
 */
void ledger_append(struct store_txn *txn, struct ledger_head *head,
		   struct ledger_entry *entry);

/* An entry of this run without what its type adds. */
struct ledger_entry entry_at(const struct store *store, enum entry_type type,
			     const struct store_moment *moment);

#endif
