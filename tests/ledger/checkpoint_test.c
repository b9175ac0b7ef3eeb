// SPDX-License-Identifier: Apache-2.0
/*
 * Checkpoints as signed notes: published keys and notes, golden bytes made with
 * another implementation of Ed25519, and everything that is not a checkpoint.
 */
#include "support/unit.h"
#include "user/base/check.h"

#include "ledger/checkpoint.h"
#include "ledger/note_int.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DASH "\xe2\x80\x94"

/* RFC 8032, section 7.1, test 1. */
static const char seed_hex[] = "9d61b19deffd5a60ba844af492ec2cc4"
			       "4449c5697b326919703bac031cae7f60";
static const char public_hex[] = "d75a980182b10ab7d54bfed3c964073a"
				 "0ee172f3daa62325af021a68f707511a";

static void from_hex(const char *hex, uint8_t bytes[32])
{
	size_t len;

	assert_int_equal(
		sodium_hex2bin(bytes, 32, hex, strlen(hex), NULL, &len, NULL),
		0);
	assert_int_equal(len, 32);
}

static struct signing_key make_key(const char *hex)
{
	struct signing_key key;
	struct err err = { 0 };
	uint8_t seed[32];

	from_hex(hex, seed);
	assert_int_equal(signing_key_from_seed(seed, &key, &err), 0);
	return key;
}

static struct checkpoint make_checkpoint(void)
{
	struct checkpoint checkpoint = {
		.origin = "example.org/shrike/host-1",
		.size = 1234567,
	};

	for (unsigned i = 0; i < sizeof(checkpoint.root); i++)
		checkpoint.root[i] = (uint8_t)(i * 7);
	return checkpoint;
}

static struct buf make_note(const struct checkpoint *checkpoint,
			    const struct signing_key *key)
{
	struct buf note = BUF_INIT;
	struct err err = { 0 };

	assert_int_equal(checkpoint_sign(checkpoint, key, &note, &err), 0);
	return note;
}

static int open_text(const char *text, const uint8_t public_key[32],
		     struct checkpoint *ret_checkpoint)
{
	struct err err = { 0 };
	int rc;

	rc = checkpoint_open(text, strlen(text), public_key, ret_checkpoint,
			     &err);
	assert_int_equal(err.code, rc < 0 ? rc : 0);
	return rc;
}

static void key__rfc_8032_seed__its_public_key(void **state)
{
	struct signing_key key = make_key(seed_hex);
	uint8_t public_key[32];

	(void)state;
	from_hex(public_hex, public_key);
	assert_memory_equal(key.public_key, public_key, 32);
}

/* The key of the Go checksum database. */
static void vkey__sum_golang_org__as_published(void **state)
{
	static const char vkey[] =
		"sum.golang.org+033de0ae+"
		"Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
	struct buf out = BUF_INIT;
	struct err err = { 0 };
	uint8_t key[33];
	size_t len;

	(void)state;
	assert_true(note_get_base64((struct span){ vkey + 24, 44 }, key,
				    sizeof(key), &len));
	assert_int_equal(len, 33);
	assert_int_equal(checkpoint_vkey("sum.golang.org", key + 1, &out, &err),
			 0);
	assert_string_equal(buf_text(&out), vkey);
	buf_release(&out);
}

static void vkey_parse__sum_golang_org__same_key(void **state)
{
	static const char vkey[] =
		"sum.golang.org+033de0ae+"
		"Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8\n";
	struct buf out = BUF_INIT;
	struct err err = { 0 };
	uint8_t key[32];

	(void)state;
	assert_int_equal(
		checkpoint_vkey_parse(vkey, sizeof(vkey) - 1, key, &err), 0);
	assert_int_equal(checkpoint_vkey("sum.golang.org", key, &out, &err), 0);
	buf_putc(&out, '\n');
	assert_string_equal(buf_text(&out), vkey);
	buf_release(&out);
}

/* Every single byte counts: the name by its hash, the rest by its form. */
static void vkey_parse__any_byte_changed__refused(void **state)
{
	char vkey[] = "sum.golang.org+033de0ae+"
		      "Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
	uint8_t key[32];

	(void)state;
	for (size_t i = 0; i < sizeof(vkey) - 1; i++) {
		struct err err = { 0 };

		vkey[i] ^= 1;
		assert_int_equal(checkpoint_vkey_parse(vkey, sizeof(vkey) - 1,
						       key, &err),
				 -EBADMSG);
		vkey[i] ^= 1;
		assert_int_equal(checkpoint_vkey_parse(vkey, i, key, NULL),
				 -EBADMSG);
	}
}

/* The example of the Go package golang.org/x/mod/sumdb/note. */
static void note__go_example__verifies(void **state)
{
	static const char text[] =
		"If you think cryptography is the answer to your problem,\n"
		"then you don't know what your problem is.\n\n" DASH
		" PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZIn"
		"NIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
	static const char key_text[] =
		"ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
	struct span name = { "PeterNeumann", 12 };
	struct err err = { 0 };
	struct note note;
	uint8_t key[33];
	size_t len;

	(void)state;
	assert_true(note_get_base64((struct span){ key_text, 44 }, key,
				    sizeof(key), &len));
	assert_int_equal(note_split(text, sizeof(text) - 1, &note, &err), 0);
	assert_true(note_signed_by(&note, name, key + 1));
	key[5] ^= 1;
	assert_false(note_signed_by(&note, name, key + 1));
}

static void sign__golden__these_bytes(void **state)
{
	static const char golden[] =
		"example.org/shrike/host-1\n"
		"1234567\n"
		"AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk=\n"
		"\n" DASH " example.org/shrike/host-1 "
		"odJvRbdsRr9hyejAWyYPkLVajttMbJrirOqGiRBrdmdMV6pm"
		"w9DMBaYl1nt72P/FVSttJWbMWfAY7cYEtDincFNh7gA=\n";
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct buf note = make_note(&checkpoint, &key);
	struct buf vkey = BUF_INIT;
	struct err err = { 0 };

	(void)state;
	assert_string_equal(buf_text(&note), golden);
	assert_int_equal(
		checkpoint_vkey(checkpoint.origin, key.public_key, &vkey, &err),
		0);
	assert_string_equal(buf_text(&vkey),
			    "example.org/shrike/host-1+a1d26f45+"
			    "AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea");
	buf_release(&note);
	buf_release(&vkey);
}

static void open__what_was_signed__good(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 9, 10, 1000, UINT64_MAX };
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct checkpoint opened;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf note;

		checkpoint.size = sizes[i];
		note = make_note(&checkpoint, &key);
		assert_int_equal(
			open_text(buf_text(&note), key.public_key, &opened),
			CHECKPOINT_GOOD);
		assert_string_equal(opened.origin, checkpoint.origin);
		assert_int_equal(opened.size, checkpoint.size);
		assert_memory_equal(opened.root, checkpoint.root, 32);
		buf_release(&note);
	}
}

static void sign__appends__what_was_there_is_not_signed(void **state)
{
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct buf both = BUF_INIT;
	struct buf note = make_note(&checkpoint, &key);
	struct err err = { 0 };

	(void)state;
	buf_puts(&both, "before\n");
	assert_int_equal(checkpoint_sign(&checkpoint, &key, &both, &err), 0);
	assert_string_equal(buf_text(&both) + 7, buf_text(&note));
	buf_release(&both);
	buf_release(&note);
}

static void open__any_bit_changed__never_good(void **state)
{
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct buf note = make_note(&checkpoint, &key);
	struct checkpoint opened;
	unsigned unsigned_count = 0, refused = 0;

	(void)state;
	for (size_t bit = 0; bit < note.len * 8; bit++) {
		int rc;

		note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		rc = checkpoint_open(note.bytes, note.len, key.public_key,
				     &opened, NULL);
		assert_true(rc == CHECKPOINT_UNSIGNED || rc == -EBADMSG);
		unsigned_count += rc == CHECKPOINT_UNSIGNED;
		refused += rc == -EBADMSG;
		note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(unsigned_count > 100 && refused > 100);
	for (size_t len = 0; len < note.len; len++)
		assert_int_equal(checkpoint_open(note.bytes, len,
						 key.public_key, &opened, NULL),
				 -EBADMSG);
	buf_release(&note);
}

static void open__key_of_another__unsigned_but_readable(void **state)
{
	struct signing_key key = make_key(seed_hex);
	struct signing_key other = make_key(public_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct buf note = make_note(&checkpoint, &other);
	struct checkpoint opened = { .size = 5 };

	(void)state;
	assert_int_equal(open_text(buf_text(&note), key.public_key, &opened),
			 CHECKPOINT_UNSIGNED);
	assert_int_equal(opened.size, checkpoint.size);
	assert_memory_equal(opened.root, checkpoint.root, 32);
	buf_release(&note);
}

/* Signed by the right key, but as another origin's note. */
static void open__origin_exchanged__unsigned(void **state)
{
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct buf note = make_note(&checkpoint, &key);
	struct checkpoint opened;
	char *at;

	(void)state;
	at = strstr((char *)(uintptr_t)buf_text(&note), "host-1");
	at[5] = '2';
	assert_int_equal(open_text(buf_text(&note), key.public_key, &opened),
			 CHECKPOINT_UNSIGNED);
	at = strstr(at + 6, "host-1");
	at[5] = '2';
	assert_int_equal(open_text(buf_text(&note), key.public_key, &opened),
			 CHECKPOINT_UNSIGNED);
	buf_release(&note);
}

static void open__lines_of_witnesses__tolerated(void **state)
{
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct buf note = make_note(&checkpoint, &key);
	struct buf many = BUF_INIT;
	struct checkpoint opened;
	const char *line = strstr(buf_text(&note), DASH);

	(void)state;
	buf_put(&many, note.bytes, line - buf_text(&note));
	/* Another name; our name, another key; a short and a long one. */
	buf_puts(&many, DASH " witness.example AAECAwQ=\n");
	buf_printf(&many, DASH " %s AAECAwQFBgc=\n", checkpoint.origin);
	buf_puts(&many, DASH " w\xc3\xa9 ");
	note_put_base64(&many, note.bytes, note.len);
	buf_puts(&many, "\n");
	buf_puts(&many, line);
	buf_puts(&many, DASH " last AAECAwQ=\n");
	assert_int_equal(open_text(buf_text(&many), key.public_key, &opened),
			 CHECKPOINT_GOOD);
	buf_release(&note);
	buf_release(&many);
}

/* Our key's first line decides; a second one cannot repair it. */
static void open__wrong_line_before_the_right_one__unsigned(void **state)
{
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct buf right = make_note(&checkpoint, &key);
	struct buf wrong, both = BUF_INIT;
	const char *line = strstr(buf_text(&right), DASH);
	struct checkpoint opened;

	(void)state;
	checkpoint.size++;
	wrong = make_note(&checkpoint, &key);
	buf_put(&both, right.bytes, line - buf_text(&right));
	buf_puts(&both, strstr(buf_text(&wrong), DASH));
	buf_puts(&both, line);
	assert_int_equal(open_text(buf_text(&both), key.public_key, &opened),
			 CHECKPOINT_UNSIGNED);
	buf_release(&right);
	buf_release(&wrong);
	buf_release(&both);
}

#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SIG DASH " o AAECAwQ=\n"

static const char *const malformed[] = {
	"",
	"\n",
	"\n\n",
	"\n\n\n",
	/* the text */
	"o\n1\n" ROOT "\n" SIG,
	"o\n1\n" ROOT "\n\n",
	"o\n1\n\n" SIG,
	"o\n\n" SIG,
	"\n1\n" ROOT "\n\n" SIG,
	"o\n1\n" ROOT "\n\n\n" SIG,
	"o\n1\n" ROOT "\n\nextension\n\n" SIG,
	"o\r\n1\n" ROOT "\n\n" SIG,
	"o\t\n1\n" ROOT "\n\n" SIG,
	"\xff\n1\n" ROOT "\n\n" SIG,
	"\x80\n1\n" ROOT "\n\n" SIG,
	"\xc1\xbf\n1\n" ROOT "\n\n" SIG,
	"\xe0\x9f\xbf\n1\n" ROOT "\n\n" SIG,
	"\xf0\x8f\xbf\xbf\n1\n" ROOT "\n\n" SIG,
	"\xf8\x88\x80\x80\x80\n1\n" ROOT "\n\n" SIG,
	"\xc0\x80\n1\n" ROOT "\n\n" SIG,
	"\xed\xa0\x80\n1\n" ROOT "\n\n" SIG,
	"\xf4\x90\x80\x80\n1\n" ROOT "\n\n" SIG,
	"\xe2\x80\n1\n" ROOT "\n\n" SIG,
	/* the size */
	"o\n\n" ROOT "\n\n" SIG,
	"o\n01\n" ROOT "\n\n" SIG,
	"o\n00\n" ROOT "\n\n" SIG,
	"o\n+1\n" ROOT "\n\n" SIG,
	"o\n-1\n" ROOT "\n\n" SIG,
	"o\n1 \n" ROOT "\n\n" SIG,
	"o\n 1\n" ROOT "\n\n" SIG,
	"o\n0x1\n" ROOT "\n\n" SIG,
	"o\n18446744073709551616\n" ROOT "\n\n" SIG,
	"o\n99999999999999999999999\n" ROOT "\n\n" SIG,
	/* the root */
	"o\n1\nAAAA\n\n" SIG,
	"o\n1\n" ROOT "=\n\n" SIG,
	"o\n1\n" ROOT "AAAA\n\n" SIG,
	"o\n1\n " ROOT "\n\n" SIG,
	"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\n" SIG,
	"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n" SIG,
	"o\n1\n--------------------------------------------\n\n" SIG,
	/* the signatures */
	"o\n1\n" ROOT "\n\n" DASH " o AAECAwQ=",
	"o\n1\n" ROOT "\n\n" SIG "x",
	"o\n1\n" ROOT "\n\n" SIG "x\n",
	"o\n1\n" ROOT "\n\n- o AAECAwQ=\n",
	"o\n1\n" ROOT "\n\n" DASH "o AAECAwQ=\n",
	"o\n1\n" ROOT "\n\n" DASH " o\n",
	"o\n1\n" ROOT "\n\n" DASH " \n",
	"o\n1\n" ROOT "\n\n" DASH " o \n",
	"o\n1\n" ROOT "\n\n" DASH "  AAECAwQ=\n",
	"o\n1\n" ROOT "\n\n" DASH " a+b AAECAwQ=\n",
	"o\n1\n" ROOT "\n\n" DASH " a\xc2\xa0 AAECAwQ=\n",
	"o\n1\n" ROOT "\n\n" DASH " o  AAECAwQ=\n",
	"o\n1\n" ROOT "\n\n" DASH " o AAECAwQ\n",
	"o\n1\n" ROOT "\n\n" DASH " o AAECAw==\n",
	"o\n1\n" ROOT "\n\n" DASH " o AAECAwR=\n",
	"o\n1\n" ROOT "\n\n" DASH " o AAECAwQ= \n",
};

static void open__not_a_checkpoint__refused(void **state)
{
	struct checkpoint opened = { .size = 77 };
	struct signing_key key = make_key(seed_hex);

	(void)state;
	assert_int_equal(
		open_text("o\n1\n" ROOT "\n\n" SIG, key.public_key, &opened),
		CHECKPOINT_UNSIGNED);
	assert_int_equal(open_text("o\n1\n" ROOT "\nextension\n\n" SIG,
				   key.public_key, &opened),
			 CHECKPOINT_UNSIGNED);
	opened.size = 77;
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		if (open_text(malformed[i], key.public_key, &opened) !=
		    -EBADMSG)
			fail_msg("accepted: %s", malformed[i]);
	assert_int_equal(opened.size, 77);
}

static void open__nul_byte__refused(void **state)
{
	static const char note[] = "o\0x\n1\n" ROOT "\n\n" SIG;
	struct checkpoint opened;
	uint8_t key[32] = { 0 };

	(void)state;
	assert_int_equal(
		checkpoint_open(note, sizeof(note) - 1, key, &opened, NULL),
		-EBADMSG);
}

static void open__origin_at_the_limit__one_more_is_refused(void **state)
{
	struct checkpoint opened;
	uint8_t key[32] = { 0 };
	char note[1024], origin[CHECKPOINT_ORIGIN_MAX + 1] = { 0 };

	(void)state;
	memset(origin, 'o', CHECKPOINT_ORIGIN_MAX - 1);
	snprintf(note, sizeof(note), "%s\n1\n" ROOT "\n\n" SIG, origin);
	assert_int_equal(open_text(note, key, &opened), CHECKPOINT_UNSIGNED);
	assert_string_equal(opened.origin, origin);
	origin[CHECKPOINT_ORIGIN_MAX - 1] = 'o';
	snprintf(note, sizeof(note), "%s\n1\n" ROOT "\n\n" SIG, origin);
	assert_int_equal(open_text(note, key, &opened), -EBADMSG);
}

static void open__note_too_long__refused(void **state)
{
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct buf note = make_note(&checkpoint, &key);
	struct checkpoint opened;

	(void)state;
	while (note.len + sizeof(SIG) - 1 <= CHECKPOINT_NOTE_MAX)
		buf_puts(&note, SIG);
	assert_int_equal(open_text(buf_text(&note), key.public_key, &opened),
			 CHECKPOINT_GOOD);
	buf_puts(&note, SIG);
	assert_int_equal(open_text(buf_text(&note), key.public_key, &opened),
			 -EBADMSG);
	buf_release(&note);
}

static void sign__origin_that_is_no_key_name__refused(void **state)
{
	static const char *const origins[] = {
		"", "a b", "a+b", "a\nb", "a\xff", "a\xe3\x80\x80", "\x7f\x1f",
	};
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = { 0 };
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		struct err err = { 0 };

		strcpy(checkpoint.origin, origins[i]);
		assert_int_equal(checkpoint_sign(&checkpoint, &key, &out, &err),
				 -EINVAL);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_int_equal(checkpoint_vkey(checkpoint.origin,
						 key.public_key, &out, NULL),
				 -EINVAL);
	}
	memset(checkpoint.origin, 'o', sizeof(checkpoint.origin));
	assert_int_equal(checkpoint_sign(&checkpoint, &key, &out, NULL),
			 -EINVAL);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

/* Every length of the buffer at which a step of signing can fail. */
static void sign__no_room__its_error_is_returned(void **state)
{
	struct signing_key key = make_key(seed_hex);
	struct checkpoint checkpoint = make_checkpoint();
	struct buf whole = make_note(&checkpoint, &key);

	(void)state;
	for (size_t limit = 1; limit < whole.len; limit++) {
		struct buf out = { .limit = limit };
		struct err err = { 0 };

		assert_int_equal(checkpoint_sign(&checkpoint, &key, &out, &err),
				 -E2BIG);
		assert_int_equal(err.code, -E2BIG);
		buf_release(&out);
	}
	buf_release(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key__rfc_8032_seed__its_public_key),
		cmocka_unit_test(vkey__sum_golang_org__as_published),
		cmocka_unit_test(vkey_parse__sum_golang_org__same_key),
		cmocka_unit_test(vkey_parse__any_byte_changed__refused),
		cmocka_unit_test(note__go_example__verifies),
		cmocka_unit_test(sign__golden__these_bytes),
		cmocka_unit_test(open__what_was_signed__good),
		cmocka_unit_test(sign__appends__what_was_there_is_not_signed),
		cmocka_unit_test(open__any_bit_changed__never_good),
		cmocka_unit_test(open__key_of_another__unsigned_but_readable),
		cmocka_unit_test(open__origin_exchanged__unsigned),
		cmocka_unit_test(open__lines_of_witnesses__tolerated),
		cmocka_unit_test(
			open__wrong_line_before_the_right_one__unsigned),
		cmocka_unit_test(open__not_a_checkpoint__refused),
		cmocka_unit_test(open__nul_byte__refused),
		cmocka_unit_test(
			open__origin_at_the_limit__one_more_is_refused),
		cmocka_unit_test(open__note_too_long__refused),
		cmocka_unit_test(sign__origin_that_is_no_key_name__refused),
		cmocka_unit_test(sign__no_room__its_error_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
