// SPDX-License-Identifier: Apache-2.0
/* BLAKE3 against published vectors and against the b3sum program. */
#include "support/unit.h"

#include "ledger/hash.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE_MAX_TESTED 100000

static void assert_digest(const struct digest *digest, const char *hex)
{
	uint8_t out[LEDGER_DIGEST_BYTES];
	char text[2 * LEDGER_DIGEST_BYTES + 1];

	digest_final(digest, out, sizeof(out));
	sodium_bin2hex(text, sizeof(text), out, sizeof(out));
	assert_string_equal(text, hex);
}

static void digest__nothing__published_vector(void **state)
{
	struct digest digest;

	(void)state;
	digest_init(&digest);
	digest_put(&digest, NULL, 0);
	assert_digest(&digest, "af1349b9f5f9a1a6a0404dea36dcc949"
			       "9bcb25c9adc112b7cc9a93cae41f3262");
}

/* The library's own test vectors: input byte i is i % 251. */
static void digest__context__published_vectors(void **state)
{
	static const char context[] =
		"BLAKE3 2019-12-27 16:29:52 test vectors context";
	struct digest digest;

	(void)state;
	digest_init_context(&digest, context);
	assert_digest(&digest, "2cc39783c223154fea8dfb7c1b1660f2"
			       "ac2dcbd1c1de8277b0b0dd39b7e50d7d");
	digest_put(&digest, "\0", 1);
	assert_digest(&digest, "b3e2e340a117a499c6cf2398a19ee0d2"
			       "9cca2bb7404c73063382693bf66cb06c");
}

static void digest__number__is_8_bytes_big_endian(void **state)
{
	struct digest number, bytes;
	uint8_t a[LEDGER_DIGEST_BYTES], b[LEDGER_DIGEST_BYTES];

	(void)state;
	digest_init(&number);
	digest_put_u64(&number, 0x0102030405060708);
	digest_init(&bytes);
	digest_put(&bytes, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	digest_final(&number, a, sizeof(a));
	digest_final(&bytes, b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
}

static void digest__short_output__is_a_prefix(void **state)
{
	uint8_t whole[131], part[131];
	struct digest digest;

	(void)state;
	digest_init(&digest);
	digest_put(&digest, "shrike", 6);
	digest_final(&digest, whole, sizeof(whole));
	for (size_t len = 0; len < sizeof(whole); len++) {
		memset(part, 0xee, sizeof(part));
		digest_final(&digest, part, len);
		assert_memory_equal(part, whole, len);
		assert_int_equal(part[len], 0xee);
	}
}

/* The first 64 hexadecimal digits that a command prints. */
static void command_hex(const char *command, char ret_hex[65])
{
	FILE *pipe = popen(command, "re");

	assert_non_null(pipe);
	assert_int_equal(fread(ret_hex, 1, 64, pipe), 64);
	ret_hex[64] = 0;
	assert_int_equal(pclose(pipe), 0);
}

static void put_in_parts(struct digest *digest, const uint8_t *bytes,
			 size_t len)
{
	for (size_t part = 1; len; part = part * 3 + 1) {
		size_t n = part < len ? part : len;

		digest_put(digest, bytes, n);
		bytes += n;
		len -= n;
	}
}

static void compare_with_b3sum(const char *path, const uint8_t *bytes,
			       size_t len)
{
	struct digest digest;
	char command[256], hex[65];

	digest_init(&digest);
	put_in_parts(&digest, bytes, len);
	snprintf(command, sizeof(command), "b3sum --no-names %s", path);
	command_hex(command, hex);
	assert_digest(&digest, hex);

	digest_init_context(&digest, "shrike payload v1");
	put_in_parts(&digest, bytes, len);
	snprintf(command, sizeof(command),
		 "b3sum --no-names --derive-key 'shrike payload v1' %s", path);
	command_hex(command, hex);
	assert_digest(&digest, hex);
}

static void digest__random_bytes__as_b3sum_says(void **state)
{
	static const size_t sizes[] = {
		0,    1,    63,	   64,	  65,	 1023,		 1024,
		1025, 2049, 16384, 16385, 65537, SIZE_MAX_TESTED
	};
	char path[] = "/tmp/shrike-hash-XXXXXX";
	uint8_t *bytes = malloc(SIZE_MAX_TESTED);
	int fd;

	(void)state;
	if (system("b3sum --version >/dev/null 2>&1")) {
		free(bytes);
		skip();
	}
	assert_non_null(bytes);
	randombytes_buf_deterministic(bytes, SIZE_MAX_TESTED,
				      (const uint8_t[32]){ 0x5e, 0xed });
	fd = mkstemp(path);
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, bytes, sizes[i], 0), sizes[i]);
		compare_with_b3sum(path, bytes, sizes[i]);
	}
	close(fd);
	unlink(path);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest__nothing__published_vector),
		cmocka_unit_test(digest__context__published_vectors),
		cmocka_unit_test(digest__number__is_8_bytes_big_endian),
		cmocka_unit_test(digest__short_output__is_a_prefix),
		cmocka_unit_test(digest__random_bytes__as_b3sum_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
