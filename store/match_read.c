// SPDX-License-Identifier: Apache-2.0
#include "store/match_read.h"

#include <errno.h>
#include <string.h>

static int damaged(const struct store_txn *txn, uint64_t seq, const char *what,
		   struct err *err)
{
	return err_set(err, ERR_INPUT, -EBADMSG,
		       "the store %s is damaged: %s %llu; 'shrike ledger "
		       "verify' says more",
		       txn->env->dir, what, (unsigned long long)seq);
}

static bool has_digest(const struct ledger_entry *entry, const uint8_t *record,
		       size_t payload_bytes)
{
	uint8_t digest[LEDGER_DIGEST_BYTES];

	payload_digest(record, record + LEDGER_SALT_BYTES, payload_bytes,
		       digest);
	return entry->payload_bytes == payload_bytes &&
	       memcmp(digest, entry->payload_digest, sizeof(digest)) == 0;
}

int match_read(struct store_txn *txn, uint64_t seq, MDB_val *ret_payload,
	       uint8_t ret_id[16], struct err *err)
{
	struct ledger_entry entry;
	MDB_val record, bytes;
	struct tuple_key key;
	size_t n;

	key_number(&key, seq);
	if (!txn_get(txn, TABLE_LEDGER, &key, &bytes) ||
	    entry_decode(bytes.mv_data, bytes.mv_size, &entry, NULL) ||
	    entry.seq != seq || entry.type != ENTRY_MATCH)
		return damaged(txn, seq, "there is no entry of match", err);
	if (!txn_get(txn, TABLE_MATCH, &key, &record) ||
	    record.mv_size < LEDGER_SALT_BYTES)
		return damaged(txn, seq, "there is no payload of match", err);
	n = record.mv_size - LEDGER_SALT_BYTES;
	if (!has_digest(&entry, record.mv_data, n))
		return damaged(txn, seq,
			       "the ledger has another digest for match", err);
	*ret_payload = (MDB_val){
		.mv_size = n,
		.mv_data = (uint8_t *)record.mv_data + LEDGER_SALT_BYTES,
	};
	memcpy(ret_id, entry.match_id, sizeof(entry.match_id));
	return 0;
}
