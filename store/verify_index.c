// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of what the ledger speaks about: each MATCH entry has its payload,
 * each payload its index keys, and no key is left over.
 */
#include "store/verify_int.h"

#include "user/event/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BAD(seq, ...) verify_find(v, VERIFY_TAMPERED, seq, __VA_ARGS__)
#define ULL(n) ((unsigned long long)(n))

static void key_hash(const void *key, size_t len, uint8_t ret[16])
{
	struct digest digest;

	digest_init(&digest);
	digest_put(&digest, key, len);
	digest_final(&digest, ret, 16);
}

/* --- payloads ------------------------------------------------------------ */

static int id_order(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void payload_missing(struct verifier *v, struct match_mark *mark)
{
	mark->missing = true;
	if (v->prune_count &&
	    bsearch(mark->id, v->prunes, v->prune_count, 16, id_order))
		v->pruned++;
	else
		BAD(mark->seq,
		    "the payload of match %llu is missing and no PRUNE entry "
		    "says why",
		    ULL(mark->seq));
}

/* Does the payload say what its entry and its keys say? */
static void check_content(struct verifier *v, struct match_mark *mark,
			  const uint8_t *payload, size_t len)
{
	char rule[LEDGER_RULE_BYTES];
	struct err why = { 0 };
	struct tuple_key key;
	struct match_doc *doc;

	arena_reset(&v->arena);
	if (match_decode(payload, len, &v->arena, &doc, &why)) {
		BAD(mark->seq, "the payload of match %llu does not decode: %s",
		    ULL(mark->seq), why.text);
		return;
	}
	entry_rule(doc->rule, rule);
	if (memcmp(doc->id, mark->id, sizeof(mark->id)) != 0 ||
	    memcmp(rule, mark->rule, sizeof(rule)) != 0) {
		BAD(mark->seq,
		    "the payload of match %llu is of another match or rule",
		    ULL(mark->seq));
		return;
	}
	mark->ts_ns = doc->ts_ns;
	key_rule_seq(&key, doc->rule, mark->seq);
	key_hash(key.bytes, key.len, mark->rule_key);
	mark->decoded = true;
}

static void check_payload(struct verifier *v, struct match_mark *mark,
			  const struct verify_record *record)
{
	uint8_t digest[LEDGER_DIGEST_BYTES];
	const uint8_t *payload = record->value + LEDGER_SALT_BYTES;
	size_t len = record->value_bytes - LEDGER_SALT_BYTES;

	if (record->value_bytes < LEDGER_SALT_BYTES ||
	    len != mark->payload_bytes) {
		BAD(mark->seq, "the payload of match %llu has a wrong length",
		    ULL(mark->seq));
		return;
	}
	payload_digest(record->value, payload, len, digest);
	if (memcmp(digest, mark->digest, sizeof(digest)) != 0) {
		BAD(mark->seq,
		    "the payload of match %llu does not have its digest",
		    ULL(mark->seq));
		return;
	}
	check_content(v, mark, payload, len);
}

int verify_match(struct verifier *v, const struct verify_record *record)
{
	uint64_t seq;

	if (tuple_key_get_uint(record->key, record->key_bytes, &seq)) {
		BAD(NO_SEQ, "a key of table match is none of ours");
		return 0;
	}
	while (v->match_next < v->match_count &&
	       v->matches[v->match_next].seq < seq)
		payload_missing(v, &v->matches[v->match_next++]);
	if (v->match_next == v->match_count ||
	    v->matches[v->match_next].seq != seq)
		BAD(seq, "payload %llu has no MATCH entry", ULL(seq));
	else
		check_payload(v, &v->matches[v->match_next++], record);
	return 0;
}

void verify_match_end(struct verifier *v)
{
	while (v->match_next < v->match_count)
		payload_missing(v, &v->matches[v->match_next++]);
}

/* --- indexes ------------------------------------------------------------- */

static int seq_order(const void *key, const void *item)
{
	uint64_t a = *(const uint64_t *)key;
	uint64_t b = ((const struct match_mark *)item)->seq;

	return a < b ? -1 : a > b;
}

/* The match that an index key belongs to; NULL after saying why not. */
static struct match_mark *indexed(struct verifier *v,
				  const struct verify_record *record)
{
	const char *table = store_table_name(record->table);
	struct match_mark *mark = NULL;
	uint64_t seq;

	if (record->value_bytes != 8) {
		BAD(NO_SEQ, "a value of table %s is none of ours", table);
		return NULL;
	}
	seq = get_be64(record->value);
	if (v->match_count)
		mark = bsearch(&seq, v->matches, v->match_count,
			       sizeof(*v->matches), seq_order);
	if (!mark || mark->missing) {
		BAD(seq, "a key of table %s leads to %llu, which is no match",
		    table, ULL(seq));
		return NULL;
	}
	return mark;
}

static void wrong_key(struct verifier *v, const struct verify_record *record,
		      const struct match_mark *mark)
{
	BAD(mark->seq, "match %llu is in table %s under a wrong key",
	    ULL(mark->seq), store_table_name(record->table));
}

int verify_by_id(struct verifier *v, const struct verify_record *record)
{
	struct match_mark *mark = indexed(v, record);
	struct tuple_key key;

	if (!mark)
		return 0;
	key_id(&key, mark->id, sizeof(mark->id));
	if (record_key_is(record, &key))
		mark->by_id = true;
	else
		wrong_key(v, record, mark);
	return 0;
}

int verify_by_time(struct verifier *v, const struct verify_record *record)
{
	struct match_mark *mark = indexed(v, record);
	struct tuple_key key;

	if (!mark || !mark->decoded)
		return 0;
	key_time(&key, mark->ts_ns, mark->seq);
	if (record_key_is(record, &key))
		mark->by_time = true;
	else
		wrong_key(v, record, mark);
	return 0;
}

/* Keys of one rule are neighbours: count them under the key without seq. */
static int count_rule(struct verifier *v, const struct verify_record *record,
		      uint64_t seq)
{
	struct rule_mark *rule;
	struct tuple_key tail;
	uint8_t hash[16];

	key_number(&tail, seq);
	key_hash(record->key, record->key_bytes - tail.len, hash);
	rule = v->rule_count ? &v->rules[v->rule_count - 1] : NULL;
	if (!rule || memcmp(rule->key, hash, sizeof(hash)) != 0) {
		rule = verify_grow(&v->rules, &v->rule_count, sizeof(*rule));
		if (!rule)
			return -ENOMEM;
		memcpy(rule->key, hash, sizeof(hash));
	}
	rule->count++;
	return 0;
}

int verify_by_rule(struct verifier *v, const struct verify_record *record)
{
	struct match_mark *mark = indexed(v, record);
	uint8_t hash[16];

	if (!mark || !mark->decoded)
		return 0;
	key_hash(record->key, record->key_bytes, hash);
	if (memcmp(hash, mark->rule_key, sizeof(hash)) != 0) {
		wrong_key(v, record, mark);
		return 0;
	}
	mark->by_rule = true;
	return count_rule(v, record, mark->seq);
}

int verify_rule(struct verifier *v, const struct verify_record *record)
{
	const struct rule_mark *rule;
	uint8_t hash[16];

	key_hash(record->key, record->key_bytes, hash);
	rule = v->rule_next < v->rule_count ? &v->rules[v->rule_next] : NULL;
	if (rule && memcmp(rule->key, hash, sizeof(hash)) == 0 &&
	    record->value_bytes == 8 && get_be64(record->value) == rule->count)
		v->rule_next++;
	else if (!v->ledger_broken)
		BAD(NO_SEQ, "a count of table rule is not that of the matches");
	return 0;
}

void verify_indexes_end(struct verifier *v)
{
	if (v->rule_next != v->rule_count)
		BAD(NO_SEQ, "table rule does not count every rule");
	for (size_t i = 0; i < v->match_count; i++) {
		const struct match_mark *mark = &v->matches[i];

		if (mark->missing)
			continue;
		if (!mark->by_id)
			BAD(mark->seq, "match %llu is not in table match_id",
			    ULL(mark->seq));
		if (mark->decoded && !mark->by_time)
			BAD(mark->seq, "match %llu is not in table match_time",
			    ULL(mark->seq));
		if (mark->decoded && !mark->by_rule)
			BAD(mark->seq, "match %llu is not in table match_rule",
			    ULL(mark->seq));
	}
}
