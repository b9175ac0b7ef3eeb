/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hashes of the ledger. BLAKE3 (Aumasson, O'Connor, Neves, Wilcox-O'Hearn)
 * for identities, chain and payloads; SHA-256 for the Merkle tree, because
 * every outside verifier speaks it.
 */
#ifndef SHRIKE_LEDGER_HASH_H
#define SHRIKE_LEDGER_HASH_H

#include <stddef.h>
#include <stdint.h>

#define LEDGER_DIGEST_BYTES 32

/* Incremental BLAKE3, plain or with a derive_key context string. */
struct digest {
	_Alignas(16) uint8_t state[2048];
};

void digest_init(struct digest *digest);
void digest_init_context(struct digest *digest, const char *context);
void digest_put(struct digest *digest, const void *bytes, size_t len);
/* Numbers go in as 8 bytes, big-endian. */
void digest_put_u64(struct digest *digest, uint64_t v);
/* First `len` bytes of the output. */
void digest_final(const struct digest *digest, uint8_t *ret, size_t len);

#endif
