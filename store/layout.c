// SPDX-License-Identifier: Apache-2.0
/*
 * Keys and small values of the store, as layout.h draws them.
 */
#include "store/layout.h"

#include "user/base/check.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RULE_KEY_BYTES 200

const char *store_table_name(enum store_table table)
{
	static const char *const names[TABLE_COUNT] = {
		[TABLE_META] = "meta",
		[TABLE_CHECKPOINT] = "checkpoint",
		[TABLE_LEAF] = "leaf",
		[TABLE_LEDGER] = "ledger",
		[TABLE_MATCH] = "match",
		[TABLE_MATCH_ID] = "match_id",
		[TABLE_MATCH_TIME] = "match_time",
		[TABLE_MATCH_RULE] = "match_rule",
		[TABLE_RULE] = "rule",
	};

	CHECK(table < TABLE_COUNT);
	return names[table];
}

void put_be64(uint8_t *bytes, uint64_t v)
{
	v = htobe64(v);
	memcpy(bytes, &v, sizeof(v));
}

uint64_t get_be64(const uint8_t *bytes)
{
	uint64_t v;

	memcpy(&v, bytes, sizeof(v));
	return be64toh(v);
}

void key_name(struct tuple_key *ret_key, const char *name)
{
	tuple_key_init(ret_key);
	tuple_key_put_text(ret_key, name, strlen(name));
	CHECK(!ret_key->failed);
}

void key_number(struct tuple_key *ret_key, uint64_t number)
{
	tuple_key_init(ret_key);
	tuple_key_put_uint(ret_key, number);
}

void key_id(struct tuple_key *ret_key, const uint8_t *id, size_t len)
{
	tuple_key_init(ret_key);
	tuple_key_put_uuid(ret_key, id, len);
}

void key_time(struct tuple_key *ret_key, int64_t ts_ns, uint64_t seq)
{
	tuple_key_init(ret_key);
	tuple_key_put_int(ret_key, ts_ns);
	tuple_key_put_uint(ret_key, seq);
}

void key_rule(struct tuple_key *ret_key, const char *rule)
{
	size_t len = strlen(rule);
	struct digest digest;
	uint8_t hash[16];

	tuple_key_init(ret_key);
	if (len <= RULE_KEY_BYTES) {
		tuple_key_put_text(ret_key, rule, len);
	} else {
		digest_init_context(&digest, "shrike long key v1");
		digest_put(&digest, rule, len);
		digest_final(&digest, hash, sizeof(hash));
		tuple_key_put_text(ret_key, rule, RULE_KEY_BYTES);
		tuple_key_put_uuid(ret_key, hash, sizeof(hash));
	}
	CHECK(!ret_key->failed);
}

void key_rule_seq(struct tuple_key *ret_key, const char *rule, uint64_t seq)
{
	key_rule(ret_key, rule);
	tuple_key_put_uint(ret_key, seq);
	CHECK(!ret_key->failed);
}

size_t head_encode(const struct ledger_head *head,
		   uint8_t ret_bytes[HEAD_BYTES_MAX])
{
	uint8_t *p = ret_bytes;

	memcpy(p, head->chain, LEDGER_DIGEST_BYTES);
	put_be64(p + LEDGER_DIGEST_BYTES, head->matches);
	put_be64(p + LEDGER_DIGEST_BYTES + 8, head->lost);
	p += LEDGER_DIGEST_BYTES + 16;
	p += merkle_frontier_encode(&head->frontier, p);
	return (size_t)(p - ret_bytes);
}

int head_decode(const void *bytes, size_t len, struct ledger_head *ret_head,
		struct err *err)
{
	const size_t fixed = LEDGER_DIGEST_BYTES + 16;
	const uint8_t *p = bytes;
	int rc;

	if (len < fixed)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "the ledger's head is too short");
	rc = merkle_frontier_decode(p + fixed, len - fixed, &ret_head->frontier,
				    err);
	if (rc)
		return rc;
	memcpy(ret_head->chain, p, LEDGER_DIGEST_BYTES);
	ret_head->matches = get_be64(p + LEDGER_DIGEST_BYTES);
	ret_head->lost = get_be64(p + LEDGER_DIGEST_BYTES + 8);
	return 0;
}

static void state_digest(const uint8_t head[24], const void *state, size_t len,
			 uint8_t ret[LEDGER_DIGEST_BYTES])
{
	struct digest digest;

	digest_init_context(&digest, "shrike state v1");
	digest_put(&digest, head, 24);
	digest_put(&digest, state, len);
	digest_final(&digest, ret, LEDGER_DIGEST_BYTES);
}

void state_head_encode(const uint8_t boot_id[16], int64_t watermark,
		       const void *state, size_t len,
		       uint8_t ret_bytes[STATE_HEAD_BYTES])
{
	memcpy(ret_bytes, boot_id, 16);
	put_be64(ret_bytes + 16, (uint64_t)watermark);
	state_digest(ret_bytes, state, len, ret_bytes + 24);
}

int state_check(const void *value, size_t len)
{
	uint8_t digest[LEDGER_DIGEST_BYTES];
	const uint8_t *p = value;

	if (len < STATE_HEAD_BYTES)
		return -EBADMSG;
	state_digest(p, p + STATE_HEAD_BYTES, len - STATE_HEAD_BYTES, digest);
	return memcmp(digest, p + 24, sizeof(digest)) ? -EBADMSG : 0;
}

void store_origin(const uint8_t id[STORE_ID_BYTES], char ret[ORIGIN_BYTES])
{
	char *p = stpcpy(ret, "shrike/store/");

	for (int i = 0; i < STORE_ID_BYTES; i++)
		p += sprintf(p, "%02x", id[i]);
}

void entry_rule(const char *rule, char ret[LEDGER_RULE_BYTES])
{
	memset(ret, 0, LEDGER_RULE_BYTES);
	memcpy(ret, rule, strnlen(rule, LEDGER_RULE_BYTES - 1));
}
