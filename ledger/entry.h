/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ledger entry: fixed-width big-endian binary, versioned. The bytes are
 * drawn at the top of entry.c.
 */
#ifndef SHRIKE_LEDGER_ENTRY_H
#define SHRIKE_LEDGER_ENTRY_H

#include "ledger/hash.h"
#include "user/base/err.h"

#include <stdbool.h>

#define LEDGER_ENTRY_VERSION 1
#define LEDGER_SALT_BYTES 16
#define LEDGER_RULE_BYTES 64 /* rule name, NUL-padded; longer ones are cut */

enum entry_type {
	ENTRY_GENESIS = 1,
	ENTRY_OPEN,
	ENTRY_MATCH,
	ENTRY_HEARTBEAT,
	ENTRY_RULESET,
	ENTRY_PRUNE,
	ENTRY_LOSS,
	ENTRY_ANCHOR,
	ENTRY_CLOSE,
	ENTRY_TYPE_END
};

/* Absent members are all zero. */
struct ledger_entry {
	enum entry_type type;
	uint64_t seq; /* from 0 */
	int64_t wall_ns;
	int64_t boot_ns;
	uint8_t boot_id[16];
	uint8_t ruleset_digest[LEDGER_DIGEST_BYTES];
	char rule[LEDGER_RULE_BYTES];
	uint8_t rule_digest[LEDGER_DIGEST_BYTES];
	uint8_t match_id[16];
	uint64_t payload_bytes;
	uint8_t payload_digest[LEDGER_DIGEST_BYTES];
	uint8_t object_digest[LEDGER_DIGEST_BYTES]; /* OPEN, RULESET */
	uint64_t lost; /* events lost since the previous entry */
	uint8_t previous[LEDGER_DIGEST_BYTES]; /* chain value C(seq - 1) */
};

/* Every entry has this size. */
#define LEDGER_ENTRY_BYTES 384

void entry_encode(const struct ledger_entry *entry,
		  uint8_t ret_bytes[LEDGER_ENTRY_BYTES]);

/* -EBADMSG on a wrong length, magic, version, type or non-zero padding. */
int entry_decode(const void *bytes, size_t len, struct ledger_entry *ret_entry,
		 struct err *err);

/* C(i) = BLAKE3 derive_key("shrike chain v1")(entry i). */
void entry_chain(const uint8_t bytes[LEDGER_ENTRY_BYTES],
		 uint8_t ret_chain[LEDGER_DIGEST_BYTES]);

/* BLAKE3 derive_key("shrike payload v1")(salt | payload). */
void payload_digest(const uint8_t salt[LEDGER_SALT_BYTES], const void *payload,
		    size_t len, uint8_t ret_digest[LEDGER_DIGEST_BYTES]);

const char *entry_type_name(enum entry_type type);

#endif
