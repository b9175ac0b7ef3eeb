// SPDX-License-Identifier: Apache-2.0
/*
 * From SQL text to matches: random rules, printed as SQL, compiled and run by
 * the engine over random rows, must give the rows that SQLite gives for the
 * same text over the same rows. What SQLite does not know (CREATE RULE, EMIT,
 * intervals, windows, JOIN FIRST, ANY ...) is spelled anew for it.
 *
 * Rules do not disturb each other: what one gives alone it gives in a set.
 */
#include "sql_world.h"

#define SET_MAX 8
#define CASES (gen_full() ? 10000u : 1000u)

struct one_case {
	char name[16];
	const char *sql;
	const char *before;
	const struct plan *plan;
	struct lines want;
	struct lines got;
};

static bool agrees(struct world *w, void *ctx)
{
	struct one_case *c = ctx;

	lines_clear(&c->want);
	lines_clear(&c->got);
	oracle_ask(w->oracle, c->before, c->sql, &c->want);
	world_engine(w, c->plan, c->name, &c->got);
	return lines_equal(&c->want, &c->got);
}

static void report(struct world *w, struct one_case *c)
{
	world_shrink(w, agrees, c);
	agrees(w, c);
	print_error("rule:\n%s\nSQLite:\n%s%s\n", buf_text(&w->gen.out.rule),
		    c->before, c->sql);
	world_print_rows(w);
	lines_print("SQLite", &c->want);
	lines_print("engine", &c->got);
	fail_msg("the engine and SQLite differ");
}

/* Rules so far, to be run as one set. */
struct rule_set {
	struct buf text;
	struct one_case cases[SET_MAX];
	unsigned count;
	unsigned refused; /* so far, see world_compile() */
};

static void run_set(struct world *w, struct rule_set *set)
{
	struct front front;
	const struct plan *plan = world_compile(&front, buf_text(&set->text));

	assert_non_null(plan);
	for (unsigned i = 0; i < set->count; i++) {
		struct one_case *c = &set->cases[i];
		struct lines together = { 0 };

		world_engine(w, plan, c->name, &together);
		if (!lines_equal(&c->got, &together)) {
			lines_print("alone", &c->got);
			lines_print("in a set", &together);
			fail_msg("%s in\n%s", c->name, buf_text(&set->text));
		}
		lines_clear(&together);
		lines_clear(&c->got);
	}
	front_release(&front);
	buf_reset(&set->text);
	set->count = 0;
}

/* Returns how many rows matched. */
static unsigned one_rule(struct world *w, struct rule_set *set)
{
	struct one_case *c = &set->cases[set->count++];
	struct front front;
	unsigned count;

	memset(c, 0, sizeof(*c));
	sql_generate(&w->gen, c->name);
	c->plan = world_compile(&front, buf_text(&w->gen.out.rule));
	if (!c->plan) {
		set->count--;
		set->refused++;
		front_release(&front);
		return 0;
	}
	c->sql = buf_text(&w->gen.out.sql);
	c->before = buf_text(&w->gen.before.sql);
	if (!agrees(w, c))
		report(w, c);
	count = c->got.count;
	buf_puts(&set->text, buf_text(&w->gen.out.rule));
	lines_clear(&c->want);
	front_release(&front);
	return count;
}

static void sql_text__random_rules__match_what_sqlite_selects(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct rule_set *set = calloc(1, sizeof(*set));
	unsigned matched = 0;

	(void)state;
	assert_non_null(w);
	assert_non_null(set);
	world_open(w);
	for (unsigned i = 0; i < CASES; i++) {
		if (i % SET_MAX == 0) {
			if (i)
				run_set(w, set);
			world_make(w);
		}
		matched += one_rule(w, set) != 0;
	}
	run_set(w, set);
	print_message("%u of %u rules matched\n", matched, CASES);
	/* Rules that never match would agree with anything. */
	assert_true(matched > CASES / 2);
	assert_true(set->refused < CASES / 8);
	world_close(w);
	buf_release(&set->text);
	free(set);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			sql_text__random_rules__match_what_sqlite_selects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
