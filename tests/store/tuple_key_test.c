// SPDX-License-Identifier: Apache-2.0
/*
 * Tuple keys: the published examples of FoundationDB's encoding, and byte order
 * against value order.
 */
#include "tests/store/store_fixture.h"

#include "store/tuple_key.h"

static void assert_key(const struct tuple_key *key, const char *bytes,
		       size_t len)
{
	assert_false(key->failed);
	assert_int_equal(key->len, len);
	assert_memory_equal(key->bytes, bytes, len);
}

static void published_examples__encode__as_published(void **state)
{
	struct tuple_key key;

	(void)state;
	tuple_key_init(&key);
	tuple_key_put_bytes(&key, "foo\0bar", 7);
	assert_key(&key, "\x01\x66\x6f\x6f\x00\xff\x62\x61\x72\x00", 10);
	tuple_key_init(&key);
	tuple_key_put_text(&key, "F\xc3\x94O\0bar", 8);
	assert_key(&key, "\x02\x46\xc3\x94\x4f\x00\xff\x62\x61\x72\x00", 11);
	tuple_key_init(&key);
	tuple_key_put_int(&key, -5551212);
	assert_key(&key, "\x11\xab\x4b\x93", 4);
}

static void integers__at_width_bounds__have_shortest_form(void **state)
{
	static const struct {
		int64_t v;
		const char *bytes;
		size_t len;
	} cases[] = {
		{ 0, "\x14", 1 },
		{ 1, "\x15\x01", 2 },
		{ 255, "\x15\xff", 2 },
		{ 256, "\x16\x01\x00", 3 },
		{ -1, "\x13\xfe", 2 },
		{ -255, "\x13\x00", 2 },
		{ -256, "\x12\xfe\xff", 3 },
		{ INT64_MAX, "\x1c\x7f\xff\xff\xff\xff\xff\xff\xff", 9 },
		{ INT64_MIN, "\x0c\x7f\xff\xff\xff\xff\xff\xff\xff", 9 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tuple_key key;

		tuple_key_init(&key);
		tuple_key_put_int(&key, cases[i].v);
		assert_key(&key, cases[i].bytes, cases[i].len);
	}
}

static int key_order(const struct tuple_key *a, const struct tuple_key *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->bytes, b->bytes, n);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int sign(int64_t v)
{
	return (v > 0) - (v < 0);
}

/* Short texts over few letters, so that prefixes and zero bytes meet. */
static size_t random_text(uint64_t *seed, char ret[8])
{
	static const char letters[] = { '\0', '\1', 'a', (char)0xff };
	size_t len = next_random(seed) % 8;

	for (size_t i = 0; i < len; i++)
		ret[i] = letters[next_random(seed) % 4];
	return len;
}

static void random_tuples__byte_order__is_value_order(void **state)
{
	unsigned rounds = full_counts() ? 2000000 : 100000;
	uint64_t seed = 42;

	(void)state;
	for (unsigned i = 0; i < rounds; i++) {
		struct tuple_key key[2];
		char text[2][8];
		size_t len[2];
		int64_t number[2];
		int order;

		for (int k = 0; k < 2; k++) {
			len[k] = random_text(&seed, text[k]);
			number[k] = (int64_t)next_random(&seed) >>
				    next_random(&seed) % 64;
			tuple_key_init(&key[k]);
			tuple_key_put_text(&key[k], text[k], len[k]);
			tuple_key_put_int(&key[k], number[k]);
		}
		order = value_compare(
			value_bytes(VALUE_BYTES, text[0], len[0]),
			value_bytes(VALUE_BYTES, text[1], len[1]));
		if (order == 0)
			order = (number[0] > number[1]) -
				(number[0] < number[1]);
		assert_int_equal(sign(key_order(&key[0], &key[1])),
				 sign(order));
	}
}

static void unsigned_numbers__read_back__same(void **state)
{
	uint64_t seed = 7, again;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t v = next_random(&seed) >> next_random(&seed) % 64;
		struct tuple_key key;

		tuple_key_init(&key);
		tuple_key_put_uint(&key, v);
		assert_int_equal(tuple_key_get_uint(key.bytes, key.len, &again),
				 0);
		assert_int_equal(again, v);
		assert_int_equal(
			tuple_key_get_uint(key.bytes, key.len - 1, &again),
			-EBADMSG);
	}
	assert_int_equal(tuple_key_get_uint("\x16\x00\x01", 3, &again),
			 -EBADMSG);
	assert_int_equal(tuple_key_get_uint("\x13\xfe", 2, &again), -EBADMSG);
}

static void long_text__does_not_fit__fails_for_good(void **state)
{
	char text[600];
	struct tuple_key key;

	(void)state;
	memset(text, 'a', sizeof(text));
	tuple_key_init(&key);
	tuple_key_put_text(&key, text, sizeof(text));
	assert_true(key.failed);
	tuple_key_put_int(&key, 0);
	assert_true(key.failed);
}

static void long_rules__keys__fit_and_differ(void **state)
{
	char a[1001], b[1001];
	struct tuple_key key_a, key_b;

	(void)state;
	memset(a, 'r', 1000);
	a[1000] = '\0';
	memcpy(b, a, sizeof(b));
	b[999] = 's';
	key_rule_seq(&key_a, a, UINT64_MAX);
	key_rule_seq(&key_b, b, UINT64_MAX);
	assert_int_not_equal(key_order(&key_a, &key_b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_examples__encode__as_published),
		cmocka_unit_test(integers__at_width_bounds__have_shortest_form),
		cmocka_unit_test(random_tuples__byte_order__is_value_order),
		cmocka_unit_test(unsigned_numbers__read_back__same),
		cmocka_unit_test(long_text__does_not_fit__fails_for_good),
		cmocka_unit_test(long_rules__keys__fit_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
