// SPDX-License-Identifier: Apache-2.0
/*
 * The life of a run: GENESIS once in a store's life, OPEN, RULESET when the
 * rules changed, CLOSE with a signed checkpoint. A run that ended without
 * CLOSE is simply followed by the next OPEN.
 */
#include "store/store_int.h"

#include "store/store_folder.h"
#include "user/base/check.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static void derive(const char *context, const uint8_t seed[32], uint8_t *ret,
		   size_t len)
{
	struct digest digest;

	digest_init_context(&digest, context);
	digest_put(&digest, seed, 32);
	digest_final(&digest, ret, len);
}

static int draw(void *ret, size_t len, struct err *err)
{
	if (getrandom(ret, len, 0) == (ssize_t)len)
		return 0;
	return err_set(err, ERR_MACHINE, -EIO,
		       "the system gives no random bytes");
}

/*
 * The key of a new ledger. One that an interrupted begin left behind is as good
 * as a new one.
 */
static int new_key(struct store *store, const struct store_run *run,
		   struct err *err)
{
	uint8_t seed[32];
	int rc;

	if (run->replay) {
		derive("shrike replay store id v1", run->seed, store->id,
		       sizeof(store->id));
		derive("shrike replay key v1", run->seed, seed, sizeof(seed));
		rc = 1;
	} else {
		rc = draw(store->id, sizeof(store->id), err);
		if (rc == 0)
			rc = folder_key_load(store->env.dir, seed, err);
		if (rc == 1) {
			rc = draw(seed, sizeof(seed), err);
			rc = rc ? rc : 1;
		}
	}
	if (rc == 1)
		rc = folder_key_save(store->env.dir, seed, err);
	if (rc == 0)
		rc = signing_key_from_seed(seed, &store->key, err);
	explicit_bzero(seed, sizeof(seed));
	return rc;
}

/* The key of a ledger that is there; it must be the one GENESIS names. */
static int load_key(struct store *store, const MDB_val *identity,
		    struct err *err)
{
	const uint8_t *bytes = identity->mv_data;
	uint8_t seed[32];
	int rc;

	if (identity->mv_size != STORE_IDENTITY_BYTES)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "the store %s is damaged: no identity",
			       store->env.dir);
	memcpy(store->id, bytes, STORE_ID_BYTES);
	rc = folder_key_load(store->env.dir, seed, err);
	if (rc == 1)
		return err_set(err, ERR_INPUT, -ENOENT,
			       "the store %s has lost its file ledger.key",
			       store->env.dir);
	if (rc)
		return rc;
	rc = signing_key_from_seed(seed, &store->key, err);
	explicit_bzero(seed, sizeof(seed));
	if (rc == 0 &&
	    memcmp(store->key.public_key, bytes + STORE_ID_BYTES, 32) != 0)
		rc = err_set(err, ERR_INPUT, -EBADMSG,
			     "%s/ledger.key is not the key of this store",
			     store->env.dir);
	return rc;
}

static void put_identity(struct store *store, struct store_txn *txn,
			 const struct store_moment *moment)
{
	struct ledger_entry entry = entry_at(store, ENTRY_GENESIS, moment);
	uint8_t bytes[STORE_IDENTITY_BYTES];
	struct tuple_key key;

	memcpy(bytes, store->id, STORE_ID_BYTES);
	memcpy(bytes + STORE_ID_BYTES, store->key.public_key, 32);
	key_name(&key, "store");
	txn_put(txn, TABLE_META, &key, bytes, sizeof(bytes));
	memcpy(entry.match_id, store->id, sizeof(entry.match_id));
	memcpy(entry.payload_digest, store->key.public_key,
	       sizeof(entry.payload_digest));
	ledger_append(txn, &store->head, &entry);
}

static int begin_ledger(struct store *store, struct store_txn *txn,
			const struct store_run *run, struct err *err)
{
	struct tuple_key key;
	MDB_val value;
	int rc = head_read(txn, &store->head, err);

	if (rc)
		return rc;
	key_name(&key, "store");
	if (txn_get(txn, TABLE_META, &key, &value))
		return load_key(store, &value, err);
	if (txn->rc)
		return 0; /* the commit reports it */
	if (store->head.frontier.size)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "the store %s is damaged: no identity",
			       store->env.dir);
	rc = new_key(store, run, err);
	if (rc == 0)
		put_identity(store, txn, &run->moment);
	return rc;
}

static void put_open(struct store *store, struct store_txn *txn,
		     const struct store_run *run)
{
	struct ledger_entry entry = entry_at(store, ENTRY_OPEN, &run->moment);
	struct tuple_key key;
	MDB_val last;
	bool same;

	memcpy(entry.object_digest, run->object_digest,
	       sizeof(entry.object_digest));
	ledger_append(txn, &store->head, &entry);
	key_name(&key, "ruleset");
	same = txn_get(txn, TABLE_META, &key, &last) &&
	       last.mv_size == LEDGER_DIGEST_BYTES &&
	       memcmp(last.mv_data, run->ruleset_digest, last.mv_size) == 0;
	if (!same) {
		entry.type = ENTRY_RULESET;
		ledger_append(txn, &store->head, &entry);
		txn_put(txn, TABLE_META, &key, run->ruleset_digest,
			LEDGER_DIGEST_BYTES);
	}
	head_write(txn, &store->head);
}

int store_begin(struct store *store, const struct store_run *run,
		struct err *err)
{
	struct store_txn txn;
	int rc;

	CHECK(store->mode != STORE_READ && !store->begun);
	memcpy(store->ruleset_digest, run->ruleset_digest,
	       sizeof(store->ruleset_digest));
	txn_begin(&txn, &store->env, true);
	rc = begin_ledger(store, &txn, run, err);
	if (rc) {
		txn_abort(&txn);
		return rc;
	}
	put_open(store, &txn, run);
	rc = txn_commit(&txn, "begin", err);
	store->begun = rc == 0;
	return rc;
}

static int sign_head(const struct store *store, const struct ledger_head *head,
		     struct buf *note, struct err *err)
{
	struct checkpoint checkpoint = { .size = head->frontier.size };
	char origin[ORIGIN_BYTES];

	store_origin(store->id, origin);
	memcpy(checkpoint.origin, origin, sizeof(origin));
	merkle_root(&head->frontier, checkpoint.root);
	return checkpoint_sign(&checkpoint, &store->key, note, err);
}

int store_end(struct store *store, const struct store_moment *moment,
	      struct err *err)
{
	struct ledger_head head = store->head;
	struct ledger_entry entry = entry_at(store, ENTRY_CLOSE, moment);
	struct buf note = BUF_INIT;
	struct store_txn txn;
	struct tuple_key key;
	int rc = store_usable(store, err);

	if (rc)
		return rc;
	txn_begin(&txn, &store->env, true);
	ledger_append(&txn, &head, &entry);
	head_write(&txn, &head);
	rc = sign_head(store, &head, &note, err);
	if (rc) {
		txn_abort(&txn);
	} else {
		key_number(&key, head.frontier.size);
		txn_put(&txn, TABLE_CHECKPOINT, &key, note.bytes, note.len);
		rc = txn_commit(&txn, "end", err);
	}
	buf_release(&note);
	store->begun = false;
	store->failed = rc != 0;
	if (rc == 0)
		store->head = head;
	return rc;
}
