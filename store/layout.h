/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store's folder holds, and every sub-database with its keys and
 * values. Keys are tuples (tuple_key.h), so byte order is value order; numbers
 * in values are big-endian.
 *
 *   folder (0700, files 0600)
 *     format        "shrike store 1\n"
 *     data.mdb      the LMDB environment
 *     lock.mdb      LMDB's table of readers
 *     writer.lock   flock()ed by the one writer
 *     ledger.key    32 bytes, the seed of the Ed25519 key for checkpoints
 *
 *   table       key               value
 *   meta        (text name)       see below
 *   ledger      (seq)             entry, LEDGER_ENTRY_BYTES
 *   leaf        (seq / 127)       leaf hashes of 127 entries, 32 bytes each,
 *                                 fewer in the last: one overflow page
 *   checkpoint  (tree size)       signed note
 *   match       (seq)             salt, 16 | payload
 *   match_id    (uuid match id)   seq, 8
 *   match_time  (ts ns, seq)      seq, 8
 *   match_rule  (text rule, seq)  seq, 8
 *   rule        (text rule)       matches of that rule, 8
 *
 *   meta "head"     chain value, 32 | matches, 8 | lost, 8 | frontier
 *   meta "store"    store id, 16 | public key, 32
 *   meta "ruleset"  digest of the last OPEN or RULESET entry, 32
 *   meta "state"    boot id, 16 | watermark, 8 | digest of the rest, 32 |
 *                   engine state
 *
 * A rule name too long for a key is its first bytes and a hash of all of it.
 * The GENESIS entry holds the store id as match id and the public key as
 * payload digest. A PRUNE entry names the match whose payload went away.
 */
#ifndef SHRIKE_STORE_LAYOUT_H
#define SHRIKE_STORE_LAYOUT_H

#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "store/tuple_key.h"
#include "user/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_FORMAT_VERSION 1
#define STORE_LEAF_CHUNK 127
#define STORE_ID_BYTES 16
/* Of one payload or one engine state; a reader takes no more either. */
#define STORE_VALUE_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* In the order in which verification reads them. */
enum store_table {
	TABLE_META,
	TABLE_CHECKPOINT,
	TABLE_LEAF,
	TABLE_LEDGER,
	TABLE_MATCH,
	TABLE_MATCH_ID,
	TABLE_MATCH_TIME,
	TABLE_MATCH_RULE,
	TABLE_RULE,
	TABLE_COUNT
};

const char *store_table_name(enum store_table table);

/* Keys: all of them fit, whatever the arguments. */
void key_name(struct tuple_key *ret_key, const char *name);
void key_number(struct tuple_key *ret_key, uint64_t number);
void key_id(struct tuple_key *ret_key, const uint8_t *id, size_t len);
void key_time(struct tuple_key *ret_key, int64_t ts_ns, uint64_t seq);
void key_rule(struct tuple_key *ret_key, const char *rule);
void key_rule_seq(struct tuple_key *ret_key, const char *rule, uint64_t seq);

/* meta "head" */
struct ledger_head {
	uint8_t chain[LEDGER_DIGEST_BYTES]; /* C(size - 1), zero at first */
	uint64_t matches;
	uint64_t lost;
	struct merkle_frontier frontier;
};
#define HEAD_BYTES_MAX (LEDGER_DIGEST_BYTES + 16 + MERKLE_FRONTIER_BYTES_MAX)
size_t head_encode(const struct ledger_head *head,
		   uint8_t ret_bytes[HEAD_BYTES_MAX]);
int head_decode(const void *bytes, size_t len, struct ledger_head *ret_head,
		struct err *err);

/* meta "store" */
#define STORE_IDENTITY_BYTES (STORE_ID_BYTES + 32)

/* meta "state" */
#define STATE_HEAD_BYTES (16 + 8 + LEDGER_DIGEST_BYTES)
void state_head_encode(const uint8_t boot_id[16], int64_t watermark,
		       const void *state, size_t len,
		       uint8_t ret_bytes[STATE_HEAD_BYTES]);
/* -EBADMSG unless the digest holds. */
int state_check(const void *value, size_t len);

/* The name of the store's ledger in its checkpoints. */
#define ORIGIN_BYTES 64
void store_origin(const uint8_t id[STORE_ID_BYTES], char ret[ORIGIN_BYTES]);

/* A rule's name as an entry holds it: cut, NUL-padded, always ended. */
void entry_rule(const char *rule, char ret[LEDGER_RULE_BYTES]);

void put_be64(uint8_t *bytes, uint64_t v);
uint64_t get_be64(const uint8_t *bytes);

#endif
