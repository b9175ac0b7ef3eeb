// SPDX-License-Identifier: Apache-2.0
/*
 * Reading one thing: engine state, a match by id, the ledger's head, the last
 * checkpoint. Each in a read transaction of its own.
 */
#include "store/match_read.h"
#include "store/store_int.h"
#include "user/base/check.h"

#include <errno.h>
#include <string.h>

static int copy_out(struct buf *out, const void *bytes, size_t len,
		    struct err *err)
{
	if (len && buf_put(out, bytes, len))
		return err_nomem(err);
	return 0;
}

static int damaged(const struct store *store, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, -EBADMSG, "the store %s is damaged: %s",
		       store->env.dir, what);
}

/* End the transaction; its own error comes after what was found in it. */
static int finish(struct store_txn *txn, int rc, const char *what,
		  struct err *err)
{
	int end = txn_finish(txn, what, rc < 0 ? NULL : err);

	return rc < 0 || !end ? rc : end;
}

static int read_state(struct store *store, struct store_txn *txn,
		      const uint8_t boot_id[16], struct buf *ret_state,
		      int64_t *ret_watermark, struct err *err)
{
	struct tuple_key key;
	const uint8_t *p;
	MDB_val value;
	int rc;

	key_name(&key, "state");
	if (!txn_get(txn, TABLE_META, &key, &value))
		return 1;
	p = value.mv_data;
	if (state_check(p, value.mv_size))
		return damaged(store, "the engine's state", err);
	if (memcmp(p, boot_id, 16) != 0)
		return 1;
	rc = copy_out(ret_state, p + STATE_HEAD_BYTES,
		      value.mv_size - STATE_HEAD_BYTES, err);
	if (rc == 0)
		*ret_watermark = (int64_t)get_be64(p + 16);
	return rc;
}

int store_state(struct store *store, const uint8_t boot_id[16],
		struct buf *ret_state, int64_t *ret_watermark, struct err *err)
{
	struct store_txn txn;
	int rc;

	txn_begin(&txn, &store->env, false);
	rc = read_state(store, &txn, boot_id, ret_state, ret_watermark, err);
	return finish(&txn, rc, "read the state", err);
}

enum { MATCH_MISSING = 1, MATCH_AMBIGUOUS = 2 };

/* The one match whose id begins so. */
static int find_by_prefix(struct store *store, struct store_txn *txn,
			  const uint8_t *id, size_t id_bytes, uint64_t *ret_seq,
			  struct err *err)
{
	struct store_scan scan;
	struct tuple_key key;
	int rc = MATCH_MISSING;

	key_id(&key, id, id_bytes);
	scan_open(&scan, txn, TABLE_MATCH_ID, &key, &key);
	if (scan_next(&scan)) {
		rc = 0;
		if (scan.value.mv_size != 8)
			rc = damaged(store, "the index of match ids", err);
		else
			*ret_seq = get_be64(scan.value.mv_data);
		if (scan_next(&scan))
			rc = MATCH_AMBIGUOUS;
	}
	scan_close(&scan);
	return rc;
}

int store_match(struct store *store, const uint8_t *id, size_t id_bytes,
		struct buf *ret_payload, uint64_t *ret_seq, struct err *err)
{
	struct store_txn txn;
	uint8_t found[16];
	MDB_val payload;
	uint64_t seq = 0;
	int rc;

	CHECK(id_bytes >= 4 && id_bytes <= 16);
	txn_begin(&txn, &store->env, false);
	rc = find_by_prefix(store, &txn, id, id_bytes, &seq, err);
	if (rc == 0)
		rc = match_read(&txn, seq, &payload, found, err);
	if (rc == 0 && memcmp(found, id, id_bytes) != 0)
		rc = damaged(store, "the index of match ids", err);
	if (rc == 0)
		rc = copy_out(ret_payload, payload.mv_data, payload.mv_size,
			      err);
	rc = finish(&txn, rc, "read a match", err);
	if (rc == 0)
		*ret_seq = seq;
	return rc;
}

int store_head(struct store *store, struct store_head *ret_head,
	       struct err *err)
{
	struct ledger_head head;
	struct store_txn txn;
	int rc;

	txn_begin(&txn, &store->env, false);
	rc = head_read(&txn, &head, err);
	rc = finish(&txn, rc, "read the ledger's head", err);
	if (rc)
		return rc;
	ret_head->entries = head.frontier.size;
	ret_head->matches = head.matches;
	memcpy(ret_head->chain, head.chain, sizeof(ret_head->chain));
	merkle_root(&head.frontier, ret_head->root);
	return 0;
}

int store_checkpoint(struct store *store, struct buf *ret_note, struct err *err)
{
	struct store_scan scan;
	struct store_txn txn;
	int rc = 1;

	txn_begin(&txn, &store->env, false);
	scan_open(&scan, &txn, TABLE_CHECKPOINT, NULL, NULL);
	if (scan_last(&scan))
		rc = copy_out(ret_note, scan.value.mv_data, scan.value.mv_size,
			      err);
	scan_close(&scan);
	return finish(&txn, rc, "read the checkpoint", err);
}

int store_vkey(struct store *store, struct buf *ret_text, struct err *err)
{
	char origin[ORIGIN_BYTES];
	struct tuple_key key;
	struct store_txn txn;
	MDB_val value;
	int rc = 1;

	txn_begin(&txn, &store->env, false);
	key_name(&key, "store");
	if (txn_get(&txn, TABLE_META, &key, &value)) {
		const uint8_t *p = value.mv_data;

		if (value.mv_size != STORE_IDENTITY_BYTES) {
			rc = damaged(store, "its identity", err);
		} else {
			store_origin(p, origin);
			rc = checkpoint_vkey(origin, p + STORE_ID_BYTES,
					     ret_text, err);
			buf_putc(ret_text, '\n');
		}
	}
	return finish(&txn, rc, "read the store's key", err);
}
