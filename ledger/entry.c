// SPDX-License-Identifier: Apache-2.0
/*
 * The bytes of one ledger entry. Numbers are big-endian; what an entry does
 * not have is zero.
 *
 *   offset  size  meaning
 *        0     4  "SHRL"
 *        4     2  version, 1
 *        6     2  type, enum entry_type
 *        8     8  sequence number, from 0
 *       16     8  realtime clock, ns since 1970, signed
 *       24     8  boot-time clock, ns, signed
 *       32    16  boot id
 *       48    16  match id
 *       64    32  ruleset digest
 *       96    64  rule name, at most 63 bytes, padded with NULs
 *      160    32  rule digest
 *      192     8  payload length, bytes
 *      200     8  events lost since the previous entry
 *      208    32  payload digest
 *      240    32  object digest
 *      272    32  chain value of the previous entry
 *      304    80  zero
 *      384
 *
 * One entry has one encoding: what is decoded encodes to the same bytes.
 */
#include "ledger/entry.h"

#include "user/base/check.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_TYPE = 6,
	AT_SEQ = 8,
	AT_WALL_NS = 16,
	AT_BOOT_NS = 24,
	AT_BOOT_ID = 32,
	AT_MATCH_ID = 48,
	AT_RULESET_DIGEST = 64,
	AT_RULE = 96,
	AT_RULE_DIGEST = 160,
	AT_PAYLOAD_BYTES = 192,
	AT_LOST = 200,
	AT_PAYLOAD_DIGEST = 208,
	AT_OBJECT_DIGEST = 240,
	AT_PREVIOUS = 272,
	AT_PADDING = 304
};

static const char MAGIC[4] = { 'S', 'H', 'R', 'L' };

BUILD_CHECK(AT_RULE + LEDGER_RULE_BYTES == AT_RULE_DIGEST);
BUILD_CHECK(AT_PREVIOUS + LEDGER_DIGEST_BYTES == AT_PADDING);
BUILD_CHECK(AT_PADDING + 80 == LEDGER_ENTRY_BYTES);

static void put_u16(uint8_t *at, uint16_t v)
{
	v = htobe16(v);
	memcpy(at, &v, sizeof(v));
}

static void put_u64(uint8_t *at, uint64_t v)
{
	v = htobe64(v);
	memcpy(at, &v, sizeof(v));
}

static uint16_t get_u16(const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return be16toh(v);
}

static uint64_t get_u64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return be64toh(v);
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= bytes[i];
	return !any;
}

static bool type_valid(unsigned type)
{
	return type >= ENTRY_GENESIS && type < ENTRY_TYPE_END;
}

void entry_encode(const struct ledger_entry *entry,
		  uint8_t ret_bytes[LEDGER_ENTRY_BYTES])
{
	uint8_t *at = ret_bytes;

	CHECK(type_valid(entry->type));
	memset(at, 0, LEDGER_ENTRY_BYTES);
	memcpy(at + AT_MAGIC, MAGIC, sizeof(MAGIC));
	put_u16(at + AT_VERSION, LEDGER_ENTRY_VERSION);
	put_u16(at + AT_TYPE, (uint16_t)entry->type);
	put_u64(at + AT_SEQ, entry->seq);
	put_u64(at + AT_WALL_NS, (uint64_t)entry->wall_ns);
	put_u64(at + AT_BOOT_NS, (uint64_t)entry->boot_ns);
	memcpy(at + AT_BOOT_ID, entry->boot_id, sizeof(entry->boot_id));
	memcpy(at + AT_MATCH_ID, entry->match_id, sizeof(entry->match_id));
	memcpy(at + AT_RULESET_DIGEST, entry->ruleset_digest,
	       sizeof(entry->ruleset_digest));
	memcpy(at + AT_RULE, entry->rule,
	       strnlen(entry->rule, LEDGER_RULE_BYTES - 1));
	memcpy(at + AT_RULE_DIGEST, entry->rule_digest,
	       sizeof(entry->rule_digest));
	put_u64(at + AT_PAYLOAD_BYTES, entry->payload_bytes);
	put_u64(at + AT_LOST, entry->lost);
	memcpy(at + AT_PAYLOAD_DIGEST, entry->payload_digest,
	       sizeof(entry->payload_digest));
	memcpy(at + AT_OBJECT_DIGEST, entry->object_digest,
	       sizeof(entry->object_digest));
	memcpy(at + AT_PREVIOUS, entry->previous, sizeof(entry->previous));
}

/* The parts that have only one right content, or only a few. */
static int check_form(const uint8_t *at, size_t len, struct err *err)
{
	const char *rule = (const char *)at + AT_RULE;
	size_t rule_len;

	if (len != LEDGER_ENTRY_BYTES)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "ledger entry of %zu bytes instead of %d", len,
			       LEDGER_ENTRY_BYTES);
	if (memcmp(at + AT_MAGIC, MAGIC, sizeof(MAGIC)))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "not a ledger entry: wrong magic");
	if (get_u16(at + AT_VERSION) != LEDGER_ENTRY_VERSION)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "ledger entry of version %u, this is %d",
			       get_u16(at + AT_VERSION), LEDGER_ENTRY_VERSION);
	if (!type_valid(get_u16(at + AT_TYPE)))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "ledger entry of unknown type %u",
			       get_u16(at + AT_TYPE));
	rule_len = strnlen(rule, LEDGER_RULE_BYTES);
	if (rule_len == LEDGER_RULE_BYTES ||
	    !all_zero(at + AT_RULE + rule_len, LEDGER_RULE_BYTES - rule_len))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "ledger entry's rule name is not NUL-padded");
	if (!all_zero(at + AT_PADDING, LEDGER_ENTRY_BYTES - AT_PADDING))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "ledger entry's padding is not zero");
	return 0;
}

int entry_decode(const void *bytes, size_t len, struct ledger_entry *ret_entry,
		 struct err *err)
{
	const uint8_t *at = bytes;
	struct ledger_entry entry = { 0 };
	int rc;

	rc = check_form(at, len, err);
	if (rc)
		return rc;
	entry.type = (enum entry_type)get_u16(at + AT_TYPE);
	entry.seq = get_u64(at + AT_SEQ);
	entry.wall_ns = (int64_t)get_u64(at + AT_WALL_NS);
	entry.boot_ns = (int64_t)get_u64(at + AT_BOOT_NS);
	memcpy(entry.boot_id, at + AT_BOOT_ID, sizeof(entry.boot_id));
	memcpy(entry.match_id, at + AT_MATCH_ID, sizeof(entry.match_id));
	memcpy(entry.ruleset_digest, at + AT_RULESET_DIGEST,
	       sizeof(entry.ruleset_digest));
	memcpy(entry.rule, at + AT_RULE, sizeof(entry.rule));
	memcpy(entry.rule_digest, at + AT_RULE_DIGEST,
	       sizeof(entry.rule_digest));
	entry.payload_bytes = get_u64(at + AT_PAYLOAD_BYTES);
	entry.lost = get_u64(at + AT_LOST);
	memcpy(entry.payload_digest, at + AT_PAYLOAD_DIGEST,
	       sizeof(entry.payload_digest));
	memcpy(entry.object_digest, at + AT_OBJECT_DIGEST,
	       sizeof(entry.object_digest));
	memcpy(entry.previous, at + AT_PREVIOUS, sizeof(entry.previous));
	*ret_entry = entry;
	return 0;
}

void entry_chain(const uint8_t bytes[LEDGER_ENTRY_BYTES],
		 uint8_t ret_chain[LEDGER_DIGEST_BYTES])
{
	struct digest digest;

	digest_init_context(&digest, "shrike chain v1");
	digest_put(&digest, bytes, LEDGER_ENTRY_BYTES);
	digest_final(&digest, ret_chain, LEDGER_DIGEST_BYTES);
}

void payload_digest(const uint8_t salt[LEDGER_SALT_BYTES], const void *payload,
		    size_t len, uint8_t ret_digest[LEDGER_DIGEST_BYTES])
{
	struct digest digest;

	digest_init_context(&digest, "shrike payload v1");
	digest_put(&digest, salt, LEDGER_SALT_BYTES);
	digest_put(&digest, payload, len);
	digest_final(&digest, ret_digest, LEDGER_DIGEST_BYTES);
}

const char *entry_type_name(enum entry_type type)
{
	static const char *const names[ENTRY_TYPE_END] = {
		[ENTRY_GENESIS] = "genesis", [ENTRY_OPEN] = "open",
		[ENTRY_MATCH] = "match",     [ENTRY_HEARTBEAT] = "heartbeat",
		[ENTRY_RULESET] = "ruleset", [ENTRY_PRUNE] = "prune",
		[ENTRY_LOSS] = "loss",	     [ENTRY_ANCHOR] = "anchor",
		[ENTRY_CLOSE] = "close",
	};

	CHECK(type_valid(type));
	return names[type];
}
