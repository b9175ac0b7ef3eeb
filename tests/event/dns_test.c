// SPDX-License-Identifier: Apache-2.0
/* Answers of DNS messages that were made by hand, cut, and bent at random. */
#include "support/unit.h"

#include "user/event/dns.h"

#include <stdlib.h>
#include <string.h>

struct message {
	uint8_t bytes[1024];
	size_t len;
};

static void put(struct message *m, const void *bytes, size_t len)
{
	assert_true(len <= sizeof(m->bytes) - m->len);
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

static void put_u16(struct message *m, unsigned value)
{
	uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(m, bytes, sizeof(bytes));
}

/* A response to a question for ExAmple.org at offset 12. */
static void begin(struct message *m, unsigned flags, unsigned answers)
{
	*m = (struct message){ 0 };
	put_u16(m, 0x1234);
	put_u16(m, flags);
	put_u16(m, 1);
	put_u16(m, answers);
	put_u16(m, 0);
	put_u16(m, 0);
	put(m, "\7ExAmple\3org\0", 13);
	put_u16(m, 1);
	put_u16(m, 1);
}

/* Its name points to the question's. */
static void record(struct message *m, unsigned type, const void *data,
		   size_t len)
{
	put_u16(m, 0xc00c);
	put_u16(m, type);
	put_u16(m, 1);
	put_u16(m, 0);
	put_u16(m, 300);
	put_u16(m, (unsigned)len);
	put(m, data, len);
}

/* `texts` with a | behind each. */
static void assert_answers(const struct message *m, bool cut, const char *texts)
{
	char out[DNS_TEXTS_BYTES];
	int len = dns_answers(m->bytes, m->len, cut, out);

	assert_int_equal(len, (int)strlen(texts));
	for (int i = 0; i < len; i++)
		if (!out[i])
			out[i] = '|';
	assert_memory_equal(out, texts, (size_t)len);
}

static void assert_malformed(const struct message *m)
{
	char out[DNS_TEXTS_BYTES];

	assert_int_equal(dns_answers(m->bytes, m->len, false, out), -1);
}

static void answers__every_type__one_text_each(void **state)
{
	struct message m;

	(void)state;
	begin(&m, 0x8180, 10);
	record(&m, 5, "\3WWW\xc0\x0c", 6);
	record(&m, 1, "\xc0\0\2\1", 4);
	record(&m, 28, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	record(&m, 2, "\2ns\xc0\x14", 5);
	record(&m, 12, "\4host\0", 6);
	record(&m, 15, "\0\12\4mail\xc0\x0c", 9);
	record(&m, 16, "\5hello\6 world", 13);
	record(&m, 33, "\0\1\0\2\0\x35\3srv\xc0\x0c", 12);
	record(&m, 46, "any bytes", 9);
	record(&m, 39, "\3new\xc0\x14", 6);
	assert_answers(&m, false,
		       "www.example.org|192.0.2.1|2001:db8::1|ns.org|host|"
		       "mail.example.org|hello world|srv.example.org|new.org|");
}

static void answers__odd_bytes__are_escaped(void **state)
{
	struct message m;

	(void)state;
	begin(&m, 0x8180, 3);
	record(&m, 16, "\5a\0\\\xff\n", 6);
	record(&m, 5, "\5a.b c\0", 7);
	record(&m, 16, "\0", 1);
	assert_answers(&m, false, "a\\000\\\\\\255\\010|a\\.b\\032c||");
}

static void answers__none__empty_list(void **state)
{
	struct message m;

	(void)state;
	begin(&m, 0x8183, 0);
	assert_answers(&m, false, "");
}

static void answers__question__is_none(void **state)
{
	struct message m;

	(void)state;
	begin(&m, 0x0100, 0);
	assert_malformed(&m);
}

static void answers__cut_anywhere__whole_ones_only(void **state)
{
	struct message m;
	size_t whole[3];
	char out[DNS_TEXTS_BYTES];

	(void)state;
	begin(&m, 0x8180, 2);
	whole[0] = m.len;
	record(&m, 1, "\xc0\0\2\1", 4);
	whole[1] = m.len;
	record(&m, 1, "\xc0\0\2\2", 4);
	whole[2] = m.len;
	for (size_t len = 0; len <= whole[2]; len++) {
		int expected = len < 12	      ? -1 :
			       len < whole[1] ? 0 :
			       len < whole[2] ? 10 :
						20;

		assert_int_equal(dns_answers(m.bytes, len, true, out),
				 expected);
		assert_int_equal(dns_answers(m.bytes, len, false, out),
				 len < whole[2] ? -1 : 20);
	}
	assert_true(whole[0] > 12);
}

static void names__pointers_in_a_ring__malformed(void **state)
{
	struct message m;

	(void)state;
	begin(&m, 0x8180, 1);
	record(&m, 5, "\xc0\x29", 2); /* its own offset */
	assert_int_equal(m.len - 2, 0x29);
	assert_malformed(&m);
	begin(&m, 0x8180, 1);
	record(&m, 5, "\xc0\x2b\xc0\x29", 4); /* forward */
	assert_malformed(&m);
	begin(&m, 0x8180, 1);
	record(&m, 5, "\1a\xc0\x29", 4); /* a.a.a.a ... */
	assert_malformed(&m);
}

static void names__too_long__malformed(void **state)
{
	uint8_t name[5 * 52 + 1] = { 0 };
	struct message m;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		name[i * 52] = 51;
		memset(name + i * 52 + 1, 'x', 51);
	}
	begin(&m, 0x8180, 1);
	record(&m, 5, name, sizeof(name));
	assert_malformed(&m);
	begin(&m, 0x8180, 1);
	record(&m, 5,
	       "\x80"
	       "abc\0",
	       5); /* neither label nor pointer */
	assert_malformed(&m);
}

static void data__wrong_length__malformed(void **state)
{
	static const struct {
		unsigned type;
		const char *data;
		size_t len;
	} bent[] = {
		{ 1, "\1\2\3", 3 }, { 28, "\1\2\3\4", 4 }, { 5, "\1a\0x", 4 },
		{ 15, "\0\1", 2 },  { 33, "\0\0\0\0", 4 }, { 16, "\5abc", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bent) / sizeof(bent[0]); i++) {
		struct message m;

		begin(&m, 0x8180, 1);
		record(&m, bent[i].type, bent[i].data, bent[i].len);
		assert_malformed(&m);
	}
}

/* Names grow by pointers: the room bounds what comes out. */
static void answers__more_than_fit__the_first(void **state)
{
	uint8_t name[252];
	char out[DNS_TEXTS_BYTES];
	struct message m;
	int len;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		name[i * 60] = 59;
		memset(name + i * 60 + 1, 0xff, 59);
	}
	memset(name + 240, 0, 12);
	begin(&m, 0x8180, 40);
	record(&m, 5, name, 241);
	for (unsigned i = 1; i < 40; i++)
		record(&m, 5, "\xc0\x29", 2);
	len = dns_answers(m.bytes, m.len, false, out);
	/* 4 labels of 59 bytes, 4 characters each, 3 dots, a NUL */
	assert_int_equal(len, 4 * (4 * 59 * 4 + 3 + 1));
}

/* Under a sanitizer it would be seen to read beside the message. */
static void answers__any_bytes__terminates_in_bounds(void **state)
{
	struct message m;

	(void)state;
	srand((unsigned)test_seed());
	for (unsigned round = 0; round < 200000; round++) {
		char out[DNS_TEXTS_BYTES];
		uint8_t *exact;
		int len;

		begin(&m, 0x8180, 3);
		record(&m, 5, "\3www\xc0\x0c", 6);
		record(&m, 16, "\5hello\6 world", 13);
		record(&m, 15, "\0\12\4mail\xc0\x0c", 9);
		for (int n = rand() % 6; n >= 0; n--)
			m.bytes[(size_t)rand() % m.len] = (uint8_t)rand();
		m.len -= (size_t)(rand() % 4 ? 0 : rand() % (int)m.len);
		exact = malloc(m.len + 1);
		assert_non_null(exact);
		memcpy(exact, m.bytes, m.len);
		len = dns_answers(exact, m.len, rand() % 2, out);
		assert_in_range(len + 1, 0, DNS_TEXTS_BYTES + 1);
		assert_true(len <= 0 || !out[len - 1]);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers__every_type__one_text_each),
		cmocka_unit_test(answers__odd_bytes__are_escaped),
		cmocka_unit_test(answers__none__empty_list),
		cmocka_unit_test(answers__question__is_none),
		cmocka_unit_test(answers__cut_anywhere__whole_ones_only),
		cmocka_unit_test(names__pointers_in_a_ring__malformed),
		cmocka_unit_test(names__too_long__malformed),
		cmocka_unit_test(data__wrong_length__malformed),
		cmocka_unit_test(answers__more_than_fit__the_first),
		cmocka_unit_test(answers__any_bytes__terminates_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
