/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Merkle tree of RFC 6962 (section 2.1) over the ledger's entries, SHA-256:
 * leaf = H(00 | entry), node = H(01 | left | right).
 */
#ifndef SHRIKE_LEDGER_MERKLE_H
#define SHRIKE_LEDGER_MERKLE_H

#include "ledger/hash.h"
#include "user/base/err.h"

#include <stdbool.h>

#define MERKLE_LEVELS_MAX 64

/*
 * What is needed to append: the roots of the complete subtrees of a tree of
 * `size` leaves, largest first; popcount(size) of them.
 */
struct merkle_frontier {
	uint64_t size;
	uint8_t nodes[MERKLE_LEVELS_MAX][LEDGER_DIGEST_BYTES];
};

void merkle_leaf(const void *entry, size_t len,
		 uint8_t ret_leaf[LEDGER_DIGEST_BYTES]);
void merkle_append(struct merkle_frontier *frontier,
		   const uint8_t leaf[LEDGER_DIGEST_BYTES]);
/* MTH({}) = SHA-256() of nothing for an empty tree. */
void merkle_root(const struct merkle_frontier *frontier,
		 uint8_t ret_root[LEDGER_DIGEST_BYTES]);

/* Bytes: size as 8 big-endian, then the nodes. Returns the length. */
#define MERKLE_FRONTIER_BYTES_MAX (8 + MERKLE_LEVELS_MAX * LEDGER_DIGEST_BYTES)
size_t merkle_frontier_encode(const struct merkle_frontier *frontier,
			      uint8_t ret_bytes[MERKLE_FRONTIER_BYTES_MAX]);
int merkle_frontier_decode(const void *bytes, size_t len,
			   struct merkle_frontier *ret_frontier,
			   struct err *err);

/* Leaf hash `index`; 0 or a negative errno. */
typedef int merkle_leaf_fn(void *ctx, uint64_t index,
			   uint8_t ret_leaf[LEDGER_DIGEST_BYTES]);

struct merkle_proof {
	unsigned count;
	uint8_t nodes[MERKLE_LEVELS_MAX * 2][LEDGER_DIGEST_BYTES];
};

/* PATH(m, D[n]) and PROOF(m, D[n]) of RFC 6962. */
int merkle_inclusion(uint64_t index, uint64_t size, merkle_leaf_fn *leaf_at,
		     void *ctx, struct merkle_proof *ret_proof);
int merkle_consistency(uint64_t old_size, uint64_t size,
		       merkle_leaf_fn *leaf_at, void *ctx,
		       struct merkle_proof *ret_proof);

/* Do the proofs hold (RFC 9162, sections 2.1.3.2 and 2.1.4.2)? */
bool merkle_verify_inclusion(uint64_t index, uint64_t size,
			     const uint8_t leaf[LEDGER_DIGEST_BYTES],
			     const struct merkle_proof *proof,
			     const uint8_t root[LEDGER_DIGEST_BYTES]);
bool merkle_verify_consistency(uint64_t old_size, uint64_t size,
			       const struct merkle_proof *proof,
			       const uint8_t old_root[LEDGER_DIGEST_BYTES],
			       const uint8_t root[LEDGER_DIGEST_BYTES]);

#endif
