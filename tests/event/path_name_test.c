// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/event/path_name.h"

#include <string.h>

static void check(const char *from, const char *expected)
{
	char path[64];
	size_t len = strlen(from);

	memcpy(path, from, len);
	len = path_canonical(path, len);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(path, expected, len);
}

static void path__already_canonical__is_kept(void **state)
{
	(void)state;
	check("/", "/");
	check("/a", "/a");
	check("/a/.b/..c/d..", "/a/.b/..c/d..");
	check("/.../a", "/.../a");
}

static void path__slashes_and_dots__are_taken_out(void **state)
{
	(void)state;
	check("//", "/");
	check("/a//b///c/", "/a/b/c");
	check("/./a/./b/.", "/a/b");
	check("/.", "/");
}

static void path__dot_dot__takes_the_name_before_it(void **state)
{
	(void)state;
	check("/a/../b", "/b");
	check("/a/b/../../c", "/c");
	check("/a/..", "/");
	check("/../../a", "/a");
	check("/a/./..//../b", "/b");
	check("/ab/cd/..", "/ab");
}

static void path__not_absolute__is_left_alone(void **state)
{
	(void)state;
	check("", "");
	check("a//b", "a//b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path__already_canonical__is_kept),
		cmocka_unit_test(path__slashes_and_dots__are_taken_out),
		cmocka_unit_test(path__dot_dot__takes_the_name_before_it),
		cmocka_unit_test(path__not_absolute__is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
