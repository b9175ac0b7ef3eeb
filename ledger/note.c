// SPDX-License-Identifier: Apache-2.0
/*
 * C2SP signed-note (c2sp.org/signed-note), Ed25519 only:
 *
 *   text, lines of UTF-8 without control characters
 *                                                       an empty line
 *   U+2014 SP name SP base64(hash[4] | signature[64])   one line per signature
 *
 *   hash = SHA-256(name | 0x0A | 0x01 | public key)[0:4]
 *
 * The signature is over the text with its last newline, without the empty
 * line. Lines of other keys and algorithms must be well-formed and are
 * otherwise ignored.
 */
#include "ledger/note_int.h"

#include "user/base/text.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define EM_DASH "\xe2\x80\x94"
#define KEY_TYPE_ED25519 0x01

/* Hash and signature, decoded; the longest post-quantum ones are 5 KB. */
#define SIGNATURE_BYTES_MAX 8192
#define SIGNATURE_BYTES_MIN (NOTE_KEY_HASH_BYTES + 1)
#define SIGNATURE_BYTES_ED25519 (NOTE_KEY_HASH_BYTES + crypto_sign_BYTES)

BUILD_CHECK(crypto_sign_BYTES == 64);
BUILD_CHECK(crypto_sign_PUBLICKEYBYTES == 32);

struct signature {
	struct span name;
	uint8_t bytes[SIGNATURE_BYTES_MAX];
	size_t len;
};

/* Unicode's White_Space above the control characters. */
static bool is_space(uint32_t point)
{
	return point == ' ' || point == 0x85 || point == 0xa0 ||
	       point == 0x1680 || (point >= 0x2000 && point <= 0x200a) ||
	       point == 0x2028 || point == 0x2029 || point == 0x202f ||
	       point == 0x205f || point == 0x3000;
}

static bool text_valid(struct span text)
{
	const uint8_t *at = (const uint8_t *)text.at;
	uint32_t point;
	size_t n;

	for (size_t i = 0; i < text.len; i += n) {
		n = utf8_decode(at + i, text.len - i, &point);
		if (!n || (point < 0x20 && point != '\n'))
			return false;
	}
	return true;
}

bool note_name_valid(struct span name)
{
	const uint8_t *at = (const uint8_t *)name.at;
	uint32_t point;
	size_t n;

	for (size_t i = 0; i < name.len; i += n) {
		n = utf8_decode(at + i, name.len - i, &point);
		if (!n || point < 0x20 || point == '+' || is_space(point))
			return false;
	}
	return name.len > 0;
}

bool note_line(struct span *rest, struct span *ret_line)
{
	const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;

	if (!end)
		return false;
	*ret_line = (struct span){ rest->at, (size_t)(end - rest->at) };
	rest->at += ret_line->len + 1;
	rest->len -= ret_line->len + 1;
	return true;
}

void note_key_hash(struct span name, const uint8_t public_key[32],
		   uint8_t ret_hash[NOTE_KEY_HASH_BYTES])
{
	static const uint8_t between[] = { '\n', KEY_TYPE_ED25519 };
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)name.at, name.len);
	crypto_hash_sha256_update(&state, between, sizeof(between));
	crypto_hash_sha256_update(&state, public_key,
				  crypto_sign_PUBLICKEYBYTES);
	crypto_hash_sha256_final(&state, hash);
	memcpy(ret_hash, hash, NOTE_KEY_HASH_BYTES);
}

int note_put_base64(struct buf *out, const void *bytes, size_t len)
{
	const int variant = sodium_base64_VARIANT_ORIGINAL;
	size_t size = sodium_base64_ENCODED_LEN(len, variant);
	uint8_t *to = buf_reserve(out, size); /* one more for the NUL */

	if (!to)
		return out->failed;
	sodium_bin2base64((char *)to, size, bytes, len, variant);
	out->len += size - 1;
	return 0;
}

bool note_get_base64(struct span text, uint8_t *bytes, size_t size,
		     size_t *ret_len)
{
	/* Without `b64_end` the whole text must be consumed. */
	return !sodium_base642bin(bytes, size, text.at, text.len, NULL, ret_len,
				  NULL, sodium_base64_VARIANT_ORIGINAL);
}

int note_put_signature(struct buf *out, struct span name,
		       const uint8_t public_key[32],
		       const uint8_t signature[64])
{
	uint8_t bytes[SIGNATURE_BYTES_ED25519];

	note_key_hash(name, public_key, bytes);
	memcpy(bytes + NOTE_KEY_HASH_BYTES, signature, crypto_sign_BYTES);
	buf_puts(out, EM_DASH " ");
	buf_put(out, name.at, name.len);
	buf_putc(out, ' ');
	note_put_base64(out, bytes, sizeof(bytes));
	return buf_putc(out, '\n');
}

static bool signature_parse(struct span line, struct signature *ret_signature)
{
	static const char start[] = EM_DASH " ";
	const size_t start_len = sizeof(start) - 1;
	const char *space;
	struct span base64;

	if (line.len < start_len || memcmp(line.at, start, start_len))
		return false;
	line.at += start_len;
	line.len -= start_len;
	space = line.len ? memchr(line.at, ' ', line.len) : NULL;
	if (!space)
		return false;
	ret_signature->name =
		(struct span){ line.at, (size_t)(space - line.at) };
	base64.at = space + 1;
	base64.len = line.len - ret_signature->name.len - 1;
	return note_name_valid(ret_signature->name) &&
	       note_get_base64(base64, ret_signature->bytes,
			       sizeof(ret_signature->bytes),
			       &ret_signature->len) &&
	       ret_signature->len >= SIGNATURE_BYTES_MIN;
}

/* The empty line before the signatures is the note's last one. */
static bool find_end_of_text(struct span note, size_t *ret_len)
{
	for (size_t i = note.len; i-- > 1;) {
		if (note.at[i] != '\n' || note.at[i - 1] != '\n')
			continue;
		*ret_len = i;
		return true;
	}
	return false;
}

int note_split(const void *bytes, size_t len, struct note *ret_note,
	       struct err *err)
{
	struct span whole = { bytes, len };
	struct signature signature;
	struct span rest, line;
	unsigned lines = 0;
	size_t text_len;

	if (!text_valid(whole))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "not a signed note: its text is not UTF-8 "
			       "or has control characters");
	if (!find_end_of_text(whole, &text_len))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "not a signed note: no empty line in front "
			       "of signatures");
	rest = (struct span){ whole.at + text_len + 1, len - text_len - 1 };
	ret_note->text = (struct span){ whole.at, text_len };
	ret_note->signatures = rest;
	for (; note_line(&rest, &line); lines++)
		if (!signature_parse(line, &signature))
			return err_set(err, ERR_INPUT, -EBADMSG,
				       "not a signed note: signature line %u "
				       "is malformed",
				       lines + 1);
	if (!lines || rest.len)
		return err_set(
			err, ERR_INPUT, -EBADMSG, "not a signed note: %s",
			lines ? "its last line is not ended" : "no signature");
	return 0;
}

bool note_signed_by(const struct note *note, struct span name,
		    const uint8_t public_key[32])
{
	struct span rest = note->signatures;
	uint8_t hash[NOTE_KEY_HASH_BYTES];
	struct signature signature;
	struct span line;

	note_key_hash(name, public_key, hash);
	while (note_line(&rest, &line)) {
		if (!signature_parse(line, &signature) ||
		    signature.name.len != name.len ||
		    memcmp(signature.name.at, name.at, name.len) ||
		    memcmp(signature.bytes, hash, sizeof(hash)))
			continue;
		return signature.len == SIGNATURE_BYTES_ED25519 &&
		       !crypto_sign_verify_detached(
			       signature.bytes + NOTE_KEY_HASH_BYTES,
			       (const uint8_t *)note->text.at, note->text.len,
			       public_key);
	}
	return false;
}
