// SPDX-License-Identifier: Apache-2.0
/*
 * BLAKE3 behind an opaque state, so that the library's header stays in this
 * file: `struct digest` only has to be large and aligned enough.
 */
#include "ledger/hash.h"

#include "user/base/check.h"

#include <blake3.h>
#include <endian.h>

BUILD_CHECK(sizeof(blake3_hasher) <= sizeof(struct digest));
BUILD_CHECK(_Alignof(blake3_hasher) <= _Alignof(struct digest));
BUILD_CHECK(BLAKE3_OUT_LEN == LEDGER_DIGEST_BYTES);

static blake3_hasher *hasher_of(struct digest *digest)
{
	return (blake3_hasher *)(void *)digest;
}

void digest_init(struct digest *digest)
{
	blake3_hasher_init(hasher_of(digest));
}

void digest_init_context(struct digest *digest, const char *context)
{
	blake3_hasher_init_derive_key(hasher_of(digest), context);
}

void digest_put(struct digest *digest, const void *bytes, size_t len)
{
	if (len)
		blake3_hasher_update(hasher_of(digest), bytes, len);
}

void digest_put_u64(struct digest *digest, uint64_t v)
{
	uint64_t big_endian = htobe64(v);

	digest_put(digest, &big_endian, sizeof(big_endian));
}

void digest_final(const struct digest *digest, uint8_t *ret, size_t len)
{
	const void *state = digest->state;

	blake3_hasher_finalize((const blake3_hasher *)state, ret, len);
}
