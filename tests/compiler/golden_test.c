// SPDX-License-Identifier: Apache-2.0
/*
 * tests/golden/X.sql and what compiling it gives, in tests/golden/X.out: the
 * diagnostics, then the canonical text and the plan of each rule; of a file
 * explain_*.sql what explain says of the rules instead, of explain_pushdown.sql
 * with the generated instructions. GOLDEN_UPDATE=1 rewrites them.
 */
#include "compiler/front.h"

#include <glob.h>

static struct buf read_file(const char *path)
{
	struct buf bytes = BUF_INIT;
	char block[4096];
	FILE *file = fopen(path, "r");
	size_t n;

	while (file && (n = fread(block, 1, sizeof(block), file)) > 0)
		buf_put(&bytes, block, n);
	if (file)
		fclose(file);
	return bytes;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The eBPF too where `all_of_it`: it changes with the layout of records. */
static void put_explained(const struct program *program, bool all_of_it,
			  struct buf *out)
{
	struct buf all = BUF_INIT;
	const char *text, *streams;

	explain(program, &all);
	text = buf_text(&all);
	streams = strstr(text, "\nstream ");
	assert_non_null(streams);
	buf_put(out, text, all_of_it ? all.len : (size_t)(streams - text));
	buf_release(&all);
}

static void produce(const char *path, struct buf *out)
{
	struct buf sql = read_file(path);
	struct front front;
	const char *text = buf_text(&sql);

	assert_true(sql.len > 0);
	front_compile_bytes(&front, text, sql.len);
	/* Paths are no part of the result. */
	front.source.name = strrchr(path, '/') + 1;
	if (front.diagnostics->count)
		diagnostics_print(front.diagnostics, false, out);
	if (front.result == COMPILE_OK && strstr(path, "explain_")) {
		put_explained(front.program, strstr(path, "_pushdown."), out);
	} else if (front.result == COMPILE_OK) {
		const struct plan *plan = front.program->plan;

		for (unsigned i = 0; i < plan->rule_count; i++) {
			buf_puts(out, plan->rules[i].canonical);
			plan_rule_print(out, &plan->rules[i]);
			buf_putc(out, '\n');
		}
	}
	front_release(&front);
	buf_release(&sql);
}

static void golden__each_file__gives_what_is_beside_it(void **state)
{
	const bool update = getenv("GOLDEN_UPDATE") != NULL;
	unsigned different = 0;
	glob_t found;

	(void)state;
	assert_int_equal(glob("tests/golden/*.sql", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 8);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		struct buf got = BUF_INIT, want;
		char out[512];

		snprintf(out, sizeof(out), "%.*s.out", (int)strlen(path) - 4,
			 path);
		produce(path, &got);
		want = read_file(out);
		if (strcmp(buf_text(&got), buf_text(&want)) != 0) {
			if (update)
				write_file(out, buf_text(&got));
			else
				print_error("%s differs; it is now:\n%s\n", out,
					    buf_text(&got));
			different += !update;
		}
		buf_release(&got);
		buf_release(&want);
	}
	globfree(&found);
	assert_int_equal(different, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden__each_file__gives_what_is_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
