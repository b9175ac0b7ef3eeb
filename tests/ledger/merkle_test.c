// SPDX-License-Identifier: Apache-2.0
/*
 * The tree against the recursive definition of RFC 6962, section 2.1, and
 * against the vectors of Certificate Transparency.
 */
#include "support/unit.h"

#include "ledger/merkle.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAVES_MAX 1024

static uint8_t leaves[LEAVES_MAX][LEDGER_DIGEST_BYTES];

/* xorshift64*, so that a failure can be repeated. */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static int make_leaves(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LEAVES_MAX; i++)
		merkle_leaf(&i, sizeof(i), leaves[i]);
	return 0;
}

static int leaf_at(void *ctx, uint64_t index, uint8_t *ret_leaf)
{
	(void)ctx;
	assert_true(index < LEAVES_MAX);
	memcpy(ret_leaf, leaves[index], LEDGER_DIGEST_BYTES);
	return 0;
}

/* MTH(D[first : first + n]), word for word from the RFC. */
static void model_root(uint64_t first, uint64_t n, uint8_t *ret_root)
{
	uint8_t bytes[1 + 2 * LEDGER_DIGEST_BYTES] = { 1 };
	uint64_t k = 1;

	if (n == 0) {
		crypto_hash_sha256(ret_root, NULL, 0);
		return;
	}
	if (n == 1) {
		memcpy(ret_root, leaves[first], LEDGER_DIGEST_BYTES);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	model_root(first, k, bytes + 1);
	model_root(first + k, n - k, bytes + 1 + LEDGER_DIGEST_BYTES);
	crypto_hash_sha256(ret_root, bytes, sizeof(bytes));
}

static void root_of(uint64_t n, uint8_t *ret_root)
{
	struct merkle_frontier frontier = { 0 };

	for (uint64_t i = 0; i < n; i++)
		merkle_append(&frontier, leaves[i]);
	merkle_root(&frontier, ret_root);
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
	char text[2 * LEDGER_DIGEST_BYTES + 1];

	sodium_bin2hex(text, sizeof(text), bytes, LEDGER_DIGEST_BYTES);
	assert_string_equal(text, hex);
}

static void root__certificate_transparency_vectors__equal(void **state)
{
	static const struct {
		const char *leaf;
		size_t len;
		const char *root;
	} vectors[] = {
		{ "", 0,
		  "6e340b9cffb37a989ca544e6bb780a2c"
		  "78901d3fb33738768511a30617afa01d" },
		{ "\x00", 1,
		  "fac54203e7cc696cf0dfcb42c92a1d9d"
		  "baf70ad9e621f4bd8d98662f00e3c125" },
		{ "\x10", 1,
		  "aeb6bcfe274b70a14fb067a5e5578264"
		  "db0fa9b51af5e0ba159158f329e06e77" },
		{ "\x20\x21", 2,
		  "d37ee418976dd95753c1c73862b9398f"
		  "a2a2cf9b4ff0fdfe8b30cd95209614b7" },
		{ "\x30\x31", 2,
		  "4e3bbb1f7b478dcfe71fb631631519a3"
		  "bca12c9aefca1612bfce4c13a86264d4" },
		{ "\x40\x41\x42\x43", 4,
		  "76e67dadbcdf1e10e1b74ddc608abd2f"
		  "98dfb16fbce75277b5232a127f2087ef" },
		{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8,
		  "ddb89be403809e325750d3d263cd7892"
		  "9c2942b7942a34b77e122c9594a74c8c" },
		{ "\x60\x61\x62\x63\x64\x65\x66\x67"
		  "\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
		  16,
		  "5dc9da79a70659a9ad559cb701ded9a2"
		  "ab9d823aad2f4960cfe370eff4604328" },
	};
	struct merkle_frontier frontier = { 0 };
	uint8_t hash[LEDGER_DIGEST_BYTES];

	(void)state;
	merkle_root(&frontier, hash);
	assert_hex(hash, "e3b0c44298fc1c149afbf4c8996fb924"
			 "27ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		merkle_leaf(vectors[i].leaf, vectors[i].len, hash);
		merkle_append(&frontier, hash);
		merkle_root(&frontier, hash);
		assert_hex(hash, vectors[i].root);
	}
}

static void root__every_size__is_the_recursive_definition(void **state)
{
	struct merkle_frontier frontier = { 0 };
	uint8_t root[LEDGER_DIGEST_BYTES], model[LEDGER_DIGEST_BYTES];

	(void)state;
	for (uint64_t n = 0; n <= 300; n++) {
		assert_int_equal(frontier.size, n);
		merkle_root(&frontier, root);
		model_root(0, n, model);
		assert_memory_equal(root, model, sizeof(root));
		merkle_append(&frontier, leaves[n]);
	}
}

static void frontier__encoded__round_trips(void **state)
{
	uint8_t bytes[MERKLE_FRONTIER_BYTES_MAX];
	uint8_t root[LEDGER_DIGEST_BYTES], model[LEDGER_DIGEST_BYTES];
	struct merkle_frontier frontier = { 0 };
	struct err err = { 0 };
	size_t len;

	(void)state;
	for (uint64_t n = 0; n <= 300; n++) {
		len = merkle_frontier_encode(&frontier, bytes);
		assert_int_equal(len, 8 + 32 * __builtin_popcountll(n));
		memset(&frontier, 0xff, sizeof(frontier));
		assert_int_equal(
			merkle_frontier_decode(bytes, len, &frontier, &err), 0);
		merkle_root(&frontier, root);
		model_root(0, n, model);
		assert_memory_equal(root, model, sizeof(root));
		merkle_append(&frontier, leaves[n]);
	}
}

static void frontier__wrong_length__refused(void **state)
{
	uint8_t bytes[MERKLE_FRONTIER_BYTES_MAX + 1] = { 0 };
	struct merkle_frontier frontier = { .size = 77 };

	(void)state;
	bytes[7] = 13; /* three subtrees */
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct err err = { 0 };
		int rc = merkle_frontier_decode(bytes, len, &frontier, &err);

		if (len == 8 + 3 * 32) {
			assert_int_equal(rc, 0);
			assert_int_equal(frontier.size, 13);
			frontier.size = 77;
			continue;
		}
		assert_int_equal(rc, -EBADMSG);
		assert_int_equal(err.code, -EBADMSG);
		assert_int_equal(frontier.size, 77);
	}
}

/* The largest tree: 2^64 - 1 leaves, all 64 subtrees there. */
static void frontier__largest_size__round_trips(void **state)
{
	uint8_t bytes[MERKLE_FRONTIER_BYTES_MAX];
	struct merkle_frontier frontier;
	struct err err = { 0 };
	uint8_t root[LEDGER_DIGEST_BYTES];

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	bytes[7] = 0xfe;
	assert_int_equal(
		merkle_frontier_decode(bytes, 8 + 63 * 32, &frontier, &err), 0);
	merkle_append(&frontier, leaves[0]);
	assert_true(frontier.size == UINT64_MAX);
	assert_memory_equal(frontier.nodes[63], leaves[0], sizeof(root));
	merkle_root(&frontier, root);
	assert_int_equal(merkle_frontier_encode(&frontier, bytes),
			 MERKLE_FRONTIER_BYTES_MAX);
}

/* Change one bit of each node; all 256 of them when `all` is set. */
static bool any_flip_verifies(struct merkle_proof *proof, bool all,
			      uint64_t *seed,
			      bool (*verify)(void *, struct merkle_proof *),
			      void *ctx)
{
	bool any = false;

	for (unsigned node = 0; node < proof->count; node++) {
		for (unsigned n = 0; n < (all ? 256 : 1); n++) {
			unsigned bit = all ? n : random_next(seed) % 256;
			uint8_t *byte = &proof->nodes[node][bit / 8];

			*byte ^= (uint8_t)(1 << bit % 8);
			any |= verify(ctx, proof);
			*byte ^= (uint8_t)(1 << bit % 8);
		}
	}
	return any;
}

/* Too short, too long, and two nodes exchanged. */
static bool any_reshape_verifies(struct merkle_proof *proof,
				 bool (*verify)(void *, struct merkle_proof *),
				 void *ctx)
{
	struct merkle_proof other = *proof;
	bool any = false;

	if (proof->count) {
		other.count = proof->count - 1;
		any |= verify(ctx, &other);
	}
	other.count = proof->count + 1;
	memcpy(other.nodes[proof->count], leaves[7], LEDGER_DIGEST_BYTES);
	any |= verify(ctx, &other);
	other.count = MERKLE_LEVELS_MAX * 2 + 1;
	any |= verify(ctx, &other);
	for (unsigned i = 0; i + 1 < proof->count; i++) {
		other = *proof;
		memcpy(other.nodes[i], proof->nodes[i + 1],
		       LEDGER_DIGEST_BYTES);
		memcpy(other.nodes[i + 1], proof->nodes[i],
		       LEDGER_DIGEST_BYTES);
		any |= verify(ctx, &other);
	}
	return any;
}

/* Every bit takes long: of small trees, and of some more on request. */
static bool all_bits(uint64_t size)
{
	return size <= 9 || (size % 16 == 0 && getenv("CHECK_FULL"));
}

struct inclusion {
	uint64_t index;
	uint64_t size;
	uint8_t leaf[LEDGER_DIGEST_BYTES];
	uint8_t root[LEDGER_DIGEST_BYTES];
};

static bool verify_inclusion(void *ctx, struct merkle_proof *proof)
{
	struct inclusion *c = ctx;

	return merkle_verify_inclusion(c->index, c->size, c->leaf, proof,
				       c->root);
}

static void check_inclusion(uint64_t index, uint64_t size, bool all,
			    uint64_t *seed)
{
	struct inclusion c = { .index = index, .size = size };
	struct inclusion bad;
	struct merkle_proof proof;

	memcpy(c.leaf, leaves[index], sizeof(c.leaf));
	root_of(size, c.root);
	assert_int_equal(merkle_inclusion(index, size, leaf_at, NULL, &proof),
			 0);
	assert_true(verify_inclusion(&c, &proof));
	assert_false(
		any_flip_verifies(&proof, all, seed, verify_inclusion, &c));
	assert_false(any_reshape_verifies(&proof, verify_inclusion, &c));
	for (unsigned n = 0; n < (all ? 256 : 2); n++) {
		unsigned bit = all ? n : random_next(seed) % 256;

		bad = c;
		bad.leaf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(verify_inclusion(&bad, &proof));
		bad = c;
		bad.root[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(verify_inclusion(&bad, &proof));
	}
	for (uint64_t i = 0; all && i <= size + 1; i++) {
		bad = c;
		bad.index = i;
		assert_int_equal(verify_inclusion(&bad, &proof), i == index);
	}
}

/* A size is bound only by its root; one with another path length must fail. */
static void inclusion__size_of_another_shape__fails(void **state)
{
	struct inclusion c = { .size = 21 };
	struct merkle_proof proof, other;
	unsigned refused = 0;

	(void)state;
	root_of(c.size, c.root);
	for (c.index = 0; c.index < 21; c.index++) {
		memcpy(c.leaf, leaves[c.index], sizeof(c.leaf));
		merkle_inclusion(c.index, 21, leaf_at, NULL, &proof);
		for (c.size = c.index + 1; c.size < 100; c.size++) {
			merkle_inclusion(c.index, c.size, leaf_at, NULL,
					 &other);
			if (other.count == proof.count)
				continue;
			assert_false(verify_inclusion(&c, &proof));
			refused++;
		}
	}
	assert_true(refused > 1000);
}

static void inclusion__every_leaf_of_every_size__verifies_alone(void **state)
{
	uint64_t seed = 0x5eed1;

	(void)state;
	for (uint64_t n = 1; n <= 128; n++)
		for (uint64_t i = 0; i < n; i++)
			check_inclusion(i, n, all_bits(n), &seed);
}

static void inclusion__random_large_sizes__verifies_alone(void **state)
{
	uint64_t seed = 0x5eed2;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		uint64_t n = 129 + random_next(&seed) % (LEAVES_MAX - 129);

		check_inclusion(random_next(&seed) % n, n, false, &seed);
	}
}

static void inclusion__outside_the_tree__refused(void **state)
{
	struct merkle_proof proof = { .count = 42 };
	uint8_t root[LEDGER_DIGEST_BYTES];

	(void)state;
	assert_int_equal(merkle_inclusion(0, 0, leaf_at, NULL, &proof),
			 -EINVAL);
	assert_int_equal(merkle_inclusion(5, 5, leaf_at, NULL, &proof),
			 -EINVAL);
	assert_int_equal(proof.count, 42);
	proof.count = 0;
	root_of(0, root);
	assert_false(merkle_verify_inclusion(0, 0, root, &proof, root));
	assert_false(
		merkle_verify_inclusion(UINT64_MAX, 0, root, &proof, root));
}

struct consistency {
	uint64_t old_size;
	uint64_t size;
	uint8_t old_root[LEDGER_DIGEST_BYTES];
	uint8_t root[LEDGER_DIGEST_BYTES];
};

static bool verify_consistency(void *ctx, struct merkle_proof *proof)
{
	struct consistency *c = ctx;

	return merkle_verify_consistency(c->old_size, c->size, proof,
					 c->old_root, c->root);
}

static void check_consistency(uint64_t old_size, uint64_t size, bool all,
			      uint64_t *seed)
{
	struct consistency c = { .old_size = old_size, .size = size };
	struct consistency bad;
	struct merkle_proof proof;

	root_of(old_size, c.old_root);
	root_of(size, c.root);
	assert_int_equal(
		merkle_consistency(old_size, size, leaf_at, NULL, &proof), 0);
	assert_true(verify_consistency(&c, &proof));
	assert_int_equal(!proof.count, !old_size || old_size == size);
	assert_false(
		any_flip_verifies(&proof, all, seed, verify_consistency, &c));
	assert_false(any_reshape_verifies(&proof, verify_consistency, &c));
	for (unsigned n = 0; n < (all ? 256 : 2); n++) {
		unsigned bit = all ? n : random_next(seed) % 256;

		bad = c;
		bad.old_root[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(verify_consistency(&bad, &proof));
		bad = c;
		bad.root[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* The empty tree is a prefix of anything. */
		assert_int_equal(verify_consistency(&bad, &proof),
				 !old_size && size);
	}
	for (uint64_t i = 0; all && i <= size + 1; i++) {
		bad = c;
		bad.old_size = i;
		assert_int_equal(verify_consistency(&bad, &proof),
				 i == old_size);
	}
}

static void consistency__every_pair_of_sizes__verifies_alone(void **state)
{
	uint64_t seed = 0x5eed3;

	(void)state;
	for (uint64_t n = 0; n <= 128; n++)
		for (uint64_t m = 0; m <= n; m++)
			check_consistency(m, n, all_bits(n), &seed);
}

static void consistency__random_large_sizes__verifies_alone(void **state)
{
	uint64_t seed = 0x5eed4;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		uint64_t n = 129 + random_next(&seed) % (LEAVES_MAX - 129);

		check_consistency(random_next(&seed) % (n + 1), n, false,
				  &seed);
	}
}

static void consistency__forked_tree__fails(void **state)
{
	struct consistency c = { .old_size = 11, .size = 40 };
	struct merkle_proof proof;
	uint8_t kept[LEDGER_DIGEST_BYTES];

	(void)state;
	root_of(c.old_size, c.old_root);
	memcpy(kept, leaves[4], sizeof(kept));
	memcpy(leaves[4], leaves[5], sizeof(kept));
	root_of(c.size, c.root);
	assert_int_equal(
		merkle_consistency(c.old_size, c.size, leaf_at, NULL, &proof),
		0);
	memcpy(leaves[4], kept, sizeof(kept));
	assert_false(verify_consistency(&c, &proof));
}

static void consistency__older_is_larger__refused(void **state)
{
	struct merkle_proof proof = { .count = 0 };
	uint8_t root[LEDGER_DIGEST_BYTES];

	(void)state;
	assert_int_equal(merkle_consistency(6, 5, leaf_at, NULL, &proof),
			 -EINVAL);
	root_of(5, root);
	assert_false(merkle_verify_consistency(6, 5, &proof, root, root));
}

static int leaf_missing(void *ctx, uint64_t index, uint8_t *ret_leaf)
{
	return index == *(uint64_t *)ctx ? -ENODATA :
					   leaf_at(NULL, index, ret_leaf);
}

static void proofs__a_leaf_cannot_be_read__its_error_is_returned(void **state)
{
	struct merkle_proof proof = { .count = 42 };

	(void)state;
	for (uint64_t lost = 0; lost < 21; lost++) {
		/* A leaf's own hash is not part of its proof. */
		if (lost != 6)
			assert_int_equal(merkle_inclusion(6, 21, leaf_missing,
							  &lost, &proof),
					 -ENODATA);
		assert_int_equal(
			merkle_consistency(6, 21, leaf_missing, &lost, &proof),
			-ENODATA);
	}
	assert_int_equal(proof.count, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root__certificate_transparency_vectors__equal),
		cmocka_unit_test(root__every_size__is_the_recursive_definition),
		cmocka_unit_test(frontier__encoded__round_trips),
		cmocka_unit_test(frontier__wrong_length__refused),
		cmocka_unit_test(frontier__largest_size__round_trips),
		cmocka_unit_test(inclusion__size_of_another_shape__fails),
		cmocka_unit_test(
			inclusion__every_leaf_of_every_size__verifies_alone),
		cmocka_unit_test(inclusion__random_large_sizes__verifies_alone),
		cmocka_unit_test(inclusion__outside_the_tree__refused),
		cmocka_unit_test(
			consistency__every_pair_of_sizes__verifies_alone),
		cmocka_unit_test(
			consistency__random_large_sizes__verifies_alone),
		cmocka_unit_test(consistency__forked_tree__fails),
		cmocka_unit_test(consistency__older_is_larger__refused),
		cmocka_unit_test(
			proofs__a_leaf_cannot_be_read__its_error_is_returned),
	};

	return cmocka_run_group_tests(tests, make_leaves, NULL);
}
