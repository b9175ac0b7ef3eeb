// SPDX-License-Identifier: Apache-2.0
/*
 * The ledger inside a transaction: entry, chain value, leaf hash, frontier.
 */
#include "store/store_int.h"

#include "user/base/check.h"

#include <errno.h>
#include <string.h>

int head_read(struct store_txn *txn, struct ledger_head *ret_head,
	      struct err *err)
{
	struct tuple_key key;
	MDB_val value;

	key_name(&key, "head");
	if (txn_get(txn, TABLE_META, &key, &value))
		return head_decode(value.mv_data, value.mv_size, ret_head, err);
	*ret_head = (struct ledger_head){ 0 };
	return 0;
}

void head_write(struct store_txn *txn, const struct ledger_head *head)
{
	uint8_t bytes[HEAD_BYTES_MAX];
	struct tuple_key key;

	key_name(&key, "head");
	txn_put(txn, TABLE_META, &key, bytes, head_encode(head, bytes));
}

/* One more hash at the end of the last chunk, or the first of a new one. */
static void leaf_append(struct store_txn *txn, uint64_t seq,
			const uint8_t leaf[LEDGER_DIGEST_BYTES])
{
	uint8_t chunk[STORE_LEAF_CHUNK * LEDGER_DIGEST_BYTES];
	size_t len = seq % STORE_LEAF_CHUNK * LEDGER_DIGEST_BYTES;
	struct tuple_key key;
	MDB_val value;

	key_number(&key, seq / STORE_LEAF_CHUNK);
	if (len) {
		if (!txn_get(txn, TABLE_LEAF, &key, &value) ||
		    value.mv_size != len) {
			txn_damaged(txn);
			return;
		}
		memcpy(chunk, value.mv_data, len);
	}
	memcpy(chunk + len, leaf, LEDGER_DIGEST_BYTES);
	txn_put(txn, TABLE_LEAF, &key, chunk, len + LEDGER_DIGEST_BYTES);
}

void ledger_append(struct store_txn *txn, struct ledger_head *head,
		   struct ledger_entry *entry)
{
	uint8_t bytes[LEDGER_ENTRY_BYTES];
	uint8_t leaf[LEDGER_DIGEST_BYTES];
	struct tuple_key key;

	entry->seq = head->frontier.size;
	memcpy(entry->previous, head->chain, LEDGER_DIGEST_BYTES);
	entry_encode(entry, bytes);
	key_number(&key, entry->seq);
	txn_put(txn, TABLE_LEDGER, &key, bytes, sizeof(bytes));
	merkle_leaf(bytes, sizeof(bytes), leaf);
	leaf_append(txn, entry->seq, leaf);
	merkle_append(&head->frontier, leaf);
	entry_chain(bytes, head->chain);
	head->lost += entry->lost;
	head->matches += entry->type == ENTRY_MATCH;
}

struct ledger_entry entry_at(const struct store *store, enum entry_type type,
			     const struct store_moment *moment)
{
	struct ledger_entry entry = {
		.type = type,
		.wall_ns = moment->wall_ns,
		.boot_ns = moment->boot_ns,
	};

	memcpy(entry.boot_id, moment->boot_id, sizeof(entry.boot_id));
	memcpy(entry.ruleset_digest, store->ruleset_digest,
	       sizeof(entry.ruleset_digest));
	return entry;
}

int store_usable(const struct store *store, struct err *err)
{
	CHECK(store->begun);
	if (store->failed)
		return err_set(err, ERR_INTERNAL, -EIO,
			       "the store %s must be opened again after a "
			       "failure",
			       store->env.dir);
	return 0;
}
