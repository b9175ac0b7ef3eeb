// SPDX-License-Identifier: Apache-2.0
/*
 * One turn in one transaction: each match with its index keys and its ledger
 * entry, the loss since the last entry, the engine's state.
 */
#include "store/store_int.h"

#include <errno.h>
#include <string.h>

/* Around a match: keys, entry, leaf hash, page headers, copied branches. */
#define MATCH_OVERHEAD_BYTES 2048
/* Around a transaction: one path of copied pages in each table. */
#define TURN_OVERHEAD_BYTES ((uint64_t)4096 * 3 * TABLE_COUNT)

static int turn_size(const struct store_turn *turn, uint64_t *ret_bytes,
		     struct err *err)
{
	uint64_t bytes = TURN_OVERHEAD_BYTES;

	for (unsigned i = 0; i < turn->match_count; i++) {
		if (turn->matches[i].payload_bytes > STORE_VALUE_BYTES_MAX)
			return err_set(err, ERR_INTERNAL, -E2BIG,
				       "a match of rule %s has %zu bytes, more "
				       "than the store takes",
				       turn->matches[i].rule,
				       turn->matches[i].payload_bytes);
		bytes += turn->matches[i].payload_bytes + MATCH_OVERHEAD_BYTES;
	}
	if (turn->state && turn->state_bytes > STORE_VALUE_BYTES_MAX)
		return err_set(err, ERR_INTERNAL, -E2BIG,
			       "the engine's state has %zu bytes, more than "
			       "the store takes",
			       turn->state_bytes);
	if (turn->state)
		bytes += turn->state_bytes;
	*ret_bytes = bytes;
	return 0;
}

static int check_quota(const struct store *store, const struct store_turn *turn,
		       struct err *err)
{
	uint64_t more = 0, used = store_env_used_bytes(&store->env);
	int rc = turn_size(turn, &more, err);

	if (rc || !store->size_bytes_max)
		return rc;
	if (used > store->size_bytes_max || more > store->size_bytes_max - used)
		return err_set(err, ERR_INPUT, -ENOSPC,
			       "the store %s has reached its limit of %llu "
			       "bytes",
			       store->env.dir,
			       (unsigned long long)store->size_bytes_max);
	return 0;
}

static void count_rule(struct store_txn *txn, const char *rule)
{
	uint8_t bytes[8];
	uint64_t count = 0;
	struct tuple_key key;
	MDB_val value;

	key_rule(&key, rule);
	if (txn_get(txn, TABLE_RULE, &key, &value)) {
		if (value.mv_size != sizeof(bytes))
			txn_damaged(txn);
		else
			count = get_be64(value.mv_data);
	}
	put_be64(bytes, count + 1);
	txn_put(txn, TABLE_RULE, &key, bytes, sizeof(bytes));
}

static void put_indexes(struct store_txn *txn, const struct store_match *match,
			uint64_t seq)
{
	struct tuple_key key;
	uint8_t value[8];

	put_be64(value, seq);
	key_id(&key, match->id, sizeof(match->id));
	txn_put(txn, TABLE_MATCH_ID, &key, value, sizeof(value));
	key_time(&key, match->ts_ns, seq);
	txn_put(txn, TABLE_MATCH_TIME, &key, value, sizeof(value));
	key_rule_seq(&key, match->rule, seq);
	txn_put(txn, TABLE_MATCH_RULE, &key, value, sizeof(value));
	count_rule(txn, match->rule);
}

/* Was the match stored before? Then its sequence is in ret_seq. */
static bool find_match(struct store_txn *txn, const uint8_t id[16],
		       uint64_t *ret_seq)
{
	struct tuple_key key;
	MDB_val value;

	key_id(&key, id, 16);
	if (!txn_get(txn, TABLE_MATCH_ID, &key, &value))
		return false;
	if (value.mv_size != 8) {
		txn_damaged(txn);
		return false;
	}
	*ret_seq = get_be64(value.mv_data);
	return true;
}

static void put_match(struct store *store, struct store_txn *txn,
		      struct ledger_head *head,
		      const struct store_moment *moment,
		      struct store_match *match, uint64_t lost)
{
	struct ledger_entry entry = entry_at(store, ENTRY_MATCH, moment);
	struct tuple_key key;

	entry_rule(match->rule, entry.rule);
	memcpy(entry.rule_digest, match->rule_digest,
	       sizeof(entry.rule_digest));
	memcpy(entry.match_id, match->id, sizeof(entry.match_id));
	entry.payload_bytes = match->payload_bytes;
	payload_digest(match->salt, match->payload, match->payload_bytes,
		       entry.payload_digest);
	entry.lost = lost;
	ledger_append(txn, head, &entry);
	key_number(&key, entry.seq);
	txn_put_pair(txn, TABLE_MATCH, &key, match->salt, sizeof(match->salt),
		     match->payload, match->payload_bytes);
	put_indexes(txn, match, entry.seq);
	match->ret_seq = entry.seq;
}

/* Returns how many entries were appended. */
static uint64_t put_entries(struct store *store, struct store_txn *txn,
			    struct ledger_head *head, struct store_turn *turn)
{
	uint64_t lost = turn->lost, first = head->frontier.size;

	for (unsigned i = 0; i < turn->match_count; i++) {
		struct store_match *match = &turn->matches[i];

		match->ret_known = find_match(txn, match->id, &match->ret_seq);
		if (match->ret_known)
			continue;
		put_match(store, txn, head, &turn->moment, match, lost);
		lost = 0;
	}
	if (lost) {
		struct ledger_entry entry =
			entry_at(store, ENTRY_LOSS, &turn->moment);

		entry.lost = lost;
		ledger_append(txn, head, &entry);
	}
	if (head->frontier.size != first)
		head_write(txn, head);
	return head->frontier.size - first;
}

static void put_state(struct store_txn *txn, const struct store_turn *turn)
{
	uint8_t head[STATE_HEAD_BYTES];
	struct tuple_key key;

	state_head_encode(turn->moment.boot_id, turn->watermark, turn->state,
			  turn->state_bytes, head);
	key_name(&key, "state");
	txn_put_pair(txn, TABLE_META, &key, head, sizeof(head), turn->state,
		     turn->state_bytes);
}

static int write_turn(struct store *store, struct store_turn *turn,
		      struct err *err)
{
	struct ledger_head head = store->head;
	struct store_txn txn;
	uint64_t entries;
	int rc;

	txn_begin(&txn, &store->env, true);
	entries = put_entries(store, &txn, &head, turn);
	if (turn->state)
		put_state(&txn, turn);
	if (!entries && !turn->state)
		return txn_finish(&txn, "commit", err);
	rc = txn_commit(&txn, "commit", err);
	if (rc == 0)
		store->head = head;
	return rc;
}

int store_commit(struct store *store, struct store_turn *turn, struct err *err)
{
	int rc = store_usable(store, err);

	if (rc)
		return rc;
	if (!turn->match_count && !turn->lost && !turn->state)
		return 0;
	rc = check_quota(store, turn, err);
	if (rc == 0)
		rc = write_turn(store, turn, err);
	store->failed = rc != 0;
	return rc;
}
