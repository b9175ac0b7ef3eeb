// SPDX-License-Identifier: Apache-2.0
/*
 * What once broke the compiler, or took it too long, and files of nothing but
 * errors: each ends in a program or in errors that print, soon, in little memory.
 */
#include "compiler/front.h"

#include <glob.h>
#include <time.h>

#define SECONDS_MAX 15 /* of the processor; instrumented builds are slow */
#define BYTES_MAX ((size_t)64 << 20)
#define SHOUTING_BYTES_MAX ((size_t)192 << 20)

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Compile, print and explain. */
static bool is_bounded(const char *name, const char *text, size_t len,
		       size_t bytes_max)
{
	struct buf out = BUF_INIT;
	double start = seconds();
	struct front front;
	bool ok;

	front_compile_bytes(&front, text, len);
	diagnostics_print(front.diagnostics, true, &out);
	diagnostics_json(front.diagnostics, &out);
	ok = front.result == COMPILE_OK || (front.result == COMPILE_REJECTED &&
					    front.diagnostics->error_count > 0);
	if (front.result == COMPILE_OK)
		explain(front.program, &out);
	ok &= !out.failed && front.arena.held_bytes <= bytes_max &&
	      seconds() - start < SECONDS_MAX;
	if (!ok)
		print_error("%s: result %d, %u errors, %zu bytes, %.1f s %s\n",
			    name, front.result, front.diagnostics->error_count,
			    front.arena.held_bytes, seconds() - start,
			    front.err.text);
	buf_release(&out);
	front_release(&front);
	return ok;
}

static struct buf read_file(const char *path)
{
	struct buf bytes = BUF_INIT;
	char block[4096];
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		buf_put(&bytes, block, n);
	fclose(file);
	return bytes;
}

static void corpus__each_file__is_bounded(void **state)
{
	bool ok = true;
	glob_t found;

	(void)state;
	assert_int_equal(glob("tests/fuzz/corpus/*", 0, NULL, &found), 0);
	assert_in_range(found.gl_pathc, 5, 1000);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct buf text = read_file(found.gl_pathv[i]);

		ok &= is_bounded(found.gl_pathv[i], buf_text(&text), text.len,
				 BYTES_MAX);
		buf_release(&text);
	}
	globfree(&found);
	assert_true(ok);
}

/* The largest file of one mistake, over and over. */
static void corpus__nothing_but_errors__is_bounded(void **state)
{
	static const char *const mistakes[] = {
		"!",
		"a ",
		"a;",
		"1x ",
		":a ",
		"x'0' ",
		"'a'",
		"\"a",
		"\xc3\xa9",
		"create ",
		"SELECT ",
		"(",
		";",
		"/*a*/",
		"CREATE LIST l (1);",
		"SELECT a FROM b WHERE ",
	};
	char *text = malloc(COMPILE_FILE_BYTES_MAX);
	bool ok = true;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		size_t len = strlen(mistakes[i]), n = 0;

		for (; n + len <= COMPILE_FILE_BYTES_MAX; n += len)
			memcpy(text + n, mistakes[i], len);
		ok &= is_bounded(mistakes[i], text, n, SHOUTING_BYTES_MAX);
	}
	free(text);
	assert_true(ok);
}

/* Each is good; so many large ones would keep the library busy for a minute. */
static void corpus__patterns__are_bounded_together(void **state)
{
	static const struct {
		const char *pattern;
		unsigned count;
		bool good;
	} cases[] = {
		{ "[a-z]{0,9}\\.(exe|dll)$", 200, true },
		{ "(a|b|c|d|e|f|g|h){9}", 5, true },
		{ "(a|b|c|d|e|f|g|h){9}", 100, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf text = BUF_INIT;
		struct front front;

		buf_puts(&text, "SELECT pid FROM process.exec WHERE FALSE");
		for (unsigned k = 0; k < cases[i].count; k++)
			buf_printf(&text, " OR exe REGEXP '%u%s'", k,
				   cases[i].pattern);
		front_compile(&front, buf_text(&text));
		if (cases[i].good)
			front_rule(&front);
		else
			assert_non_null(strstr(front_text(&front),
					       "are too large together"));
		assert_int_equal(front.diagnostics->error_count,
				 !cases[i].good);
		front_release(&front);
		buf_release(&text);
	}
}

/* Each rule's are within its limit: the one that is too much is named. */
static void corpus__patterns_of_many_rules__are_bounded(void **state)
{
	struct buf text = BUF_INIT;
	struct front front;
	const char *said;

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		buf_printf(&text,
			   "CREATE RULE r%u AS SELECT pid FROM process.exec "
			   "WHERE FALSE",
			   i);
		for (unsigned k = 0; k < 8; k++)
			buf_printf(&text, " OR exe REGEXP '%u(abc){200}'", k);
		buf_puts(&text, ";\n");
	}
	front_compile(&front, buf_text(&text));
	said = front_text(&front);
	assert_int_equal(front.diagnostics->error_count, 1);
	assert_non_null(strstr(said, "expressions of all rules"));
	assert_non_null(strstr(said, "[rule r10]"));
	front_release(&front);
	buf_release(&text);
}

/* Terms that expand keeps beside others cost no more than alone. */
static void corpus__many_terms__are_good(void **state)
{
	static const char *const heads[] = {
		"SELECT name FROM processes.snapshots WHERE collection_time "
		"BETWEEN :t_start AND :t_end",
		"SELECT n.pid FROM network.connect n JOIN process p ON "
		"p.pid_key = n.pid_key",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct buf text = BUF_INIT;
		struct front front;

		buf_puts(&text, heads[i]);
		for (unsigned k = 0; k < 2000; k++)
			buf_printf(&text, " AND %sname <> 'a%u'", i ? "p." : "",
				   k);
		front_compile(&front, buf_text(&text));
		front_rule(&front);
		front_release(&front);
		buf_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpus__each_file__is_bounded),
		cmocka_unit_test(corpus__nothing_but_errors__is_bounded),
		cmocka_unit_test(corpus__patterns_of_many_rules__are_bounded),
		cmocka_unit_test(corpus__many_terms__are_good),
		cmocka_unit_test(corpus__patterns__are_bounded_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
