// SPDX-License-Identifier: Apache-2.0
/*
 * Rules that say the same in two ways.
 *
 *   a condition parts its rows   Q(p), Q(NOT p) and Q(p IS NULL) are Q
 *   a name in place of a join    its written-out form: the same plan, too
 *   AUTO JOIN ... WHEN           the interval join that it stands for
 *   a join with the processes    the columns of the event's own process
 */
#include "sql_world.h"

#define CASES (gen_full() ? 10000u : 600u)

/* --- partition ------------------------------------------------------------- */

struct parts {
	struct world *w;
	const struct plan *plan;
	const char *whole;
	const char *parts[3];
	struct lines all, sum;
};

static bool parts_agree(struct world *w, void *ctx)
{
	struct parts *p = ctx;

	lines_clear(&p->all);
	lines_clear(&p->sum);
	world_engine(w, p->plan, p->whole, &p->all);
	for (unsigned i = 0; i < 3; i++)
		world_engine(w, p->plan, p->parts[i], &p->sum);
	return lines_equal(&p->all, &p->sum);
}

/* FROM of one to three inputs, left out ones among them. */
static struct sql_piece some_from(struct sql_gen *g)
{
	struct sql_piece outer = sql_begin(g);
	unsigned joins = sql_below(g, 3);

	g->joins_fit = true;
	sql_item(g, 0, SQL_DEPTH);
	g->joins_fit = false;
	for (unsigned i = 1; i <= joins && g->joins < SQL_JOINS_MAX; i++)
		sql_join(g, i);
	return sql_end(g, outer);
}

static void put_part(struct sql_gen *g, struct buf *out, const char *name,
		     struct buf *query, const char *where, struct buf *p)
{
	buf_printf(out, "CREATE RULE %s AS ", name);
	if (g->with.rule.len)
		buf_printf(out, "WITH %s ", buf_text(&g->with.rule));
	buf_puts(out, buf_text(query));
	if (where) {
		buf_puts(out, "\nWHERE ");
		sql_wrap(out, where, p);
	}
	buf_puts(out, " EMIT ON WINDOW CLOSE;\n");
}

static void write_parts(struct sql_gen *g, struct buf *out)
{
	struct sql_piece from, outputs, condition, outer;
	struct buf query = BUF_INIT;

	sql_reset(g);
	from = some_from(g);
	outer = sql_begin(g);
	sql_outputs(g);
	outputs = sql_end(g, outer);
	outer = sql_begin(g);
	sql_condition(g, 2);
	condition = sql_end(g, outer);
	buf_printf(&query, "SELECT %s\nFROM %s", buf_text(&outputs.rule),
		   buf_text(&from.rule));
	buf_puts(out, buf_text(&g->before.rule));
	put_part(g, out, "whole", &query, NULL, NULL);
	put_part(g, out, "yes", &query, "%s", &condition.rule);
	put_part(g, out, "not_so", &query, "NOT (%s)", &condition.rule);
	put_part(g, out, "unknown", &query, "(%s) IS NULL", &condition.rule);
	sql_piece_release(&from);
	sql_piece_release(&outputs);
	sql_piece_release(&condition);
	buf_release(&query);
}

static bool one_partition(struct world *w, unsigned number)
{
	struct parts p = { .w = w,
			   .whole = "whole",
			   .parts = { "yes", "not_so", "unknown" } };
	struct buf rules = BUF_INIT;
	struct front front;
	bool matched;

	(void)number;
	write_parts(&w->gen, &rules);
	p.plan = world_compile(&front, buf_text(&rules));
	if (p.plan && !parts_agree(w, &p)) {
		world_shrink(w, parts_agree, &p);
		parts_agree(w, &p);
		print_error("%s", buf_text(&rules));
		world_print_rows(w);
		lines_print("without a condition", &p.all);
		lines_print("all three parts", &p.sum);
		fail_msg("a condition and its opposites lose or add rows");
	}
	matched = p.all.count;
	lines_clear(&p.all);
	lines_clear(&p.sum);
	buf_release(&rules);
	front_release(&front);
	return matched;
}

static void condition__true_false_and_null__are_all_rows(void **state)
{
	(void)state;
	world_try(CASES, "queries gave rows", one_partition);
}

/* --- two ways to write it -------------------------------------------------- */

enum way { WAY_NAME, WAY_AUTO, WAY_AUTO_BOUND, WAY_PROCESS, WAY_COUNT };

struct ways {
	struct buf rule[2];
	const struct plan *plan[2];
	struct lines lines[2];
};

static bool ways_agree(struct world *w, void *ctx)
{
	struct ways *p = ctx;

	for (unsigned i = 0; i < 2; i++) {
		lines_clear(&p->lines[i]);
		world_engine(w, p->plan[i], "r", &p->lines[i]);
	}
	return lines_equal(&p->lines[0], &p->lines[1]);
}

static void both(struct ways *p, const char *text)
{
	buf_puts(&p->rule[0], text);
	buf_puts(&p->rule[1], text);
}

/* A condition on the inputs from `first`, the same in both. */
static void both_conditions(struct sql_gen *g, struct ways *p, unsigned first,
			    unsigned count)
{
	struct sql_piece outer = sql_begin(g), piece;

	g->first = first;
	g->input_count = first + count;
	sql_put(g, "(");
	sql_condition(g, 1);
	sql_put(g, " OR ");
	sql_condition(g, 0);
	sql_put(g, ")");
	piece = sql_end(g, outer);
	both(p, buf_text(&piece.rule));
	sql_piece_release(&piece);
}

static void input_is(struct sql_gen *g, unsigned at, const char *name,
		     enum stream_id stream)
{
	g->inputs[at] = (struct sql_input){ .stream = stream };
	snprintf(g->inputs[at].alias, sizeof(g->inputs[0].alias), "%s", name);
}

/* n is the default alias of network.connect, joined by its process. */
static void write_name(struct sql_gen *g, struct ways *p)
{
	input_is(g, 0, "f", STREAM_FILE_OPEN);
	input_is(g, 1, "n", STREAM_NETWORK_CONNECT);
	both(p, "SELECT f.ts AS a, n.ts AS b, n.dst_port, f.path FROM "
		"file.open f ");
	buf_puts(&p->rule[1],
		 "JOIN network.connect n ON n.pid_key = f.pid_key AND n.ts "
		 "BETWEEN f.ts - INTERVAL '1' MINUTE AND f.ts + INTERVAL '1' "
		 "MINUTE ");
	both(p, "WHERE ");
	both_conditions(g, p, 0, 2);
}

static void write_auto(struct sql_gen *g, struct ways *p, bool bound)
{
	static const char *const bounds[] = {
		" AND n.ts BETWEEN f.ts AND f.ts + INTERVAL '1' MINUTE",
		" AND n.ts BETWEEN f.ts AND f.ts + INTERVAL '3' MILLISECOND"
	};

	input_is(g, 0, "f", STREAM_FILE_OPEN);
	input_is(g, 1, "n", STREAM_NETWORK_CONNECT);
	both(p, "SELECT f.ts AS a, n.ts AS b, n.comm, f.uid FROM file.open "
		"f ");
	buf_puts(&p->rule[0], "AUTO ");
	both(p, "JOIN network.connect n ON n.pid_key = f.pid_key");
	buf_puts(&p->rule[1], bounds[bound]);
	if (bound)
		buf_puts(&p->rule[0], bounds[bound]);
	buf_puts(&p->rule[0], " WHEN ");
	buf_puts(&p->rule[1], " AND ");
	both_conditions(g, p, 0, 1);
	both(p, " WHERE ");
	both_conditions(g, p, 0, 2);
}

/* The table as of the event is what the event knows of its process. */
static void write_process(struct sql_gen *g, struct ways *p)
{
	const char *test =
		SQL_PICK(g, "name LIKE 'a%'", "exe <> 'b'", "args_count > 1",
			 "'b' = ANY(%sargs)", "exe IS NOT NULL");
	struct buf alias[2] = { BUF_INIT, BUF_INIT };

	input_is(g, 0, "f", STREAM_FILE_OPEN);
	buf_puts(&p->rule[0],
		 "SELECT f.ts AS a, p.name AS b, p.exe AS c FROM file.open f "
		 "LEFT JOIN process FOR SYSTEM_TIME AS OF f.ts AS p ON "
		 "p.pid_key = f.pid_key WHERE ");
	buf_puts(&p->rule[1], "SELECT f.ts AS a, f.name AS b, f.exe AS c FROM "
			      "file.open f WHERE ");
	buf_puts(&alias[0], "p.");
	buf_puts(&alias[1], "f.");
	for (unsigned i = 0; i < 2; i++) {
		if (strstr(test, "%s")) {
			sql_wrap(&p->rule[i], test, &alias[i]);
		} else {
			buf_puts(&p->rule[i], buf_text(&alias[i]));
			buf_puts(&p->rule[i], test);
		}
		buf_release(&alias[i]);
	}
	both(p, " AND ");
	both_conditions(g, p, 0, 1);
}

static void write_ways(struct sql_gen *g, struct ways *p, enum way way)
{
	sql_reset(g);
	/* Else there would be no default window. */
	g->unbound = true;
	both(p, "CREATE RULE r AS ");
	switch (way) {
	case WAY_NAME:
		write_name(g, p);
		break;
	case WAY_AUTO:
	case WAY_AUTO_BOUND:
		write_auto(g, p, way == WAY_AUTO_BOUND);
		break;
	case WAY_PROCESS:
		write_process(g, p);
		break;
	case WAY_COUNT:
		CHECK(!"a way");
	}
	both(p, ";\n");
}

static void print_plan(const struct plan *plan, struct buf *out)
{
	const struct plan_rule *rule = &plan->rules[plan->rule_count - 1];

	plan_node_print(out, rule, rule->root, 0);
}

static bool one_pair(struct world *w, unsigned number)
{
	const enum way way = number % WAY_COUNT;
	struct buf plans[2] = { BUF_INIT, BUF_INIT };
	struct front fronts[2];
	struct ways p = { 0 };
	bool matched;

	write_ways(&w->gen, &p, way);
	for (unsigned i = 0; i < 2; i++) {
		p.plan[i] = world_compile(&fronts[i], buf_text(&p.rule[i]));
		assert_non_null(p.plan[i]);
		print_plan(p.plan[i], &plans[i]);
	}
	/* AUTO JOIN asks for its stream only when it is needed: "triggered". */
	if (way == WAY_NAME || way == WAY_PROCESS)
		assert_string_equal(buf_text(&plans[0]), buf_text(&plans[1]));
	if (!ways_agree(w, &p)) {
		world_shrink(w, ways_agree, &p);
		ways_agree(w, &p);
		print_error("%s%s", buf_text(&p.rule[0]), buf_text(&p.rule[1]));
		world_print_rows(w);
		lines_print("first", &p.lines[0]);
		lines_print("second", &p.lines[1]);
		fail_msg("two ways to write a rule differ");
	}
	matched = p.lines[0].count;
	for (unsigned i = 0; i < 2; i++) {
		lines_clear(&p.lines[i]);
		buf_release(&plans[i]);
		buf_release(&p.rule[i]);
		front_release(&fronts[i]);
	}
	return matched;
}

static void rule__written_in_two_ways__gives_the_same(void **state)
{
	(void)state;
	world_try(CASES, "pairs gave rows", one_pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(condition__true_false_and_null__are_all_rows),
		cmocka_unit_test(rule__written_in_two_ways__gives_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
