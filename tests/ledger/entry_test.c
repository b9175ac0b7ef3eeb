// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "ledger/entry.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PADDING_AT 304

/* Every member from one stream of bytes that a number determines. */
static void make_random(struct ledger_entry *entry, uint32_t number)
{
	uint8_t seed[32] = { 0 };
	size_t rule_len;

	memcpy(seed, &number, sizeof(number));
	memset(entry, 0, sizeof(*entry));
	randombytes_buf_deterministic(entry, sizeof(*entry), seed);
	entry->type = (enum entry_type)(ENTRY_GENESIS +
					number % (ENTRY_TYPE_END - 1));
	rule_len = number % LEDGER_RULE_BYTES;
	for (size_t i = 0; i < rule_len; i++)
		entry->rule[i] = (char)(entry->rule[i] ? entry->rule[i] : 1);
	memset(entry->rule + rule_len, 0, LEDGER_RULE_BYTES - rule_len);
}

static void assert_entry_equal(const struct ledger_entry *a,
			       const struct ledger_entry *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->wall_ns, b->wall_ns);
	assert_int_equal(a->boot_ns, b->boot_ns);
	assert_memory_equal(a->boot_id, b->boot_id, 16);
	assert_memory_equal(a->ruleset_digest, b->ruleset_digest, 32);
	assert_memory_equal(a->rule, b->rule, LEDGER_RULE_BYTES);
	assert_memory_equal(a->rule_digest, b->rule_digest, 32);
	assert_memory_equal(a->match_id, b->match_id, 16);
	assert_int_equal(a->payload_bytes, b->payload_bytes);
	assert_memory_equal(a->payload_digest, b->payload_digest, 32);
	assert_memory_equal(a->object_digest, b->object_digest, 32);
	assert_int_equal(a->lost, b->lost);
	assert_memory_equal(a->previous, b->previous, 32);
}

static void entry__random__round_trips(void **state)
{
	uint8_t bytes[LEDGER_ENTRY_BYTES];
	struct ledger_entry entry, decoded;
	struct err err = { 0 };

	(void)state;
	for (uint32_t n = 0; n < 1000; n++) {
		make_random(&entry, n);
		entry_encode(&entry, bytes);
		assert_int_equal(
			entry_decode(bytes, sizeof(bytes), &decoded, &err), 0);
		assert_entry_equal(&entry, &decoded);
	}
}

/* What decodes is the only encoding of what it decodes to. */
static void entry__any_bit_changed__another_entry_or_refused(void **state)
{
	uint8_t bytes[LEDGER_ENTRY_BYTES], again[LEDGER_ENTRY_BYTES];
	struct ledger_entry entry, decoded;
	unsigned refused = 0;

	(void)state;
	make_random(&entry, 12);
	entry_encode(&entry, bytes);
	for (unsigned bit = 0; bit < 8 * LEDGER_ENTRY_BYTES; bit++) {
		struct err err = { 0 };
		int rc;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		rc = entry_decode(bytes, sizeof(bytes), &decoded, &err);
		if (rc) {
			assert_int_equal(rc, -EBADMSG);
			assert_int_equal(err.kind, ERR_INPUT);
			refused++;
		} else {
			entry_encode(&decoded, again);
			assert_memory_equal(again, bytes, sizeof(bytes));
			assert_memory_not_equal(&decoded, &entry,
						sizeof(entry));
		}
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* Magic, version, and all padding at least. */
	assert_true(refused >= 8 * (4 + 2 + 80));
}

static void entry__damaged__says_what(void **state)
{
	static const struct {
		unsigned at;
		uint8_t byte;
		const char *text;
	} cases[] = {
		{ 0, 's', "not a ledger entry: wrong magic" },
		{ 5, 2, "ledger entry of version 2, this is 1" },
		{ 7, 0, "ledger entry of unknown type 0" },
		{ 7, ENTRY_TYPE_END, "ledger entry of unknown type 10" },
		{ 96 + 20, 'x', "ledger entry's rule name is not NUL-padded" },
		{ 159, 'x', "ledger entry's rule name is not NUL-padded" },
		{ PADDING_AT, 1, "ledger entry's padding is not zero" },
		{ LEDGER_ENTRY_BYTES - 1, 1,
		  "ledger entry's padding is not zero" },
	};
	uint8_t bytes[LEDGER_ENTRY_BYTES], good[LEDGER_ENTRY_BYTES];
	struct ledger_entry entry;

	(void)state;
	make_random(&entry, 12);
	entry_encode(&entry, good);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };

		memcpy(bytes, good, sizeof(bytes));
		bytes[cases[i].at] = cases[i].byte;
		entry.seq = 99;
		assert_int_equal(
			entry_decode(bytes, sizeof(bytes), &entry, &err),
			-EBADMSG);
		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(entry.seq, 99);
	}
}

static void entry__rule_of_64_bytes__refused(void **state)
{
	uint8_t bytes[LEDGER_ENTRY_BYTES];
	struct ledger_entry entry;
	struct err err = { 0 };

	(void)state;
	make_random(&entry, 12);
	entry_encode(&entry, bytes);
	memset(bytes + 96, 'r', LEDGER_RULE_BYTES);
	assert_int_equal(entry_decode(bytes, sizeof(bytes), &entry, &err),
			 -EBADMSG);
}

static void entry__wrong_length__refused(void **state)
{
	uint8_t bytes[LEDGER_ENTRY_BYTES + 1] = { 0 };
	struct ledger_entry entry;

	(void)state;
	make_random(&entry, 1);
	entry_encode(&entry, bytes);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct err err = { 0 };
		int rc = entry_decode(bytes, len, &entry, &err);

		assert_int_equal(rc, len == LEDGER_ENTRY_BYTES ? 0 : -EBADMSG);
	}
}

static void entry__long_rule_name__is_cut(void **state)
{
	uint8_t bytes[LEDGER_ENTRY_BYTES];
	struct ledger_entry entry, decoded;
	struct err err = { 0 };

	(void)state;
	make_random(&entry, 3);
	memset(entry.rule, 'r', sizeof(entry.rule));
	entry_encode(&entry, bytes);
	assert_int_equal(entry_decode(bytes, sizeof(bytes), &decoded, &err), 0);
	assert_int_equal(strlen(decoded.rule), LEDGER_RULE_BYTES - 1);
}

/* Bytes behind the name's end must not decide the digest. */
static void entry__bytes_after_the_rule_name__do_not_count(void **state)
{
	uint8_t clean[LEDGER_ENTRY_BYTES], dirty[LEDGER_ENTRY_BYTES];
	struct ledger_entry entry;

	(void)state;
	make_random(&entry, 5);
	entry_encode(&entry, clean);
	memset(entry.rule + 6, 0xaa, LEDGER_RULE_BYTES - 6);
	entry_encode(&entry, dirty);
	assert_memory_equal(clean, dirty, sizeof(clean));
}

static void make_golden(struct ledger_entry *entry)
{
	*entry = (struct ledger_entry){
		.type = ENTRY_MATCH,
		.seq = 0x0102030405060708,
		.wall_ns = 1700000000000000000,
		.boot_ns = -2,
		.rule = "curl_then_shell",
		.payload_bytes = 1234,
		.lost = 7,
	};
	memset(entry->boot_id, 0xb0, sizeof(entry->boot_id));
	memset(entry->match_id, 0x3d, sizeof(entry->match_id));
	memset(entry->ruleset_digest, 0x11, LEDGER_DIGEST_BYTES);
	memset(entry->rule_digest, 0x22, LEDGER_DIGEST_BYTES);
	memset(entry->payload_digest, 0x33, LEDGER_DIGEST_BYTES);
	memset(entry->object_digest, 0x44, LEDGER_DIGEST_BYTES);
	memset(entry->previous, 0x55, LEDGER_DIGEST_BYTES);
}

#define X8(b) b b b b b b b b
#define X16(b) X8(b) X8(b)
#define X32(b) X16(b) X16(b)

static void entry__golden__these_bytes(void **state)
{
	/* clang-format off */
	static const char golden[] =
		"SHRL\x00\x01\x00\x03"
		"\x01\x02\x03\x04\x05\x06\x07\x08"
		"\x17\x97\x9c\xfe\x36\x2a\x00\x00"
		"\xff\xff\xff\xff\xff\xff\xff\xfe"
		/* boot id, match id, ruleset digest */
		X16("\xb0") X16("\x3d") X32("\x11")
		"curl_then_shell\x00" X32("\0") X16("\0")
		X32("\x22")
		"\x00\x00\x00\x00\x00\x00\x04\xd2"
		"\x00\x00\x00\x00\x00\x00\x00\x07"
		/* payload, object, previous, padding */
		X32("\x33") X32("\x44") X32("\x55")
		X32("\0") X32("\0") X16("\0");
	/* clang-format on */
	uint8_t bytes[LEDGER_ENTRY_BYTES];
	struct ledger_entry entry;

	(void)state;
	assert_int_equal(sizeof(golden) - 1, LEDGER_ENTRY_BYTES);
	make_golden(&entry);
	entry_encode(&entry, bytes);
	assert_memory_equal(bytes, golden, sizeof(bytes));
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
	char text[2 * LEDGER_DIGEST_BYTES + 1];

	sodium_bin2hex(text, sizeof(text), bytes, LEDGER_DIGEST_BYTES);
	assert_string_equal(text, hex);
}

static void chain__golden__this_value(void **state)
{
	uint8_t bytes[LEDGER_ENTRY_BYTES], chain[LEDGER_DIGEST_BYTES];
	struct ledger_entry entry;

	(void)state;
	make_golden(&entry);
	entry_encode(&entry, bytes);
	entry_chain(bytes, chain);
	assert_hex(chain, "ce583dcf7f36bccd8f8d2dcfff82a89c"
			  "c9ccd009bf98d75a28aded1c1472d698");
}

static void payload_digest__golden__this_value(void **state)
{
	static const uint8_t salt[LEDGER_SALT_BYTES] = "0123456789abcde";
	uint8_t digest[LEDGER_DIGEST_BYTES];

	(void)state;
	payload_digest(salt, "payload", 7, digest);
	assert_hex(digest, "36430ca13a226608690a80c6c79d7074"
			   "7ab47e7690921b9eee2924601767748a");
	payload_digest(salt, NULL, 0, digest);
	assert_hex(digest, "157558bb6a4b6643d0d1a9a4dd19594f"
			   "767a6e44c9ffd6e746f22b4b45d3c2d7");
}

static void type_name__every_type__has_its_own(void **state)
{
	(void)state;
	for (int a = ENTRY_GENESIS; a < ENTRY_TYPE_END; a++)
		for (int b = ENTRY_GENESIS; b < a; b++)
			assert_string_not_equal(
				entry_type_name((enum entry_type)a),
				entry_type_name((enum entry_type)b));
	assert_string_equal(entry_type_name(ENTRY_MATCH), "match");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry__random__round_trips),
		cmocka_unit_test(
			entry__any_bit_changed__another_entry_or_refused),
		cmocka_unit_test(entry__damaged__says_what),
		cmocka_unit_test(entry__rule_of_64_bytes__refused),
		cmocka_unit_test(entry__wrong_length__refused),
		cmocka_unit_test(entry__long_rule_name__is_cut),
		cmocka_unit_test(
			entry__bytes_after_the_rule_name__do_not_count),
		cmocka_unit_test(entry__golden__these_bytes),
		cmocka_unit_test(chain__golden__this_value),
		cmocka_unit_test(payload_digest__golden__this_value),
		cmocka_unit_test(type_name__every_type__has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
