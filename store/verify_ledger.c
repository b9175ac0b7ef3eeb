// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of the ledger itself: identity, entries, chain, leaf hashes, tree and
 * signed checkpoints.
 */
#include "store/verify_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BAD(seq, ...) verify_find(v, VERIFY_TAMPERED, seq, __VA_ARGS__)
#define ULL(n) ((unsigned long long)(n))

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

/* --- meta ---------------------------------------------------------------- */

static bool named(const struct verify_record *record, const char *name)
{
	struct tuple_key key;

	key_name(&key, name);
	return record_key_is(record, &key);
}

int verify_meta(struct verifier *v, const struct verify_record *record)
{
	const uint8_t *p = record->value;

	if (named(record, "store") &&
	    record->value_bytes == STORE_IDENTITY_BYTES) {
		v->has_identity = true;
		memcpy(v->id, p, STORE_ID_BYTES);
		memcpy(v->public_key, p + STORE_ID_BYTES, 32);
	} else if (named(record, "head")) {
		v->has_head = head_decode(p, record->value_bytes,
					  &v->stored_head, NULL) == 0;
	} else if (named(record, "ruleset") &&
		   record->value_bytes == LEDGER_DIGEST_BYTES) {
		v->has_ruleset = true;
		memcpy(v->stored_ruleset, p, LEDGER_DIGEST_BYTES);
	} else if (named(record, "state")) {
		if (state_check(p, record->value_bytes))
			BAD(NO_SEQ, "the engine's state is damaged");
	} else {
		BAD(NO_SEQ, "a record of table meta is none of ours");
	}
	return 0;
}

void verify_meta_end(struct verifier *v)
{
	const uint8_t *trusted = v->options->public_key;

	if (!trusted)
		return;
	if (v->has_identity && memcmp(trusted, v->public_key, 32) != 0)
		verify_find(v, VERIFY_POLICY, NO_SEQ,
			    "the store's key is not the trusted one");
	memcpy(v->public_key, trusted, 32);
}

/* --- checkpoints --------------------------------------------------------- */

static int add_root(struct verifier *v, const struct checkpoint *checkpoint,
		    bool trusted)
{
	struct root_mark mark = { .size = checkpoint->size,
				  .trusted = trusted };
	size_t i;

	memcpy(mark.root, checkpoint->root, sizeof(mark.root));
	if (!verify_grow(&v->roots, &v->root_count, sizeof(*v->roots)))
		return -ENOMEM;
	for (i = v->root_count - 1; i && v->roots[i - 1].size > mark.size; i--)
		v->roots[i] = v->roots[i - 1];
	v->roots[i] = mark;
	return 0;
}

static bool is_ours(const struct verifier *v,
		    const struct checkpoint *checkpoint)
{
	char origin[ORIGIN_BYTES];

	store_origin(v->id, origin);
	return strcmp(checkpoint->origin, origin) == 0;
}

int verify_checkpoint(struct verifier *v, const struct verify_record *record)
{
	struct checkpoint checkpoint = { 0 };
	struct tuple_key key;
	uint64_t seq = NO_SEQ, size;
	int rc;

	if (tuple_key_get_uint(record->key, record->key_bytes, &size) == 0 &&
	    size)
		seq = size - 1;
	rc = checkpoint_open(record->value, record->value_bytes, v->public_key,
			     &checkpoint, NULL);
	if (rc < 0) {
		BAD(seq, "the checkpoint after entry %llu is not a note",
		    ULL(seq));
		return 0;
	}
	key_number(&key, checkpoint.size);
	if (!record_key_is(record, &key) || !is_ours(v, &checkpoint)) {
		BAD(seq,
		    "the checkpoint after entry %llu is of another place or "
		    "ledger",
		    ULL(seq));
		return 0;
	}
	if (rc == CHECKPOINT_UNSIGNED) {
		verify_find(v,
			    v->options->public_key ? VERIFY_POLICY :
						     VERIFY_TAMPERED,
			    seq,
			    "the checkpoint of size %llu is not signed by the "
			    "%s key",
			    ULL(checkpoint.size),
			    v->options->public_key ? "trusted" : "store's");
		return 0;
	}
	if (checkpoint.size > v->signed_size)
		v->signed_size = checkpoint.size;
	return add_root(v, &checkpoint, false);
}

int verify_trusted(struct verifier *v, struct err *err)
{
	struct checkpoint checkpoint = { 0 };
	int rc;

	if (!v->options->checkpoint)
		return 0;
	rc = checkpoint_open(v->options->checkpoint,
			     v->options->checkpoint_bytes, v->public_key,
			     &checkpoint, err);
	if (rc < 0) {
		err_prefix(err, "the trusted checkpoint");
		return rc;
	}
	if (!is_ours(v, &checkpoint)) {
		verify_find(v, VERIFY_FORKED, NO_SEQ,
			    "the trusted checkpoint is of another ledger, %s",
			    checkpoint.origin);
		return 0;
	}
	if (rc == CHECKPOINT_UNSIGNED)
		verify_find(v, VERIFY_POLICY, NO_SEQ,
			    "the trusted checkpoint is not signed by the %s "
			    "key",
			    v->options->public_key ? "trusted" : "store's");
	return add_root(v, &checkpoint, true) ? err_nomem(err) : 0;
}

static void root_differs(struct verifier *v, const struct root_mark *mark)
{
	if (mark->trusted)
		verify_find(v, VERIFY_FORKED, NO_SEQ,
			    "the ledger's first %llu entries are not those of "
			    "the trusted checkpoint",
			    ULL(mark->size));
	else
		BAD(mark->size ? mark->size - 1 : 0,
		    "the ledger's first %llu entries are not those of its "
		    "signed checkpoint",
		    ULL(mark->size));
}

void verify_roots_here(struct verifier *v)
{
	uint8_t root[LEDGER_DIGEST_BYTES];

	while (v->root_next < v->root_count &&
	       v->roots[v->root_next].size == v->head.frontier.size) {
		const struct root_mark *mark = &v->roots[v->root_next++];

		merkle_root(&v->head.frontier, root);
		if (memcmp(root, mark->root, sizeof(root)) != 0)
			root_differs(v, mark);
	}
}

void verify_roots_end(struct verifier *v)
{
	uint64_t size = v->head.frontier.size;

	for (; v->root_next < v->root_count; v->root_next++) {
		const struct root_mark *mark = &v->roots[v->root_next];

		if (mark->trusted)
			verify_find(v, VERIFY_FORKED, NO_SEQ,
				    "the ledger has %llu entries, the trusted "
				    "checkpoint %llu: truncated or rolled back",
				    ULL(size), ULL(mark->size));
		else
			BAD(size,
			    "the ledger has %llu entries, its signed "
			    "checkpoint %llu",
			    ULL(size), ULL(mark->size));
	}
}

/* --- entries ------------------------------------------------------------- */

int verify_leaf(struct verifier *v, const struct verify_record *record)
{
	size_t n = record->value_bytes / LEDGER_DIGEST_BYTES;
	struct tuple_key key;

	key_number(&key, v->leaf_count / STORE_LEAF_CHUNK);
	if (!record_key_is(record, &key) ||
	    v->leaf_count % STORE_LEAF_CHUNK != 0 || n == 0 ||
	    n > STORE_LEAF_CHUNK ||
	    record->value_bytes % LEDGER_DIGEST_BYTES != 0) {
		BAD(v->leaf_count,
		    "the leaf hashes from %zu on are not where they belong",
		    v->leaf_count);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		void *leaf = verify_grow(&v->leaves, &v->leaf_count,
					 LEDGER_DIGEST_BYTES);

		if (!leaf)
			return -ENOMEM;
		memcpy(leaf, record->value + i * LEDGER_DIGEST_BYTES,
		       LEDGER_DIGEST_BYTES);
	}
	return 0;
}

static int note_match(struct verifier *v, const struct ledger_entry *entry)
{
	struct match_mark *mark =
		verify_grow(&v->matches, &v->match_count, sizeof(*v->matches));

	if (!mark)
		return -ENOMEM;
	mark->seq = entry->seq;
	mark->payload_bytes = entry->payload_bytes;
	memcpy(mark->id, entry->match_id, sizeof(mark->id));
	memcpy(mark->digest, entry->payload_digest, sizeof(mark->digest));
	memcpy(mark->rule, entry->rule, sizeof(mark->rule));
	v->head.matches++;
	return 0;
}

static int note_prune(struct verifier *v, const struct ledger_entry *entry)
{
	uint8_t *id = verify_grow(&v->prunes, &v->prune_count, 16);

	if (!id)
		return -ENOMEM;
	memcpy(id, entry->match_id, 16);
	return 0;
}

static void check_genesis(struct verifier *v, const struct ledger_entry *entry)
{
	if ((entry->seq == 0) != (entry->type == ENTRY_GENESIS)) {
		BAD(entry->seq, "entry %llu: GENESIS belongs at 0 only",
		    ULL(entry->seq));
		return;
	}
	if (entry->seq || !v->has_identity)
		return;
	if (memcmp(entry->match_id, v->id, sizeof(v->id)) != 0)
		BAD(0, "entry 0: GENESIS names another store");
	if (memcmp(entry->payload_digest, v->public_key, 32) != 0 &&
	    !v->options->public_key)
		BAD(0, "entry 0: GENESIS names another key");
}

static int check_entry(struct verifier *v, const struct verify_record *record,
		       uint64_t seq)
{
	struct ledger_entry entry;
	struct err why = { 0 };

	if (entry_decode(record->value, record->value_bytes, &entry, &why)) {
		BAD(seq, "entry %llu does not decode: %s", ULL(seq), why.text);
		return 0;
	}
	if (entry.seq != seq) {
		BAD(seq, "entry %llu says that it is %llu", ULL(seq),
		    ULL(entry.seq));
		entry.seq = seq;
	}
	if (memcmp(entry.previous, v->head.chain, sizeof(entry.previous)) != 0)
		BAD(seq, "entry %llu: the chain does not continue entry %llu",
		    ULL(seq), ULL(seq - 1));
	check_genesis(v, &entry);
	v->head.lost += entry.lost;
	if (entry.type == ENTRY_OPEN || entry.type == ENTRY_RULESET)
		memcpy(v->ruleset, entry.ruleset_digest, sizeof(v->ruleset));
	if (entry.type == ENTRY_MATCH)
		return note_match(v, &entry);
	return entry.type == ENTRY_PRUNE ? note_prune(v, &entry) : 0;
}

int verify_entry(struct verifier *v, const struct verify_record *record)
{
	uint64_t seq = v->head.frontier.size;
	uint8_t leaf[LEDGER_DIGEST_BYTES];
	struct tuple_key key;
	int rc;

	if (v->ledger_broken)
		return 0;
	key_number(&key, seq);
	if (!record_key_is(record, &key)) {
		BAD(seq, "entry %llu is missing", ULL(seq));
		v->ledger_broken = true;
		return 0;
	}
	verify_roots_here(v); /* those of size 0 */
	merkle_leaf(record->value, record->value_bytes, leaf);
	if (seq >= v->leaf_count)
		BAD(seq, "the leaf hash of entry %llu is missing", ULL(seq));
	else if (memcmp(v->leaves[seq], leaf, sizeof(leaf)) != 0)
		BAD(seq, "entry %llu does not have its leaf hash", ULL(seq));
	rc = check_entry(v, record, seq);
	memset(v->head.chain, 0, sizeof(v->head.chain));
	if (record->value_bytes == LEDGER_ENTRY_BYTES)
		entry_chain(record->value, v->head.chain);
	merkle_append(&v->head.frontier, leaf);
	verify_roots_here(v);
	return rc;
}

static int id_order(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void check_head(struct verifier *v, uint64_t size)
{
	const struct ledger_head *stored = &v->stored_head;
	uint8_t a[MERKLE_FRONTIER_BYTES_MAX], b[MERKLE_FRONTIER_BYTES_MAX];
	uint64_t last = size ? size - 1 : 0;
	size_t n = merkle_frontier_encode(&stored->frontier, a);

	if (stored->frontier.size != size) {
		BAD(size < stored->frontier.size ? size : stored->frontier.size,
		    "the head counts %llu entries, the ledger has %llu",
		    ULL(stored->frontier.size), ULL(size));
		return;
	}
	if (memcmp(stored->chain, v->head.chain, LEDGER_DIGEST_BYTES) != 0)
		BAD(last, "the head's chain value is not that of entry %llu",
		    ULL(last));
	if (n != merkle_frontier_encode(&v->head.frontier, b) ||
	    memcmp(a, b, n) != 0)
		BAD(last, "the head's tree is not that of the entries");
	if (stored->matches != v->head.matches || stored->lost != v->head.lost)
		BAD(NO_SEQ,
		    "the head counts %llu matches and %llu lost events, the "
		    "entries %llu and %llu",
		    ULL(stored->matches), ULL(stored->lost),
		    ULL(v->head.matches), ULL(v->head.lost));
}

void verify_ledger_end(struct verifier *v)
{
	uint64_t size = v->head.frontier.size;

	verify_roots_here(v); /* of an empty ledger */
	verify_roots_end(v);
	if (v->leaf_count > size)
		BAD(size, "there are %zu leaf hashes for %llu entries",
		    v->leaf_count, ULL(size));
	if (v->prune_count)
		qsort(v->prunes, v->prune_count, 16, id_order);
	if (v->has_head)
		check_head(v, size);
	else if (size || v->has_identity)
		BAD(size ? size - 1 : 0, "the ledger's head is missing");
	if (size && !v->has_identity)
		BAD(0, "the store's identity is missing");
	if (v->has_ruleset ? memcmp(v->ruleset, v->stored_ruleset,
				    sizeof(v->ruleset)) != 0 :
			     !is_zero(v->ruleset, sizeof(v->ruleset)))
		BAD(NO_SEQ, "the ruleset's digest is not the ledger's");
}
