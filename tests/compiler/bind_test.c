// SPDX-License-Identifier: Apache-2.0
/* Queries to blocks: what is one block, what is several, what is refused. */
#include "compiler/front.h"

#include "compiler/bind.h"
#include "compiler/order.h"
#include "compiler/parse.h"

#define OVER                                                     \
	" OVER (PARTITION BY pid_key ORDER BY ts RANGE BETWEEN " \
	"INTERVAL '10' SECOND PRECEDING AND CURRENT ROW)"
#define TUMBLE(s) "TUMBLE(TABLE " s ", DESCRIPTOR(ts), INTERVAL '1' MINUTE)"
#define BESIDE(a, b) b ".pid_key = " a ".pid_key AND " b ".ts = " a ".ts"

struct bound {
	struct arena arena;
	struct compile_source source;
	struct diagnostics *diagnostics;
	struct compilation c;
	struct bound_rules rules;
	struct buf text;
};

static void bind_one(struct bound *bound, struct ordered_rule *rule)
{
	const struct bound_rule *sources[64];

	bound->rules.sources = sources;
	bound->rules.source_count = 0;
	for (unsigned i = 0; i < rule->source_count; i++)
		if (rule->sources[i]->bound)
			sources[bound->rules.source_count++] =
				rule->sources[i]->bound;
	bound->c.rule = rule->ast->name;
	if (bind_rule(&bound->c, &bound->rules, rule->ast))
		rule->bound = bound->rules.items[bound->rules.count - 1];
	bound->c.rule = NULL;
}

/* Parse, order, bind, check; nothing is lowered. */
static void bound_init(struct bound *bound, const char *text)
{
	struct ast_program program = { 0 };
	struct expanded_rule *expanded;
	struct ordered_rule **ordered;
	unsigned count;

	memset(bound, 0, sizeof(*bound));
	arena_init(&bound->arena, COMPILE_ARENA_BYTES);
	bound->source = (struct compile_source){ "t.sql", text, strlen(text) };
	bound->diagnostics = malloc(sizeof(*bound->diagnostics));
	assert_non_null(bound->diagnostics);
	diagnostics_init(bound->diagnostics, &bound->arena, &bound->source, 1);
	bound->c = (struct compilation){ .arena = &bound->arena,
					 .diagnostics = bound->diagnostics };
	parse_source(&bound->c, &bound->source, 0, &program);
	expanded = compilation_alloc(&bound->c, program.rule_count,
				     sizeof(*expanded));
	assert_non_null(expanded);
	for (unsigned i = 0; i < program.rule_count; i++)
		expanded[i].ast = program.rules[i];
	ordered = order_rules(&bound->c, &program, expanded, &count);
	for (unsigned i = 0; i < count; i++)
		bind_one(bound, ordered[i]);
	for (unsigned i = 0; i < bound->rules.count; i++)
		bind_check(bound->rules.items[i]);
}

static void bound_release(struct bound *bound)
{
	buf_release(&bound->text);
	arena_release(&bound->arena);
	free(bound->diagnostics);
}

static const char *bound_messages(struct bound *bound)
{
	buf_reset(&bound->text);
	diagnostics_print(bound->diagnostics, false, &bound->text);
	return buf_text(&bound->text);
}

static const char *bound_text(struct bound *bound)
{
	buf_reset(&bound->text);
	for (unsigned i = 0; i < bound->rules.count; i++)
		bind_print(&bound->text, bound->rules.items[i]);
	return buf_text(&bound->text);
}

struct shape {
	const char *sql;
	const char *blocks;
};

static void check_shapes(const struct shape *shapes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bound bound;

		bound_init(&bound, shapes[i].sql);
		if (bound.diagnostics->error_count)
			print_error("%s\n%s", shapes[i].sql,
				    bound_messages(&bound));
		assert_int_equal(bound.diagnostics->error_count, 0);
		if (strcmp(bound_text(&bound), shapes[i].blocks) != 0)
			print_error("%s\n", shapes[i].sql);
		assert_string_equal(bound_text(&bound), shapes[i].blocks);
		bound_release(&bound);
	}
}

#include "compiler/bind_shapes.h"

static void bind__queries__become_blocks(void **state)
{
	(void)state;
	check_shapes(shapes, ARRAY_SIZE(shapes));
}

static void bind__mistakes__are_named_and_placed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct bound bound;
		const char *text;
		bool ok;

		bound_init(&bound, mistakes[i].sql);
		text = bound_messages(&bound);
		ok = bound.diagnostics->error_count &&
		     strstr(text, mistakes[i].message) &&
		     (!mistakes[i].suggestion ||
		      strstr(text, mistakes[i].suggestion));
		if (!ok)
			print_error("%s\nwanted %s\n%s\n%s\n", mistakes[i].sql,
				    mistakes[i].message, mistakes[i].suggestion,
				    text);
		assert_true(ok);
		bound_release(&bound);
	}
}

static void order__each_rule__comes_after_what_it_reads(void **state)
{
	struct bound bound;

	(void)state;
	bound_init(&bound,
		   "CREATE RULE a AS SELECT x.pid FROM matches.c AS x;"
		   "CREATE RULE b AS SELECT pid FROM process.exec;"
		   "CREATE RULE c AS SELECT x.pid FROM matches.b AS x "
		   "WHERE EXISTS (SELECT 1 FROM matches.d AS y WHERE y.pid = "
		   "x.pid AND y.ts = x.ts);"
		   "CREATE RULE d AS SELECT pid FROM process.exit;");
	assert_int_equal(bound.diagnostics->error_count, 0);
	assert_int_equal(bound.rules.count, 4);
	assert_string_equal(bound.rules.items[0]->name, "b");
	assert_string_equal(bound.rules.items[1]->name, "d");
	assert_string_equal(bound.rules.items[2]->name, "c");
	assert_string_equal(bound.rules.items[3]->name, "a");
	bound_release(&bound);
}

/* r1 reads r0, r2 reads r1 ...: from either end the limit is the same. */
static unsigned chain_errors(unsigned links, bool backwards)
{
	struct buf text = BUF_INIT;
	struct bound bound;
	unsigned errors;

	for (unsigned i = 0; i <= links; i++) {
		unsigned n = backwards ? links - i : i;

		if (n)
			buf_printf(&text,
				   "CREATE RULE r%u AS SELECT m.pid FROM "
				   "matches.r%u AS m;\n",
				   n, n - 1);
		else
			buf_puts(&text, "CREATE RULE r0 AS SELECT pid FROM "
					"process.exec;\n");
	}
	bound_init(&bound, buf_text(&text));
	errors = bound.diagnostics->error_count;
	if (errors)
		assert_non_null(strstr(bound_messages(&bound),
				       "read one another's matches"));
	bound_release(&bound);
	buf_release(&text);
	return errors;
}

static void order__a_chain__is_bounded(void **state)
{
	(void)state;
	assert_int_equal(chain_errors(ORDER_CHAIN_MAX, false), 0);
	assert_int_equal(chain_errors(ORDER_CHAIN_MAX, true), 0);
	assert_int_equal(chain_errors(ORDER_CHAIN_MAX + 1, false), 1);
	assert_int_equal(chain_errors(ORDER_CHAIN_MAX + 1, true), 1);
	assert_true(chain_errors(20000, true) > 0);
}

/* The plan holds each rule once, and readers point into it. */
static void place__inputs__are_rules_of_the_plan(void **state)
{
	const struct plan *plan;
	struct front front;

	(void)state;
	front_compile(&front,
		      "CREATE RULE a AS SELECT x.pid FROM matches.b AS x;"
		      "CREATE RULE off WITH (enabled = FALSE) AS SELECT n FROM "
		      "(SELECT COUNT(*)" OVER " AS n FROM process.exec) AS t "
		      "JOIN process.exit e ON e.ts = t.ts AND e.pid = t.n;"
		      "CREATE RULE b AS SELECT e.pid FROM process.exec e JOIN "
		      "(SELECT pid_key, COUNT(*)" OVER " AS n FROM file.open) "
		      "AS t ON t.pid_key = e.pid_key AND t.ts = e.ts;");
	front_rule(&front);
	plan = front.program->plan;
	assert_int_equal(plan->rule_count, 3);
	assert_string_equal(plan->rules[0].name, "b#1");
	assert_string_equal(plan->rules[1].name, "b");
	assert_string_equal(plan->rules[2].name, "a");
	assert_ptr_equal(plan->rules[1].input_rules[1], &plan->rules[0]);
	assert_ptr_equal(plan->rules[2].input_rules[0], &plan->rules[1]);
	assert_null(plan->rules[1].input_rules[0]);
	front_release(&front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind__queries__become_blocks),
		cmocka_unit_test(bind__mistakes__are_named_and_placed),
		cmocka_unit_test(order__each_rule__comes_after_what_it_reads),
		cmocka_unit_test(order__a_chain__is_bounded),
		cmocka_unit_test(place__inputs__are_rules_of_the_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
