// SPDX-License-Identifier: Apache-2.0
/*
 * The tree itself: leaf and node hashes, the frontier that grows it, its root.
 * The proofs are in merkle_proof.c.
 *
 * The frontier holds the complete subtrees of the tree's binary
 * representation: size 13 = 8 + 4 + 1 has three. Appending is binary addition:
 * each trailing one-bit of the size carries into the next larger subtree.
 *
 * A stored frontier:
 *
 *   offset  size             meaning
 *        0  8                size, big-endian
 *        8  32 * popcount    subtree roots, largest first
 */
#include "ledger/merkle.h"

#include "ledger/merkle_int.h"
#include "user/base/check.h"

#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

BUILD_CHECK(crypto_hash_sha256_BYTES == LEDGER_DIGEST_BYTES);

static unsigned subtrees(uint64_t size)
{
	return (unsigned)__builtin_popcountll(size);
}

void merkle_leaf(const void *entry, size_t len,
		 uint8_t ret_leaf[LEDGER_DIGEST_BYTES])
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t[]){ 0 }, 1);
	if (len)
		crypto_hash_sha256_update(&state, entry, len);
	crypto_hash_sha256_final(&state, ret_leaf);
}

void merkle_node(const uint8_t left[LEDGER_DIGEST_BYTES],
		 const uint8_t right[LEDGER_DIGEST_BYTES],
		 uint8_t ret_node[LEDGER_DIGEST_BYTES])
{
	uint8_t bytes[1 + 2 * LEDGER_DIGEST_BYTES] = { 1 };

	memcpy(bytes + 1, left, LEDGER_DIGEST_BYTES);
	memcpy(bytes + 1 + LEDGER_DIGEST_BYTES, right, LEDGER_DIGEST_BYTES);
	crypto_hash_sha256(ret_node, bytes, sizeof(bytes));
}

void merkle_append(struct merkle_frontier *frontier,
		   const uint8_t leaf[LEDGER_DIGEST_BYTES])
{
	unsigned count = subtrees(frontier->size);

	CHECK(frontier->size < UINT64_MAX);
	memcpy(frontier->nodes[count], leaf, LEDGER_DIGEST_BYTES);
	for (uint64_t carry = frontier->size; carry & 1; carry >>= 1) {
		merkle_node(frontier->nodes[count - 1], frontier->nodes[count],
			    frontier->nodes[count - 1]);
		count--;
	}
	frontier->size++;
}

void merkle_root(const struct merkle_frontier *frontier,
		 uint8_t ret_root[LEDGER_DIGEST_BYTES])
{
	unsigned i = subtrees(frontier->size);
	uint8_t root[LEDGER_DIGEST_BYTES];

	if (!i) {
		crypto_hash_sha256(ret_root, NULL, 0);
		return;
	}
	memcpy(root, frontier->nodes[--i], sizeof(root));
	while (i)
		merkle_node(frontier->nodes[--i], root, root);
	memcpy(ret_root, root, sizeof(root));
}

size_t merkle_frontier_encode(const struct merkle_frontier *frontier,
			      uint8_t ret_bytes[MERKLE_FRONTIER_BYTES_MAX])
{
	size_t nodes_bytes = subtrees(frontier->size) * LEDGER_DIGEST_BYTES;
	uint64_t size = htobe64(frontier->size);

	memcpy(ret_bytes, &size, sizeof(size));
	memcpy(ret_bytes + sizeof(size), frontier->nodes, nodes_bytes);
	return sizeof(size) + nodes_bytes;
}

int merkle_frontier_decode(const void *bytes, size_t len,
			   struct merkle_frontier *ret_frontier,
			   struct err *err)
{
	struct merkle_frontier frontier = { 0 };
	uint64_t size;
	size_t want;

	if (len < sizeof(size))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "Merkle frontier of only %zu bytes", len);
	memcpy(&size, bytes, sizeof(size));
	frontier.size = be64toh(size);
	want = sizeof(size) + subtrees(frontier.size) * LEDGER_DIGEST_BYTES;
	if (len != want)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "Merkle frontier of %zu bytes, %zu are needed",
			       len, want);
	memcpy(frontier.nodes, (const uint8_t *)bytes + sizeof(size),
	       len - sizeof(size));
	*ret_frontier = frontier;
	return 0;
}
