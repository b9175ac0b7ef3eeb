// SPDX-License-Identifier: Apache-2.0
#include "ledger/file_hash.h"

#include "user/base/check.h"

#include <sodium.h>

BUILD_CHECK(sizeof(crypto_hash_sha256_state) <= sizeof(struct file_hash));
BUILD_CHECK(crypto_hash_sha256_BYTES == FILE_HASH_BYTES);

static crypto_hash_sha256_state *state_of(struct file_hash *hash)
{
	return (crypto_hash_sha256_state *)(void *)hash;
}

void file_hash_init(struct file_hash *hash)
{
	crypto_hash_sha256_init(state_of(hash));
}

void file_hash_put(struct file_hash *hash, const void *bytes, size_t len)
{
	crypto_hash_sha256_update(state_of(hash), bytes, len);
}

void file_hash_final(struct file_hash *hash, uint8_t ret[FILE_HASH_BYTES])
{
	crypto_hash_sha256_final(state_of(hash), ret);
}
