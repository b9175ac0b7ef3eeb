// SPDX-License-Identifier: Apache-2.0
/*
 * tests/golden/X.sql and what compiling it gives, in tests/golden/X.out: the
 * diagnostics; then of a file explain_*.sql what explain says of the rules, of
 * explain_pushdown.sql with the generated instructions; of a file errors_*, messages_* or
 * warnings_* nothing more; of any other what each pass gives, as --dump does,
 * where it is not what the pass before it gave. The tokens are in the file
 * lex.out alone. GOLDEN_UPDATE=1 rewrites them.
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

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static bool is_of_messages(const char *name)
{
	return begins(name, "errors_") || begins(name, "messages_") ||
	       begins(name, "warnings_");
}

/* The text that a pass gives, in `out`. */
static void dump_pass(const struct compile_source *source, const char *pass,
		      struct buf *out)
{
	const struct compile_options options = { .dump = pass, .out = out };
	struct diagnostics *diagnostics = malloc(sizeof(*diagnostics));
	struct program *program;
	struct arena arena;
	struct err err;

	assert_non_null(diagnostics);
	arena_init(&arena, COMPILE_ARENA_BYTES);
	diagnostics_init(diagnostics, &arena, source, 1);
	assert_int_equal(compile(&arena, source, 1, &options, diagnostics,
				 &program, &err),
			 COMPILE_OK);
	arena_release(&arena);
	free(diagnostics);
}

static void put_pass(const struct compile_source *source, const char *pass,
		     struct buf *before, char *before_pass, struct buf *out)
{
	struct buf text = BUF_INIT;

	dump_pass(source, pass, &text);
	if (*before_pass && strcmp(buf_text(before), buf_text(&text)) == 0)
		buf_printf(out, "--- %s: as %s\n", pass, before_pass);
	else
		buf_printf(out, "--- %s\n%s", pass, buf_text(&text));
	snprintf(before_pass, 32, "%s", pass);
	buf_release(before);
	*before = text;
}

static void put_passes(const struct compile_source *source, struct buf *out)
{
	bool tokens = strcmp(source->name, "lex.sql") == 0;
	struct buf names = BUF_INIT, before = BUF_INIT;
	char before_pass[32] = "", *rest;

	compile_pass_names(&names);
	rest = (char *)names.bytes;
	for (char *pass; (pass = strtok_r(rest, ", ", &rest)) != NULL;)
		if (tokens == (strcmp(pass, "lex") == 0))
			put_pass(source, pass, &before, before_pass, out);
	buf_release(&names);
	buf_release(&before);
}

static void produce(const char *path, struct buf *out)
{
	const char *name = strrchr(path, '/') + 1;
	struct buf sql = read_file(path);
	struct front front;

	assert_true(sql.len > 0);
	front_compile_named(&front, name, buf_text(&sql), sql.len);
	if (front.diagnostics->count)
		diagnostics_print(front.diagnostics, false, out);
	if (front.result == COMPILE_OK && begins(name, "explain_"))
		put_explained(front.program, strstr(name, "_pushdown."), out);
	else if (front.result == COMPILE_OK && !is_of_messages(name))
		put_passes(&front.source, out);
	else if (!is_of_messages(name))
		fail_msg("%s does not compile:\n%s", path, buf_text(out));
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
