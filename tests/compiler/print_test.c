// SPDX-License-Identifier: Apache-2.0
/*
 * Printing a syntax tree and reading it again gives the same tree: random
 * programs are made as trees, printed, parsed and compared.
 */
#include "compiler/front.h"
#include "compiler/program_gen.h"
#include "support/same_tree.h"

#include "compiler/parse.h"
#include "compiler/print.h"

static struct diagnostics *parse(struct arena *arena, struct buf *text,
				 struct ast_program *ret_program)
{
	struct compile_source source = { "x.sql", buf_text(text), text->len };
	struct diagnostics *diagnostics =
		arena_alloc(arena, sizeof(*diagnostics));
	struct compilation c = { .arena = arena, .diagnostics = diagnostics };

	assert_non_null(diagnostics);
	diagnostics_init(diagnostics, arena, &source, 1);
	*ret_program = (struct ast_program){ 0 };
	parse_source(&c, &source, 0, ret_program);
	assert_false(c.nomem);
	return diagnostics;
}

static bool can_read(struct arena *arena, struct buf *text,
		     struct ast_program *ret_program)
{
	return !parse(arena, text, ret_program)->count;
}

/* Reads the text; asserts that nothing is wrong with it. */
static void read_back(struct arena *arena, struct buf *text,
		      struct ast_program *ret_program)
{
	const struct diagnostics *diagnostics = parse(arena, text, ret_program);

	if (diagnostics->count)
		print_error("%s at: %.80s\n%s\n", diagnostics->items[0].message,
			    buf_text(text) + diagnostics->items[0].span.start,
			    buf_text(text));
	assert_int_equal(diagnostics->count, 0);
}

static void print__random_programs__read_back_as_they_were(void **state)
{
	const uint64_t seed = 0x5eed2026;
	unsigned rounds = getenv("CHECK_FULL") ? 100000 : 5000;
	struct buf text = BUF_INIT, again = BUF_INIT;
	struct arena arena;
	struct maker m = { .arena = &arena, .seed = seed };
	size_t bytes = 0;

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)seed);
	arena_init(&arena, (size_t)64 << 20);
	for (unsigned i = 0; i < rounds; i++) {
		struct ast_program *program, parsed;

		arena_reset(&arena);
		buf_reset(&text);
		buf_reset(&again);
		program = make_program(&m);
		print_program(&text, program);
		bytes += text.len;
		read_back(&arena, &text, &parsed);
		assert_true(same_program(program, &parsed));
		print_program(&again, &parsed);
		assert_string_equal(buf_text(&text), buf_text(&again));
	}
	print_message("%u programs, %zu bytes each\n", rounds, bytes / rounds);
	buf_release(&text);
	buf_release(&again);
	arena_release(&arena);
}

static const struct {
	const char *written, *printed;
} sugar[] = {
	{ "CASE x WHEN 1 THEN 'a' WHEN y OR z THEN 'b' END",
	  "CASE WHEN x = 1 THEN 'a' WHEN x = (y OR z) THEN 'b' END" },
	{ "x'00Ff'", "UNHEX('00Ff')" },
	{ "NOT EXISTS (SELECT a FROM b)", "NOT EXISTS (SELECT a FROM b)" },
	{ "NOT NOT (NOT EXISTS (SELECT a FROM b))",
	  "NOT EXISTS (SELECT a FROM b)" },
	{ "x IN (names)", "x IN names" },
	{ "x IN names", "x IN names" },
	{ "- - 5", "5" },
	{ "-(-(a))", "- -a" },
	{ "- -9223372036854775808", "- -9223372036854775808" },
	{ "-(2.50)", "-2.5" },
	{ "-INTERVAL '1' SECOND", "-INTERVAL '1' SECOND" },
	{ "a || b * c || d", "a || b * c || d" },
	{ "(a || b) * (c || d)", "a || b * c || d" },
	{ "a || (b * c)", "a || (b * c)" },
	{ "-a || b", "-a || b" },
	{ "-(a || b)", "-(a || b)" },
	{ "a - (b - c) - d", "a - (b - c) - d" },
	{ "a / (b * c) % d", "a / (b * c) % d" },
	{ "a != 0x10", "a <> 16" },
	{ "any ( list ) like 'x' escape '!'", "ANY(list) LIKE 'x' ESCAPE '!'" },
	{ "1 = all(list)", "1 = ALL(list)" },
	{ "count( distinct x )", "COUNT(DISTINCT x)" },
	{ "cast(a as integer)", "CAST(a AS INTEGER)" },
	{ "(a IS TRUE) IS NOT FALSE", "(a IS TRUE) IS NOT FALSE" },
	{ "a BETWEEN :T_START AND :t_end", "a BETWEEN :t_start AND :t_end" },
};

static void print__sugar__is_one_tree(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(sugar); i++) {
		struct buf text = BUF_INIT, printed = BUF_INIT;
		struct ast_program program;

		buf_printf(&text, "SELECT (%s) FROM t", sugar[i].written);
		read_back(&arena, &text, &program);
		assert_int_equal(program.rule_count, 1);
		print_expr(&printed, program.rules[0]->select->outputs[0].expr);
		assert_string_equal(buf_text(&printed), sugar[i].printed);
		buf_release(&text);
		buf_release(&printed);
	}
	arena_release(&arena);
}

/* What is read at the greatest depth prints as what can be read, too. */
static void print__deepest_trees__read_back(void **state)
{
	static const char *const deepest[] = {
		"x'00'",
		"- - a",
		"CASE a OR b WHEN c AND d THEN 1 END",
		"(a OR b) = (c OR d)",
		"- -9223372036854775808",
		"CAST(a AS TEXT)",
		"NOT EXISTS (SELECT a FROM b)",
		"ANY(a) = 1",
		"NOT NOT a",
	};
	unsigned read = 0;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(deepest); i++)
		for (unsigned depth = AST_DEPTH_MAX - 5; depth <= AST_DEPTH_MAX;
		     depth++) {
			struct buf text = BUF_INIT, printed = BUF_INIT;
			struct ast_program program, again;

			buf_puts(&text, "SELECT ");
			for (unsigned k = 0; k < depth; k++)
				buf_puts(&text, "f(");
			buf_puts(&text, deepest[i]);
			for (unsigned k = 0; k < depth; k++)
				buf_puts(&text, ")");
			buf_puts(&text, " FROM t");
			if (can_read(&arena, &text, &program)) {
				read++;
				print_program(&printed, &program);
				read_back(&arena, &printed, &again);
				assert_true(same_program(&program, &again));
			}
			buf_release(&text);
			buf_release(&printed);
			arena_reset(&arena);
		}
	assert_in_range(read, ARRAY_SIZE(deepest), 6 * ARRAY_SIZE(deepest) - 1);
	arena_release(&arena);
}

static void print__doubles__are_shortest(void **state)
{
	static const struct {
		double real;
		const char *text;
	} cases[] = {
		{ 0.1, "0.1" },
		{ 80.0, "80.0" },
		{ -0.0, "-0.0" },
		{ 1e300, "1e+300" },
		{ 5e-324, "4.94065645841247e-324" },
		{ 1.0 / 3.0, "0.3333333333333333" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ast_expr expr = { .op = AST_DOUBLE,
					 .real = cases[i].real };
		struct buf text = BUF_INIT;

		print_expr(&text, &expr);
		assert_string_equal(buf_text(&text), cases[i].text);
		buf_release(&text);
	}
}

static void print__spelling__does_not_change_the_canonical_text(void **state)
{
	struct front a, b;

	(void)state;
	front_compile(&a, "create rule R as select PID from process.exec E "
			  "where ((UID = 0x10)) and exe not like 'a' -- x\n"
			  "suppress for interval '0.5' minute");
	front_compile(&b, "CREATE RULE r AS SELECT pid FROM process.exec AS e "
			  "WHERE uid=16 AND NOT/**/exe LIKE 'b' SUPPRESS FOR "
			  "INTERVAL '30' SECONDS;");
	assert_string_equal(front_rule(&a)->canonical,
			    "CREATE RULE r AS\n"
			    "SELECT pid\n"
			    "FROM process.exec AS e\n"
			    "WHERE uid = 16 AND exe NOT LIKE 'a'\n"
			    "SUPPRESS FOR INTERVAL '30' SECOND;\n");
	assert_string_equal(front_rule(&b)->canonical,
			    "CREATE RULE r AS\n"
			    "SELECT pid\n"
			    "FROM process.exec AS e\n"
			    "WHERE uid = 16 AND NOT exe LIKE 'b'\n"
			    "SUPPRESS FOR INTERVAL '30' SECOND;\n");
	front_release(&a);
	front_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			print__random_programs__read_back_as_they_were),
		cmocka_unit_test(print__sugar__is_one_tree),
		cmocka_unit_test(print__deepest_trees__read_back),
		cmocka_unit_test(print__doubles__are_shortest),
		cmocka_unit_test(
			print__spelling__does_not_change_the_canonical_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
