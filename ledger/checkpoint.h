/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: a tree's size and root, signed. C2SP signed-note and
 * tlog-checkpoint, Ed25519 (libsodium).
 */
#ifndef SHRIKE_LEDGER_CHECKPOINT_H
#define SHRIKE_LEDGER_CHECKPOINT_H

#include "ledger/hash.h"
#include "user/base/buf.h"
#include "user/base/err.h"

#define CHECKPOINT_ORIGIN_MAX 256
#define CHECKPOINT_NOTE_MAX ((size_t)64 * 1024)

struct signing_key {
	uint8_t seed[32];
	uint8_t public_key[32];
};

struct checkpoint {
	char origin[CHECKPOINT_ORIGIN_MAX]; /* also the key's name */
	uint64_t size;
	uint8_t root[LEDGER_DIGEST_BYTES];
};

/* Ed25519 from a 32-byte seed that the caller drew. */
int signing_key_from_seed(const uint8_t seed[32], struct signing_key *ret_key,
			  struct err *err);

/* Append the signed note. */
int checkpoint_sign(const struct checkpoint *checkpoint,
		    const struct signing_key *key, struct buf *out,
		    struct err *err);

/*
 * Parse a note and verify the signature of `public_key` for its origin.
 * -EBADMSG: not a note; 1: no signature of that key, or a wrong one. The
 * checkpoint is written in both cases where it could be parsed.
 */
enum checkpoint_outcome { CHECKPOINT_GOOD = 0, CHECKPOINT_UNSIGNED = 1 };
int checkpoint_open(const void *note, size_t len, const uint8_t public_key[32],
		    struct checkpoint *ret_checkpoint, struct err *err);

/* The verifier key as text: name+hash+base64, as signed-note has it. */
int checkpoint_vkey(const char *origin, const uint8_t public_key[32],
		    struct buf *out, struct err *err);

/* The key in such a text; -EBADMSG when it is none or its hash is wrong. */
int checkpoint_vkey_parse(const void *text, size_t len,
			  uint8_t ret_public_key[32], struct err *err);

#endif
