// SPDX-License-Identifier: Apache-2.0
/*
 * C2SP tlog-checkpoint (c2sp.org/tlog-checkpoint), the text of a signed note:
 *
 *   origin          which ledger; also the name of its key
 *   size            leaves, decimal without leading zeros
 *   root            base64 of 32 bytes
 *   ...             extension lines, not empty: signed, but not read here
 *
 * The verifier key as text is name+hash+key: the key's hash in 8 hexadecimal
 * digits, then base64 of 0x01 and the public key.
 */
#include "ledger/checkpoint.h"

#include "ledger/note_int.h"
#include "user/base/check.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

BUILD_CHECK(crypto_sign_SEEDBYTES == 32);

int signing_key_from_seed(const uint8_t seed[32], struct signing_key *ret_key,
			  struct err *err)
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	struct signing_key key;

	memcpy(key.seed, seed, sizeof(key.seed));
	if (crypto_sign_seed_keypair(key.public_key, secret, seed))
		return err_set(err, ERR_INTERNAL, -EINVAL,
			       "no Ed25519 key from this seed");
	*ret_key = key;
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(&key, sizeof(key));
	return 0;
}

static int check_origin(const char *origin, struct span *ret_name,
			struct err *err)
{
	size_t len = strnlen(origin, CHECKPOINT_ORIGIN_MAX);

	if (len == CHECKPOINT_ORIGIN_MAX)
		return err_set(err, ERR_USAGE, -EINVAL,
			       "the ledger's origin is longer than %d bytes",
			       CHECKPOINT_ORIGIN_MAX - 1);
	*ret_name = (struct span){ origin, len };
	if (!note_name_valid(*ret_name))
		return err_set(err, ERR_USAGE, -EINVAL,
			       "the ledger's origin is no key name: it is "
			       "empty, not UTF-8, or has a space or a plus");
	return 0;
}

/* Into 64 bytes; a public key that is not the seed's would leak the seed. */
static int sign(const struct signing_key *key, const uint8_t *text, size_t len,
		uint8_t *ret_signature, struct err *err)
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
	int rc;

	rc = crypto_sign_seed_keypair(public_key, secret, key->seed);
	CHECK(rc || !memcmp(public_key, key->public_key, sizeof(public_key)));
	if (!rc)
		rc = crypto_sign_detached(ret_signature, NULL, text, len,
					  secret);
	sodium_memzero(secret, sizeof(secret));
	return rc ? err_set(err, ERR_INTERNAL, -EINVAL, "Ed25519 cannot sign") :
		    0;
}

static int buf_result(const struct buf *out, struct err *err)
{
	return out->failed ? err_set(err, ERR_INTERNAL, out->failed,
				     "no room for a checkpoint") :
			     0;
}

int checkpoint_sign(const struct checkpoint *checkpoint,
		    const struct signing_key *key, struct buf *out,
		    struct err *err)
{
	uint8_t signature[crypto_sign_BYTES];
	size_t start = out->len;
	struct span name;
	int rc;

	rc = check_origin(checkpoint->origin, &name, err);
	if (rc)
		return rc;
	buf_put(out, name.at, name.len);
	buf_printf(out, "\n%" PRIu64 "\n", checkpoint->size);
	note_put_base64(out, checkpoint->root, sizeof(checkpoint->root));
	buf_putc(out, '\n');
	rc = buf_result(out, err);
	if (!rc)
		rc = sign(key, out->bytes + start, out->len - start, signature,
			  err);
	if (rc)
		return rc;
	buf_putc(out, '\n');
	note_put_signature(out, name, key->public_key, signature);
	return buf_result(out, err);
}

/* Decimal as it would be printed: "0", or digits that start with no zero. */
static bool parse_size(struct span line, uint64_t *ret_size)
{
	uint64_t size = 0;

	if (!line.len || (line.at[0] == '0' && line.len > 1))
		return false;
	for (size_t i = 0; i < line.len; i++) {
		if (line.at[i] < '0' || line.at[i] > '9' ||
		    __builtin_mul_overflow(size, 10, &size) ||
		    __builtin_add_overflow(size, (uint64_t)(line.at[i] - '0'),
					   &size))
			return false;
	}
	*ret_size = size;
	return true;
}

static int parse_text(struct span rest, struct checkpoint *ret_checkpoint,
		      struct err *err)
{
	struct span line;
	size_t len;

	if (!note_line(&rest, &line) || !line.len ||
	    line.len >= sizeof(ret_checkpoint->origin))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "not a checkpoint: no origin, or one longer "
			       "than %d bytes",
			       CHECKPOINT_ORIGIN_MAX - 1);
	memcpy(ret_checkpoint->origin, line.at, line.len);
	if (!note_line(&rest, &line) ||
	    !parse_size(line, &ret_checkpoint->size))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "not a checkpoint: line 2 is not a size");
	if (!note_line(&rest, &line) ||
	    !note_get_base64(line, ret_checkpoint->root,
			     sizeof(ret_checkpoint->root), &len) ||
	    len != sizeof(ret_checkpoint->root))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "not a checkpoint: line 3 is not a root");
	while (note_line(&rest, &line))
		if (!line.len)
			return err_set(err, ERR_INPUT, -EBADMSG,
				       "not a checkpoint: an empty line");
	return 0;
}

int checkpoint_open(const void *note, size_t len, const uint8_t public_key[32],
		    struct checkpoint *ret_checkpoint, struct err *err)
{
	struct checkpoint checkpoint = { 0 };
	struct note parts;
	struct span name;
	int rc;

	if (len > CHECKPOINT_NOTE_MAX)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "not a checkpoint: %zu bytes, at most %zu", len,
			       CHECKPOINT_NOTE_MAX);
	rc = note_split(note, len, &parts, err);
	if (!rc)
		rc = parse_text(parts.text, &checkpoint, err);
	if (rc)
		return rc;
	*ret_checkpoint = checkpoint;
	name = (struct span){ checkpoint.origin, strlen(checkpoint.origin) };
	return note_signed_by(&parts, name, public_key) ? CHECKPOINT_GOOD :
							  CHECKPOINT_UNSIGNED;
}

int checkpoint_vkey(const char *origin, const uint8_t public_key[32],
		    struct buf *out, struct err *err)
{
	uint8_t key[1 + crypto_sign_PUBLICKEYBYTES] = { 0x01 };
	uint8_t hash[NOTE_KEY_HASH_BYTES];
	struct span name;
	int rc;

	rc = check_origin(origin, &name, err);
	if (rc)
		return rc;
	note_key_hash(name, public_key, hash);
	memcpy(key + 1, public_key, crypto_sign_PUBLICKEYBYTES);
	buf_put(out, name.at, name.len);
	buf_printf(out, "+%02x%02x%02x%02x+", hash[0], hash[1], hash[2],
		   hash[3]);
	note_put_base64(out, key, sizeof(key));
	return buf_result(out, err);
}

/* name+hhhhhhhh+base64, nothing after it but one newline. */
int checkpoint_vkey_parse(const void *text, size_t len,
			  uint8_t ret_public_key[32], struct err *err)
{
	uint8_t key[1 + crypto_sign_PUBLICKEYBYTES];
	uint8_t hash[NOTE_KEY_HASH_BYTES];
	char hex[2 * NOTE_KEY_HASH_BYTES + 1];
	const char *at = text, *plus, *second;
	struct span name;
	size_t key_len;

	if (len && at[len - 1] == '\n')
		len--;
	plus = memchr(at, '+', len);
	second = plus ? memchr(plus + 1, '+', len - (size_t)(plus + 1 - at)) :
			NULL;
	if (!second || second - plus != sizeof(hex))
		goto bad;
	name = (struct span){ at, (size_t)(plus - at) };
	if (!note_name_valid(name) ||
	    !note_get_base64((struct span){ second + 1,
					    len - (size_t)(second + 1 - at) },
			     key, sizeof(key), &key_len) ||
	    key_len != sizeof(key) || key[0] != 0x01)
		goto bad;
	note_key_hash(name, key + 1, hash);
	snprintf(hex, sizeof(hex), "%02x%02x%02x%02x", hash[0], hash[1],
		 hash[2], hash[3]);
	if (memcmp(hex, plus + 1, sizeof(hex) - 1) != 0)
		goto bad;
	memcpy(ret_public_key, key + 1, crypto_sign_PUBLICKEYBYTES);
	return 0;
bad:
	return err_set(err, ERR_USAGE, -EBADMSG,
		       "not a verifier key (name+hash+base64, as "
		       "'shrike ledger key' prints it)");
}
