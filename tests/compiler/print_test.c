// SPDX-License-Identifier: Apache-2.0
/*
 * Printing a syntax tree and reading it again gives the same tree: random
 * programs are made as trees, printed, parsed and compared.
 */
#include "compiler/front.h"
#include "compiler/program_gen.h"

#include "compiler/parse.h"
#include "compiler/print.h"

static void same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a)
		assert_string_equal(a, b);
}

static void same_expr(const struct ast_expr *a, const struct ast_expr *b);
static void same_select(const struct ast_select *a, const struct ast_select *b);

static void same_exprs(struct ast_expr *const *a, unsigned a_count,
		       struct ast_expr *const *b, unsigned b_count)
{
	assert_int_equal(a_count, b_count);
	for (unsigned i = 0; i < a_count; i++)
		same_expr(a[i], b[i]);
}

static void same_over(const struct ast_over *a, const struct ast_over *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (!a)
		return;
	same_exprs(a->keys, a->key_count, b->keys, b->key_count);
	same_expr(a->order, b->order);
	assert_int_equal(a->range_ns, b->range_ns);
}

static void same_expr(const struct ast_expr *a, const struct ast_expr *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (!a)
		return;
	assert_int_equal(a->op, b->op);
	assert_int_equal(a->negated, b->negated);
	assert_int_equal(a->star, b->star);
	assert_int_equal(a->distinct, b->distinct);
	assert_int_equal(a->number, b->number);
	assert_memory_equal(&a->real, &b->real, sizeof(a->real));
	same_text(a->text, b->text);
	same_text(a->qualifier, b->qualifier);
	same_exprs(a->args, a->arg_count, b->args, b->arg_count);
	same_over(a->over, b->over);
	same_select(a->select, b->select);
}

static void same_outputs(const struct ast_output *a, unsigned a_count,
			 const struct ast_output *b, unsigned b_count)
{
	assert_int_equal(a_count, b_count);
	for (unsigned i = 0; i < a_count; i++) {
		same_expr(a[i].expr, b[i].expr);
		same_text(a[i].alias, b[i].alias);
	}
}

static void same_window(const struct ast_table_window *a,
			const struct ast_table_window *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (!a)
		return;
	assert_int_equal(a->kind, b->kind);
	same_expr(a->time, b->time);
	same_exprs(a->keys, a->key_count, b->keys, b->key_count);
	assert_int_equal(a->size_ns, b->size_ns);
	assert_int_equal(a->slide_ns, b->slide_ns);
}

static void same_step(const struct ast_step *a, const struct ast_step *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (!a)
		return;
	same_text(a->name, b->name);
	assert_int_equal(a->least, b->least);
	assert_int_equal(a->most, b->most);
	same_text(a->stream, b->stream);
	same_exprs(a->keys, a->key_count, b->keys, b->key_count);
	same_expr(a->define, b->define);
}

static void same_recognize(const struct ast_recognize *a,
			   const struct ast_recognize *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (!a)
		return;
	same_exprs(a->keys, a->key_count, b->keys, b->key_count);
	same_expr(a->order, b->order);
	same_outputs(a->measures, a->measure_count, b->measures,
		     b->measure_count);
	assert_int_equal(a->step_count, b->step_count);
	for (unsigned i = 0; i < a->step_count; i++)
		same_step(&a->steps[i], &b->steps[i]);
	same_step(a->until, b->until);
	assert_int_equal(a->within_ns, b->within_ns);
}

static void same_item(const struct ast_item *a, const struct ast_item *b)
{
	assert_int_equal(a->join, b->join);
	same_text(a->stream, b->stream);
	same_select(a->select, b->select);
	same_window(a->window, b->window);
	same_recognize(a->recognize, b->recognize);
	same_expr(a->as_of, b->as_of);
	same_text(a->alias, b->alias);
	same_expr(a->on, b->on);
	same_expr(a->when, b->when);
}

static void same_select(const struct ast_select *a, const struct ast_select *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (!a)
		return;
	assert_int_equal(a->cte_count, b->cte_count);
	for (unsigned i = 0; i < a->cte_count; i++) {
		same_text(a->ctes[i].name, b->ctes[i].name);
		same_select(a->ctes[i].select, b->ctes[i].select);
	}
	same_outputs(a->outputs, a->output_count, b->outputs, b->output_count);
	assert_int_equal(a->item_count, b->item_count);
	for (unsigned i = 0; i < a->item_count; i++)
		same_item(&a->items[i], &b->items[i]);
	same_expr(a->where, b->where);
	same_exprs(a->groups, a->group_count, b->groups, b->group_count);
	same_expr(a->having, b->having);
	assert_int_equal(a->order_count, b->order_count);
	for (unsigned i = 0; i < a->order_count; i++) {
		same_expr(a->orders[i].expr, b->orders[i].expr);
		assert_int_equal(a->orders[i].descending,
				 b->orders[i].descending);
	}
	assert_int_equal(a->limit, b->limit);
}

static void same_rule(const struct ast_rule *a, const struct ast_rule *b)
{
	same_text(a->name, b->name);
	assert_int_equal(a->option_count, b->option_count);
	for (unsigned i = 0; i < a->option_count; i++) {
		same_text(a->options[i].name, b->options[i].name);
		same_expr(a->options[i].value, b->options[i].value);
	}
	same_select(a->select, b->select);
	assert_int_equal(a->emit, b->emit);
	assert_int_equal(a->suppress_ns, b->suppress_ns);
	assert_int_equal(a->gap, b->gap);
}

static void same_program(const struct ast_program *a,
			 const struct ast_program *b)
{
	assert_int_equal(a->rule_count, b->rule_count);
	for (unsigned i = 0; i < a->rule_count; i++)
		same_rule(a->rules[i], b->rules[i]);
	assert_int_equal(a->view_count, b->view_count);
	for (unsigned i = 0; i < a->view_count; i++) {
		same_text(a->views[i]->name, b->views[i]->name);
		same_select(a->views[i]->select, b->views[i]->select);
	}
	assert_int_equal(a->list_count, b->list_count);
	for (unsigned i = 0; i < a->list_count; i++) {
		same_text(a->lists[i]->name, b->lists[i]->name);
		same_exprs(a->lists[i]->items, a->lists[i]->item_count,
			   b->lists[i]->items, b->lists[i]->item_count);
	}
}

/* Reads the text; asserts that nothing is wrong with it. */
static void read_back(struct arena *arena, struct buf *text,
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
	if (diagnostics->count)
		print_error("%s at: %.80s\n%s\n", diagnostics->items[0].message,
			    source.text + diagnostics->items[0].span.start,
			    source.text);
	assert_int_equal(diagnostics->count, 0);
	assert_false(c.nomem);
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
		same_program(program, &parsed);
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
	{ "-(-(a))", "-(-a)" },
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
		cmocka_unit_test(print__doubles__are_shortest),
		cmocka_unit_test(
			print__spelling__does_not_change_the_canonical_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
