/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C2SP signed-note: a text, and signatures under it. In go the bytes of a
 * note; out come the text and whether one key signed it. What the text means
 * is not known here.
 */
#ifndef SHRIKE_LEDGER_NOTE_INT_H
#define SHRIKE_LEDGER_NOTE_INT_H

#include "user/base/buf.h"
#include "user/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTE_KEY_HASH_BYTES 4

/* Bytes of the note, not NUL-terminated. */
struct span {
	const char *at;
	size_t len;
};

/* A note taken apart; the spans point into it. */
struct note {
	struct span text;	/* its last newline included */
	struct span signatures; /* whole lines, at least one */
};

/*
 * Take the next line off `rest`, without its newline; false when `rest` holds
 * no whole line.
 */
bool note_line(struct span *rest, struct span *ret_line);

/* Is it a key name: not empty, UTF-8, no space and no plus? */
bool note_name_valid(struct span name);

/* SHA-256(name | 0x0A | 0x01 | key), the first 4 bytes. */
void note_key_hash(struct span name, const uint8_t public_key[32],
		   uint8_t ret_hash[NOTE_KEY_HASH_BYTES]);

/* Append base64, padded. */
int note_put_base64(struct buf *out, const void *bytes, size_t len);

/* Exactly one padded base64 text; false: not that, or longer than `size`. */
bool note_get_base64(struct span text, uint8_t *bytes, size_t size,
		     size_t *ret_len);

/* Append the signature line: "- name base64(hash | signature)". */
int note_put_signature(struct buf *out, struct span name,
		       const uint8_t public_key[32],
		       const uint8_t signature[64]);

/* -EBADMSG when it is not a note; every line is well-formed on 0. */
int note_split(const void *bytes, size_t len, struct note *ret_note,
	       struct err *err);

/* Did this Ed25519 key sign the text under this name? The first such line. */
bool note_signed_by(const struct note *note, struct span name,
		    const uint8_t public_key[32]);

#endif
