// SPDX-License-Identifier: Apache-2.0
/* What of an environment is kept, cut or whole, and any bytes at all. */
#include "support/unit.h"
#include "tests/event/random_row.h"
#include "user/event/environment.h"

#include <string.h>

/* Commas stand for NULs. */
static void assert_kept(const char *before, size_t meet, const char *after)
{
	char bytes[512];
	size_t len = strlen(before);

	memcpy(bytes, before, len);
	for (size_t i = 0; i < len; i++)
		bytes[i] = bytes[i] == ',' ? 0 : bytes[i];
	len = environment_keep(bytes, len, meet);
	for (size_t i = 0; i < len; i++)
		bytes[i] = bytes[i] == 0 ? ',' : bytes[i];
	bytes[len] = 0;
	assert_string_equal(bytes, after);
}

static void whole__only_known_names_are_kept(void **state)
{
	(void)state;
	assert_kept("", 0, "");
	assert_kept("HOME=/root,AWS_SECRET_ACCESS_KEY=k,PATH=/bin,", 0,
		    "HOME=/root,PATH=/bin,");
	assert_kept("LD_PRELOAD=/tmp/x.so", 0, "LD_PRELOAD=/tmp/x.so,");
	assert_kept("LD_PRELOAD=,=x,HOME,MYHOME=/,HOMEX=/,home=/,,", 0,
		    "LD_PRELOAD=,");
	assert_kept("HOME=a,HOME=b,", 0, "HOME=a,HOME=b,");
}

static void cut__the_text_at_the_cut_keeps_its_start(void **state)
{
	(void)state;
	/*           0      7      14         */
	assert_kept("HOME=a,PATH=bcdefg,USER=x,", 14, "HOME=a,PATH=bc,USER=x,");
	/* Where a text begins behind the cut nobody knows. */
	assert_kept("HOME=a,PATH=bc,USER=y,TERM=x,", 15,
		    "HOME=a,PATH=bc,TERM=x,");
	assert_kept("HOME=a,X=bc,LD_PRELOAD=fake,TERM=x", 12, "HOME=a,TERM=x,");
	assert_kept("HOME=abcdefg", 8, "HOME=abc,");
	assert_kept("HOME=abc", 8, "HOME=abc,");
}

static void any_bytes__never_longer_and_the_same_again(void **state)
{
	static const char *const words[] = { "HOME=", "PATH=", "X=",
					     "",      "=",     "LD_PRELOAD" };
	struct rng random = { test_seed() | 1 };

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		char bytes[129], again[129];
		size_t len = 0, meet, kept;

		while (len < 100) {
			const char *word = words[rng_below(&random, 6)];

			memcpy(bytes + len, word, strlen(word));
			len += strlen(word);
			bytes[len++] = rng_below(&random, 2) ? 0 : 'v';
		}
		meet = rng_below(&random, 2) ? 1 + rng_below(&random, len) : 0;
		kept = environment_keep(bytes, len, meet);
		assert_true(kept <= len + 1);
		if (kept)
			assert_int_equal(bytes[kept - 1], 0);
		memcpy(again, bytes, kept);
		assert_int_equal(environment_keep(again, kept, 0), kept);
		assert_memory_equal(again, bytes, kept);
	}
}

static void names__list__is_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; environment_name(i); i++)
		assert_true(strcmp(environment_name(i - 1),
				   environment_name(i)) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole__only_known_names_are_kept),
		cmocka_unit_test(cut__the_text_at_the_cut_keeps_its_start),
		cmocka_unit_test(any_bytes__never_longer_and_the_same_again),
		cmocka_unit_test(names__list__is_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
