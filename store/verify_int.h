/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to verification: what has been seen of a store so far. Records come
 * in the order of enum store_table; each table has a step for every record and
 * most have an end. Memory: 32 bytes an entry and about 150 a match.
 */
#ifndef SHRIKE_STORE_VERIFY_INT_H
#define SHRIKE_STORE_VERIFY_INT_H

#include "ledger/checkpoint.h"
#include "store/layout.h"
#include "store/verify.h"
#include "store/verify_source.h"
#include "user/base/arena.h"

/* A tree size whose root somebody signed. */
struct root_mark {
	uint64_t size;
	uint8_t root[LEDGER_DIGEST_BYTES];
	bool trusted; /* the caller's, not the store's */
};

/* What a MATCH entry promises, and which of it was found. */
struct match_mark {
	uint64_t seq;
	uint64_t payload_bytes;
	int64_t ts_ns;
	uint8_t id[16];
	uint8_t digest[LEDGER_DIGEST_BYTES];
	char rule[LEDGER_RULE_BYTES]; /* as the entry has it */
	uint8_t rule_key[16];	      /* hash of its key in match_rule */
	bool decoded;		      /* payload found and good */
	bool missing;		      /* no payload: pruned or reported */
	bool by_id;
	bool by_time;
	bool by_rule;
};

struct rule_mark {
	uint8_t key[16]; /* hash of its key in table rule */
	uint64_t count;
};

struct verifier {
	const struct verify_options *options;
	struct verify_report *report;
	struct arena arena; /* of one payload */
	unsigned finding_count;
	unsigned disorder_count;
	enum store_table table; /* of the last record */

	bool has_identity;
	uint8_t id[STORE_ID_BYTES];
	uint8_t public_key[32];
	bool has_head;
	struct ledger_head stored_head;
	bool has_ruleset;
	uint8_t stored_ruleset[LEDGER_DIGEST_BYTES];

	struct root_mark *roots; /* ascending by size */
	size_t root_count;
	size_t root_next;
	uint64_t signed_size; /* the largest */

	uint8_t (*leaves)[LEDGER_DIGEST_BYTES];
	size_t leaf_count;

	struct ledger_head head; /* as computed */
	uint8_t ruleset[LEDGER_DIGEST_BYTES];
	bool ledger_broken;    /* a gap: nothing after it can be checked */
	uint8_t (*prunes)[16]; /* match ids; sorted at the ledger's end */
	size_t prune_count;

	struct match_mark *matches; /* ascending by seq */
	size_t match_count;
	size_t match_next;
	uint64_t pruned;

	struct rule_mark *rules; /* in key order */
	size_t rule_count;
	size_t rule_next;
};

/* What is wrong, in one line; `seq` is where, NO_SEQ nowhere. */
#define NO_SEQ UINT64_MAX
void verify_find(struct verifier *verifier, enum verify_result result,
		 uint64_t seq, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Room for one more in an array of the verifier's; NULL: no memory. */
void *verify_grow(void *array_ptr, size_t *count, size_t item_bytes);

/* A negative errno ends verification: no memory. What is wrong is found, not
 * returned. */
int verify_meta(struct verifier *verifier, const struct verify_record *record);
void verify_meta_end(struct verifier *verifier);
int verify_checkpoint(struct verifier *verifier,
		      const struct verify_record *record);
int verify_trusted(struct verifier *verifier, struct err *err);
void verify_roots_here(struct verifier *verifier);
void verify_roots_end(struct verifier *verifier);
int verify_leaf(struct verifier *verifier, const struct verify_record *record);
int verify_entry(struct verifier *verifier, const struct verify_record *record);
void verify_ledger_end(struct verifier *verifier);

int verify_match(struct verifier *verifier, const struct verify_record *record);
void verify_match_end(struct verifier *verifier);
int verify_by_id(struct verifier *verifier, const struct verify_record *record);
int verify_by_time(struct verifier *verifier,
		   const struct verify_record *record);
int verify_by_rule(struct verifier *verifier,
		   const struct verify_record *record);
int verify_rule(struct verifier *verifier, const struct verify_record *record);
void verify_indexes_end(struct verifier *verifier);

/* Is the record's key exactly this? */
bool record_key_is(const struct verify_record *record,
		   const struct tuple_key *key);

#endif
