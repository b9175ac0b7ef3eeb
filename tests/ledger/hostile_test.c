// SPDX-License-Identifier: Apache-2.0
/*
 * The decoders of stored and exported bytes under random mutations: nothing
 * crashes, and what is accepted means what its bytes say. CHECK_SEED repeats
 * a run; CHECK_FULL makes it longer.
 */
#include "support/unit.h"

#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 4096

struct input {
	size_t len;
	uint8_t bytes[INPUT_MAX];
};

static unsigned rounds(void)
{
	return getenv("CHECK_FULL") ? 400000 : 40000;
}

static size_t draw(uint64_t *seed, size_t below)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (size_t)((*seed * 0x2545f4914f6cdd1dULL >> 16) % below);
}

static void remove_run(struct input *input, uint64_t *seed)
{
	size_t at = draw(seed, input->len);
	size_t n = 1 + draw(seed, input->len - at);

	memmove(input->bytes + at, input->bytes + at + n, input->len - at - n);
	input->len -= n;
}

/* Repeat a run of bytes somewhere else. */
static void insert_run(struct input *input, uint64_t *seed)
{
	size_t from = draw(seed, input->len);
	size_t n = 1 + draw(seed, input->len - from);
	size_t at = draw(seed, input->len + 1);
	uint8_t run[INPUT_MAX];

	if (input->len + n > INPUT_MAX)
		return;
	memcpy(run, input->bytes + from, n);
	memmove(input->bytes + at + n, input->bytes + at, input->len - at);
	memcpy(input->bytes + at, run, n);
	input->len += n;
}

static void mutate(struct input *input, uint64_t *seed)
{
	static const uint8_t telling[] = { 0,	 '\n', ' ',  '+', '=', '0',
					   0xff, 0xe2, 0x80, '9', 'A', 0xf0 };

	for (size_t n = 1 + draw(seed, 4); n && input->len; n--) {
		size_t at = draw(seed, input->len);

		switch (draw(seed, 6)) {
		case 0:
		case 1:
			input->bytes[at] ^= (uint8_t)(1 << draw(seed, 8));
			break;
		case 2:
			input->bytes[at] = (uint8_t)draw(seed, 256);
			break;
		case 3:
			input->bytes[at] = telling[draw(seed, sizeof(telling))];
			break;
		case 4:
			remove_run(input, seed);
			break;
		default:
			insert_run(input, seed);
		}
	}
}

/* In a block of its own size, so that a sanitizer sees a read past its end. */
static uint8_t *exact_copy(const struct input *input)
{
	uint8_t *copy = malloc(input->len ? input->len : 1);

	assert_non_null(copy);
	memcpy(copy, input->bytes, input->len);
	return copy;
}

static void entry_decode__mutated__same_bytes_or_refused(void **state)
{
	struct ledger_entry entry = { .type = ENTRY_MATCH, .rule = "rule" };
	uint64_t seed = test_seed() | 1;
	struct input good = { .len = LEDGER_ENTRY_BYTES };
	uint8_t again[LEDGER_ENTRY_BYTES];
	unsigned accepted = 0, refused = 0;

	(void)state;
	randombytes_buf(entry.previous, sizeof(entry.previous));
	entry_encode(&entry, good.bytes);
	for (unsigned i = rounds(); i; i--) {
		struct input input = good;
		struct err err = { 0 };
		uint8_t *bytes;
		int rc;

		mutate(&input, &seed);
		bytes = exact_copy(&input);
		rc = entry_decode(bytes, input.len, &entry, &err);
		if (rc) {
			assert_int_equal(rc, -EBADMSG);
			assert_int_equal(err.code, -EBADMSG);
			refused++;
		} else {
			entry_encode(&entry, again);
			assert_int_equal(input.len, sizeof(again));
			assert_memory_equal(again, bytes, sizeof(again));
			accepted++;
		}
		free(bytes);
	}
	assert_true(accepted && refused);
}

static void make_note(const struct signing_key *key, struct input *ret_note)
{
	struct checkpoint checkpoint = { .origin = "example.org/log",
					 .size = 1234 };
	struct buf note = BUF_INIT;
	struct err err = { 0 };

	assert_int_equal(checkpoint_sign(&checkpoint, key, &note, &err), 0);
	buf_puts(&note, "\xe2\x80\x94 witness AAECAwQ=\n");
	assert_true(!note.failed && note.len <= INPUT_MAX);
	memcpy(ret_note->bytes, note.bytes, note.len);
	ret_note->len = note.len;
	buf_release(&note);
}

/* A mutation may spoil the witness's line, but never change what is signed. */
static void checkpoint_open__mutated__never_another_good_one(void **state)
{
	const uint8_t zeros[LEDGER_DIGEST_BYTES] = { 0 };
	uint64_t seed = test_seed() | 1;
	unsigned outcomes[3] = { 0 };
	struct input good = { 0 };
	struct signing_key key;

	(void)state;
	assert_int_equal(signing_key_from_seed(zeros, &key, NULL), 0);
	make_note(&key, &good);
	for (unsigned i = rounds(); i; i--) {
		struct checkpoint opened;
		struct input input = good;
		struct err err = { 0 };
		uint8_t *bytes;
		int rc;

		mutate(&input, &seed);
		bytes = exact_copy(&input);
		rc = checkpoint_open(bytes, input.len, key.public_key, &opened,
				     &err);
		free(bytes);
		if (rc == CHECKPOINT_GOOD) {
			assert_string_equal(opened.origin, "example.org/log");
			assert_int_equal(opened.size, 1234);
			assert_memory_equal(opened.root, zeros, sizeof(zeros));
		} else if (rc != CHECKPOINT_UNSIGNED) {
			assert_int_equal(rc, -EBADMSG);
			assert_int_equal(err.code, -EBADMSG);
		}
		outcomes[rc < 0 ? 2 : rc]++;
	}
	assert_true(outcomes[0] && outcomes[1] && outcomes[2]);
}

static void frontier_decode__mutated__same_bytes_or_refused(void **state)
{
	uint64_t seed = test_seed() | 1;
	unsigned accepted = 0, refused = 0;
	struct input good = { 0 };
	uint8_t again[MERKLE_FRONTIER_BYTES_MAX];

	(void)state;
	good.bytes[7] = 7;
	good.len = 8 + 3 * LEDGER_DIGEST_BYTES;
	for (unsigned i = rounds(); i; i--) {
		struct merkle_frontier frontier;
		struct input input = good;
		uint8_t *bytes;
		int rc;

		mutate(&input, &seed);
		bytes = exact_copy(&input);
		rc = merkle_frontier_decode(bytes, input.len, &frontier, NULL);
		if (rc) {
			assert_int_equal(rc, -EBADMSG);
			refused++;
		} else {
			assert_int_equal(
				merkle_frontier_encode(&frontier, again),
				input.len);
			assert_memory_equal(again, bytes, input.len);
			accepted++;
		}
		free(bytes);
	}
	assert_true(accepted && refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_decode__mutated__same_bytes_or_refused),
		cmocka_unit_test(
			checkpoint_open__mutated__never_another_good_one),
		cmocka_unit_test(
			frontier_decode__mutated__same_bytes_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
