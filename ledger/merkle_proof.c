// SPDX-License-Identifier: Apache-2.0
/*
 * Inclusion and consistency proofs: PATH and PROOF of RFC 6962, sections 2.1.1
 * and 2.1.2, and their verification by RFC 9162, sections 2.1.3.2 and 2.1.4.2.
 *
 * Both generators descend from the root to a leaf or a subtree and note the
 * sibling at each step, so the nodes come out in reverse and are turned round
 * at the end. A sibling's hash is computed from its leaves.
 */
#include "ledger/merkle.h"

#include "ledger/merkle_int.h"
#include "user/base/check.h"

#include <errno.h>
#include <string.h>

/* The leaves [first, first + size) of a tree. */
struct range {
	uint64_t first;
	uint64_t size;
};

/* k of the RFC: the largest power of two smaller than n, for n > 1. */
static uint64_t split_of(uint64_t n)
{
	return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* MTH(D[first : first + size]) as the proof's next node. */
static int add_subtree(struct merkle_proof *proof, struct range range,
		       merkle_leaf_fn *leaf_at, void *ctx)
{
	struct merkle_frontier frontier = { 0 };
	uint8_t leaf[LEDGER_DIGEST_BYTES];
	int rc;

	CHECK(proof->count < MERKLE_LEVELS_MAX * 2);
	for (uint64_t i = 0; i < range.size; i++) {
		rc = leaf_at(ctx, range.first + i, leaf);
		if (rc)
			return rc;
		merkle_append(&frontier, leaf);
	}
	merkle_root(&frontier, proof->nodes[proof->count++]);
	return 0;
}

static void split(struct range range, struct range *ret_left,
		  struct range *ret_right)
{
	uint64_t k = split_of(range.size);

	*ret_left = (struct range){ range.first, k };
	*ret_right = (struct range){ range.first + k, range.size - k };
}

static void reverse(struct merkle_proof *proof)
{
	uint8_t node[LEDGER_DIGEST_BYTES];

	for (unsigned i = 0, j = proof->count; i + 1 < j; i++) {
		j--;
		memcpy(node, proof->nodes[i], sizeof(node));
		memcpy(proof->nodes[i], proof->nodes[j], sizeof(node));
		memcpy(proof->nodes[j], node, sizeof(node));
	}
}

int merkle_inclusion(uint64_t index, uint64_t size, merkle_leaf_fn *leaf_at,
		     void *ctx, struct merkle_proof *ret_proof)
{
	struct merkle_proof proof = { 0 };
	struct range range = { 0, size };
	struct range left, right;
	bool in_left;
	int rc;

	if (index >= size)
		return -EINVAL;
	while (range.size > 1) {
		split(range, &left, &right);
		in_left = index < right.first;
		rc = add_subtree(&proof, in_left ? right : left, leaf_at, ctx);
		if (rc)
			return rc;
		range = in_left ? left : right;
	}
	reverse(&proof);
	*ret_proof = proof;
	return 0;
}

int merkle_consistency(uint64_t old_size, uint64_t size,
		       merkle_leaf_fn *leaf_at, void *ctx,
		       struct merkle_proof *ret_proof)
{
	struct merkle_proof proof = { 0 };
	struct range range = { 0, size };
	struct range left, right;
	bool in_left;
	int rc;

	if (old_size > size)
		return -EINVAL;
	/* The old tree ends where `range` ends: the descent is over. */
	while (old_size && old_size != range.first + range.size) {
		split(range, &left, &right);
		in_left = old_size <= right.first;
		rc = add_subtree(&proof, in_left ? right : left, leaf_at, ctx);
		if (rc)
			return rc;
		range = in_left ? left : right;
	}
	/* On the left edge `range` is the old tree, whose root is known. */
	if (range.first) {
		rc = add_subtree(&proof, range, leaf_at, ctx);
		if (rc)
			return rc;
	}
	reverse(&proof);
	*ret_proof = proof;
	return 0;
}

static bool equal(const uint8_t a[LEDGER_DIGEST_BYTES],
		  const uint8_t b[LEDGER_DIGEST_BYTES])
{
	return !memcmp(a, b, LEDGER_DIGEST_BYTES);
}

/*
 * A walk from the bottom to the root: `fn` is the position in the level, `sn`
 * the level's last position (the RFC's names).
 */
struct walk {
	uint64_t fn;
	uint64_t sn;
};

/* Is the next proof node a left sibling? Then skip levels without one. */
static bool walk_from_left(struct walk *walk)
{
	if (!(walk->fn & 1) && walk->fn != walk->sn)
		return false;
	while (!(walk->fn & 1) && walk->fn) {
		walk->fn >>= 1;
		walk->sn >>= 1;
	}
	return true;
}

static void walk_up(struct walk *walk)
{
	walk->fn >>= 1;
	walk->sn >>= 1;
}

bool merkle_verify_inclusion(uint64_t index, uint64_t size,
			     const uint8_t leaf[LEDGER_DIGEST_BYTES],
			     const struct merkle_proof *proof,
			     const uint8_t root[LEDGER_DIGEST_BYTES])
{
	struct walk walk = { index, size - 1 };
	uint8_t r[LEDGER_DIGEST_BYTES];

	if (index >= size || proof->count > MERKLE_LEVELS_MAX * 2)
		return false;
	memcpy(r, leaf, sizeof(r));
	for (unsigned i = 0; i < proof->count; i++) {
		if (!walk.sn)
			return false;
		if (walk_from_left(&walk))
			merkle_node(proof->nodes[i], r, r);
		else
			merkle_node(r, proof->nodes[i], r);
		walk_up(&walk);
	}
	return !walk.sn && equal(r, root);
}

/* The sizes for which a proof has no nodes. */
static bool verify_trivial(uint64_t old_size, uint64_t size,
			   const uint8_t old_root[LEDGER_DIGEST_BYTES],
			   const uint8_t root[LEDGER_DIGEST_BYTES])
{
	struct merkle_frontier nothing = { 0 };
	uint8_t empty[LEDGER_DIGEST_BYTES];

	merkle_root(&nothing, empty);
	if (!old_size && !equal(old_root, empty))
		return false;
	return old_size != size || equal(old_root, root);
}

bool merkle_verify_consistency(uint64_t old_size, uint64_t size,
			       const struct merkle_proof *proof,
			       const uint8_t old_root[LEDGER_DIGEST_BYTES],
			       const uint8_t root[LEDGER_DIGEST_BYTES])
{
	struct walk walk = { old_size - 1, size - 1 };
	uint8_t fr[LEDGER_DIGEST_BYTES], sr[LEDGER_DIGEST_BYTES];
	unsigned i = 0;

	if (old_size > size || proof->count > MERKLE_LEVELS_MAX * 2)
		return false;
	if (!old_size || old_size == size)
		return !proof->count &&
		       verify_trivial(old_size, size, old_root, root);
	if (!proof->count)
		return false;
	/* A complete old tree is itself the first node. */
	memcpy(fr, old_size & (old_size - 1) ? proof->nodes[i++] : old_root,
	       sizeof(fr));
	memcpy(sr, fr, sizeof(sr));
	while (walk.fn & 1)
		walk_up(&walk);
	for (; i < proof->count; i++) {
		if (!walk.sn)
			return false;
		if (walk_from_left(&walk)) {
			merkle_node(proof->nodes[i], fr, fr);
			merkle_node(proof->nodes[i], sr, sr);
		} else {
			merkle_node(sr, proof->nodes[i], sr);
		}
		walk_up(&walk);
	}
	return !walk.sn && equal(fr, old_root) && equal(sr, root);
}
