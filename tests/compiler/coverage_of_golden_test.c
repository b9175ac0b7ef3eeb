// SPDX-License-Identifier: Apache-2.0
/*
 * The golden files cover the language: each message that the compiler's
 * sources can make stands in some tests/golden/X.out, and each operator of its
 * enums occurs in some tests/golden/X.sql. What there is to cover is read from
 * the sources and their headers, so that what is added cannot be forgotten.
 */
#include "compiler/front.h"

#include "compiler/golden_source.h"
#include "compiler/parse.h"
#include "compiler/plan_walk.h"

#include <glob.h>

/* --- messages ----------------------------------------------------------------
 */

#define CORPUS "tests/compiler/corpus_test.c"
#define LIMITS "tests/compiler/limits_test.c"
#define BOUNDS "tests/compiler/bounds_test.c"
#define BOUND_ABOVE "bind refuses it first; the pass proves it again"

#define EARLIER "an earlier pass refuses it; this one does not rely on it"

/* Too large for a file to read, or no message of its own. */
static const struct {
	const char *format;
	const char *file; /* the test that has it; NULL: see the reason */
	const char *needle;
	const char *reason;
} elsewhere[] = {
	{ "%s", NULL, NULL, "hands on what another place says" },
	{ "%s %s", NULL, NULL, "hands on what stream/expr_arith.c says" },
	{ "a rule has at most %zu bytes of text; this one goes on", LIMITS,
	  "a rule has at most 65536 bytes", "64 KiB" },
	{ "a file has at most %zu bytes", LIMITS,
	  "a file has at most 8388608 bytes", "8 MiB" },
	{ "a list has at most %d elements", LIMITS,
	  "a list has at most 10000 elements", "10,001 elements" },
	{ "IN has at most %d elements", LIMITS, "IN has at most 10000 elements",
	  "10,001 elements" },
	{ "what stands between CASE and WHEN is too large", LIMITS,
	  "what stands between CASE and WHEN is too large", "10,000 copies" },
	{ "the rule's expressions have more than %d parts", LIMITS,
	  "the rule's expressions have more than 50000", "50,001 parts" },
	{ "with its views and lists in place the rule has more than %d terms",
	  "tests/compiler/expand_test.c", "more than 100000 terms",
	  "100,001 terms" },
	{ "does not run here: %s", "tests/compiler/leave_out_test.c",
	  "does not run here",
	  "of the machine, which golden files have none of" },
	{ "no rule is left that can run here",
	  "tests/compiler/leave_out_test.c",
	  "no rule is left that can run here", "likewise" },
	{ "a rule set has at most %d views", LIMITS,
	  "a rule set has at most 1000 views", "1,001 views" },
	{ "a rule set has at most %d lists", LIMITS,
	  "a rule set has at most 1000 lists", "1,001 lists" },
	{ "the regular expressions of all rules, up to this one, are too "
	  "large together when their repeats are written out",
	  CORPUS, "expressions of all rules", "88 large patterns" },
	{ "queries are at most %d deep in one another, those of views "
	  "included",
	  NULL, NULL, EARLIER },
	{ "ORDER BY has at most %d parts", NULL, NULL, EARLIER },
	{ "a list has no order", NULL, NULL, EARLIER },
	{ "FOR SYSTEM_TIME AS OF reads the table of processes; '%s' is a "
	  "stream",
	  NULL, NULL, EARLIER },
	{ "there is no list '%s'", NULL, NULL, EARLIER },
	{ "a pattern has at most %d steps, where B{2} is two", NULL, NULL,
	  EARLIER },
	{ "'%s' stands twice in the pattern", NULL, NULL, EARLIER },
	{ "a pattern has at least two steps", NULL, NULL, EARLIER },
	{ "the first and the last step of a pattern cannot be optional", NULL,
	  NULL, EARLIER },
	{ "the slide of HOP must be above zero", BOUNDS,
	  "the slide of HOP must be above zero", BOUND_ABOVE },
	{ "the gap of SESSION must be above zero", BOUNDS,
	  "the gap of SESSION must be above zero", BOUND_ABOVE },
	{ "a session cannot end before its gap is over", BOUNDS,
	  "a session cannot end before its gap is over", BOUND_ABOVE },
	{ "the size of HOP must be a multiple of its slide", BOUNDS,
	  "the size of HOP must be a multiple of its slide", BOUND_ABOVE },
	{ "each row would lie in %d windows of HOP, the limit is %d", BOUNDS,
	  "each row would lie in 101 windows of HOP", BOUND_ABOVE },
	{ "%s must be above zero: state is kept for so long", BOUNDS,
	  "the range of OVER must be above zero", BOUND_ABOVE },
};

static bool is_elsewhere(const char *format)
{
	for (unsigned i = 0; i < ARRAY_SIZE(elsewhere); i++) {
		char *text;
		bool found;

		if (strcmp(elsewhere[i].format, format) != 0)
			continue;
		if (!elsewhere[i].file)
			return true;
		text = source_read(elsewhere[i].file);
		found = strstr(text, elsewhere[i].needle) != NULL;
		free(text);
		return found;
	}
	return false;
}

struct said {
	unsigned count, size;
	char **items;
};

static void said_add(struct said *said, const char *text, size_t len)
{
	if (said->count == said->size) {
		said->size = said->size ? 2 * said->size : 256;
		said->items = realloc(said->items,
				      said->size * sizeof(said->items[0]));
		assert_non_null(said->items);
	}
	said->items[said->count++] = strndup(text, len);
}

/* The messages of one .out: behind "error: ", without " [rule x]". */
static void said_of(struct said *said, char *text)
{
	char *rest = text;

	for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
		char *error = strstr(line, ": error: ");
		char *warning = strstr(line, ": warning: ");
		char *from = error ? error + 9 : warning ? warning + 11 : NULL;
		char *rule;

		if (!from || strncmp(line, "    ", 4) == 0)
			continue;
		rule = strstr(from, " [rule ");
		said_add(said, from,
			 rule ? (size_t)(rule - from) : strlen(from));
	}
}

static void said_in_all(struct said *said)
{
	glob_t found;

	assert_int_equal(glob("tests/golden/*.out", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text = source_read(found.gl_pathv[i]);

		said_of(said, text);
		free(text);
	}
	globfree(&found);
}

static bool is_said(const struct said *said, const char *format)
{
	for (unsigned i = 0; i < said->count; i++)
		if (format_matches(format, said->items[i]))
			return true;
	return false;
}

struct messages {
	struct said said;
	unsigned count, missing;
};

static void check_message(void *ctx, const char *path, unsigned line,
			  const char *format)
{
	struct messages *m = ctx;

	m->count++;
	if (is_said(&m->said, format) || is_elsewhere(format))
		return;
	print_error("%s:%u: in no golden file: %s\n", path, line, format);
	m->missing++;
}

static void coverage__each_message_of_the_compiler__in_a_golden(void **state)
{
	struct messages m = { 0 };
	glob_t found;

	(void)state;
	said_in_all(&m.said);
	assert_true(m.said.count > 30);
	assert_int_equal(glob("compiler/*.c", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		source_messages(found.gl_pathv[i], check_message, &m);
	globfree(&found);
	print_message("%u messages of the compiler, %u in no golden file\n",
		      m.count, m.missing);
	assert_true(m.count > 180);
	assert_int_equal(m.missing, 0);
	for (unsigned i = 0; i < m.said.count; i++)
		free(m.said.items[i]);
	free(m.said.items);
}

/* --- constructs --------------------------------------------------------------
 */

#define SEEN_MAX 64

struct seen {
	unsigned ast[SEEN_MAX], table[SEEN_MAX], join[SEEN_MAX];
	unsigned emit[SEEN_MAX], gap[SEEN_MAX];
	unsigned expr[SEEN_MAX], function[SEEN_MAX], type[SEEN_MAX];
	unsigned kind[SEEN_MAX], plan_join[SEEN_MAX], plan_emit[SEEN_MAX];
	unsigned aggregate[SEEN_MAX], window[SEEN_MAX];
};

static void see(unsigned *seen, unsigned i)
{
	assert_true(i < SEEN_MAX);
	seen[i]++;
}

static void see_select(struct seen *seen, const struct ast_select *select);

static void see_ast(struct seen *seen, const struct ast_expr *expr)
{
	if (!expr)
		return;
	see(seen->ast, expr->op);
	for (unsigned i = 0; i < expr->arg_count; i++)
		see_ast(seen, expr->args[i]);
	if (expr->select)
		see_select(seen, expr->select);
}

static void see_item(struct seen *seen, const struct ast_item *item)
{
	see(seen->join, item->join);
	if (item->window)
		see(seen->table, item->window->kind);
	else
		see(seen->table, AST_TABLE_PLAIN);
	for (unsigned i = 0; item->recognize && i < item->recognize->step_count;
	     i++)
		see_ast(seen, item->recognize->steps[i].define);
	see_ast(seen, item->on);
	see_ast(seen, item->when);
	if (item->select)
		see_select(seen, item->select);
}

static void see_select(struct seen *seen, const struct ast_select *select)
{
	for (unsigned i = 0; i < select->cte_count; i++)
		see_select(seen, select->ctes[i].select);
	for (unsigned i = 0; i < select->output_count; i++)
		see_ast(seen, select->outputs[i].expr);
	for (unsigned i = 0; i < select->item_count; i++)
		see_item(seen, &select->items[i]);
	see_ast(seen, select->where);
	see_ast(seen, select->having);
}

static void see_program(struct seen *seen, const struct compile_source *source)
{
	struct diagnostics *diagnostics = malloc(sizeof(*diagnostics));
	struct ast_program program = { 0 };
	struct arena arena;
	struct compilation c = { .arena = &arena, .diagnostics = diagnostics };

	assert_non_null(diagnostics);
	arena_init(&arena, COMPILE_ARENA_BYTES);
	diagnostics_init(diagnostics, &arena, source, 1);
	parse_source(&c, source, 0, &program);
	for (unsigned i = 0; i < program.rule_count; i++) {
		see(seen->emit, program.rules[i]->emit);
		see(seen->gap, program.rules[i]->gap);
		see_select(seen, program.rules[i]->select);
	}
	arena_release(&arena);
	free(diagnostics);
}

static void see_expr(void *ctx, const struct expr *expr)
{
	struct seen *seen = ctx;

	if (!expr)
		return;
	see(seen->expr, expr->op);
	see(seen->type, expr->type);
	if (expr->op == EXPR_CALL)
		see(seen->function, expr->function);
	for (unsigned i = 0; i < expr->arg_count; i++)
		see_expr(seen, expr->args[i]);
}

static void see_node(struct seen *seen, const struct plan_node *node)
{
	see(seen->kind, node->kind);
	if (node->kind == PLAN_JOIN)
		see(seen->plan_join, node->join);
	if (node->kind == PLAN_GROUP)
		see(seen->window, node->window);
	for (unsigned i = 0; i < node->aggregate_count; i++)
		see(seen->aggregate, node->aggregates[i].op);
	for (unsigned i = 0; i < plan_child_count(node); i++)
		see_node(seen, plan_child(node, i));
}

/* False: it does not compile, so none of it counts. */
static bool see_file(struct seen *seen, const char *path)
{
	char *sql = source_read(path);
	struct front front;
	bool ok;

	front_compile(&front, sql);
	ok = front.result == COMPILE_OK;
	if (ok)
		see_program(seen, &front.source);
	for (unsigned i = 0; ok && i < front.program->plan->rule_count; i++) {
		const struct plan_rule *rule = &front.program->plan->rules[i];

		see(seen->plan_emit, rule->emit);
		see_node(seen, rule->root);
		plan_rule_exprs(rule, see_expr, seen);
	}
	front_release(&front);
	free(sql);
	return ok;
}

static unsigned check_seen(const unsigned *seen, unsigned count,
			   const char *header, const char *name)
{
	unsigned missing = 0;

	assert_true(count > 0);
	for (unsigned i = 0; i < count; i++) {
		char value[64];

		if (seen[i])
			continue;
		source_enum_value(header, name, i, value, sizeof(value));
		print_error("in no golden file: %s\n", value);
		missing++;
	}
	return missing;
}

static void coverage__each_construct__in_a_golden(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	unsigned files = 0, missing = 0;
	glob_t found;

	(void)state;
	assert_non_null(seen);
	assert_int_equal(glob("tests/golden/*.sql", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		files += see_file(seen, found.gl_pathv[i]);
	globfree(&found);
	assert_true(files >= 10);
#define CHECK_SEEN(of, count, header, name) \
	missing += check_seen(seen->of, count, header, name)
	CHECK_SEEN(ast, AST_OP_COUNT, "compiler/ast.h", "ast_op");
	CHECK_SEEN(table, AST_SESSION + 1, "compiler/ast.h", "ast_table");
	CHECK_SEEN(join, AST_JOIN_AUTO + 1, "compiler/ast.h", "ast_join");
	CHECK_SEEN(emit, AST_EMIT_CLOSE + 1, "compiler/ast.h", "ast_emit");
	CHECK_SEEN(gap, AST_GAP_SUPPRESS + 1, "compiler/ast.h", "ast_gap");
	CHECK_SEEN(expr, EXPR_OP_COUNT, "stream/expr.h", "expr_op");
	CHECK_SEEN(function, FUNCTION_COUNT, "stream/function.h", "function");
	CHECK_SEEN(type, VALUE_TYPE_COUNT, "user/base/value.h", "value_type");
	CHECK_SEEN(kind, PLAN_KIND_COUNT, "stream/plan.h", "plan_kind");
	CHECK_SEEN(plan_join, PLAN_JOIN_COUNT, "stream/plan.h", "plan_join");
	CHECK_SEEN(plan_emit, PLAN_EMIT_CLOSE + 1, "stream/plan.h",
		   "plan_emit");
	CHECK_SEEN(aggregate, PLAN_AGGREGATE_OP_COUNT, "stream/plan.h",
		   "plan_aggregate_op");
	CHECK_SEEN(window, PLAN_SESSION + 1, "stream/plan.h", "plan_window");
	free(seen);
	assert_int_equal(missing, 0);
}

/* --- passes ------------------------------------------------------------------
 */

/* Does some .out hold what the pass gave, and not only its name? */
static bool pass_is_shown(const char *pass)
{
	bool shown = false;
	char head[64];
	glob_t found;

	snprintf(head, sizeof(head), "--- %s\n", pass);
	assert_int_equal(glob("tests/golden/*.out", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc && !shown; i++) {
		char *text = source_read(found.gl_pathv[i]);
		const char *at = strstr(text, head);

		shown = at && at[strlen(head)] &&
			strncmp(at + strlen(head), "--- ", 4) != 0;
		free(text);
	}
	globfree(&found);
	return shown;
}

/* It prints what bind gave: the two are one walk over the rule. */
static bool is_another(const char *pass)
{
	return strcmp(pass, "type") == 0;
}

static void coverage__each_pass__in_a_golden(void **state)
{
	struct buf names = BUF_INIT;
	unsigned passes = 0;
	char *rest;

	(void)state;
	compile_pass_names(&names);
	rest = (char *)names.bytes;
	for (char *pass; (pass = strtok_r(rest, ", ", &rest)) != NULL;) {
		passes++;
		if (!is_another(pass) && !pass_is_shown(pass))
			fail_msg("no golden file shows the pass %s", pass);
	}
	buf_release(&names);
	assert_true(passes >= 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			coverage__each_message_of_the_compiler__in_a_golden),
		cmocka_unit_test(coverage__each_construct__in_a_golden),
		cmocka_unit_test(coverage__each_pass__in_a_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
