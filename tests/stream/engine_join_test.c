// SPDX-License-Identifier: Apache-2.0
/*
 * Joins of all kinds and FIRST_SEEN against brute force; single joins against
 * SQLite's LEFT JOIN, EXISTS and NOT EXISTS, too.
 */
#include "brute_plan.h"

#include <sqlite3.h>

struct fixture {
	struct arena arena;
	uint64_t chance;
	struct trace trace;
	struct random_plan plan;
	struct brute_world world;
	sqlite3 *db;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	assert_int_equal(expr_env_init(&f->world.env, NULL), 0);
	assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
	f->world.trace = &f->trace;
	f->chance = test_seed();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sqlite3_close(f->db);
	expr_env_release(&f->world.env);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static void new_trace(struct fixture *f)
{
	arena_reset(&f->arena);
	trace_make(&f->arena, &f->chance, &f->trace);
	f->plan = (struct random_plan){ .arena = &f->arena,
					.chance = &f->chance,
					.kinds = true };
	f->plan.plan.rules = f->plan.rules;
	f->plan.plan.rule_count = TEST_RULES;
}

static void run_lines(struct fixture *f, struct transcript *t)
{
	struct engine *engine = engine_make(&f->plan.plan, note_line, t,
					    chance_next(&f->chance));

	t->plan = &f->plan.plan;
	for (unsigned i = 0; i < f->trace.count; i++)
		assert_int_equal(engine_push(engine, f->trace.rows[i], NULL),
				 0);
	engine_finish(engine, TEST_RULES);
}

static unsigned rounds(void)
{
	return check_full() ? 2000 : 60;
}

/* Filters, joins upon joins, counts of them. */
static void joins__random_kinds__match_brute_force(void **state)
{
	struct fixture *f = *state;
	unsigned full = 0;

	for (unsigned round = 0; round < rounds(); round++) {
		struct transcript t = { 0 };

		new_trace(f);
		for (unsigned i = 0; i < TEST_RULES; i++)
			random_rule(&f->plan, &f->plan.rules[i], i);
		run_lines(f, &t);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			struct buf want = BUF_INIT;

			brute_lines(&f->world, &f->plan.rules[i], &want);
			expect_lines(&t.lines[i], &want, "joins");
			full += want.len > 0;
			buf_release(&want);
		}
		transcript_release(&t);
	}
	assert_true(full * 2 >= rounds() * TEST_RULES);
}

static void first_seen__random_keys__match_brute_force(void **state)
{
	struct fixture *f = *state;
	unsigned full = 0;

	for (unsigned round = 0; round < rounds(); round++) {
		struct transcript t = { 0 };

		new_trace(f);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			struct plan_rule *rule = &f->plan.rules[i];

			random_start(&f->plan, rule);
			rule->root = random_seen(&f->plan,
						 random_scan(&f->plan, rule));
		}
		run_lines(f, &t);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			struct buf want = BUF_INIT;

			brute_lines(&f->world, &f->plan.rules[i], &want);
			expect_lines(&t.lines[i], &want, "first seen");
			full += want.len > 0;
			buf_release(&want);
		}
		transcript_release(&t);
	}
	assert_true(full * 2 >= rounds() * TEST_RULES);
}

static void load_trace(struct fixture *f)
{
	struct buf sql = BUF_INIT;

	buf_puts(&sql, "PRAGMA case_sensitive_like=ON; DROP TABLE IF EXISTS t;"
		       "CREATE TABLE t(id, stream, ts, pid_key, uid, comm);");
	for (unsigned i = 0; i < f->trace.count; i++) {
		const struct row *row = f->trace.rows[i];
		struct value v[] = { row_get(row, COL_pid_key),
				     row_get(row, COL_uid) };
		struct value comm = row_get(row, COL_comm);

		buf_printf(&sql, "INSERT INTO t VALUES(%d,%d,%d", (int)row->seq,
			   row->stream, (int)row->ts);
		for (unsigned k = 0; k < 2; k++)
			if (value_is_null(v[k]))
				buf_puts(&sql, ",NULL");
			else
				buf_printf(&sql, ",%d", (int)v[k].i);
		if (value_is_null(comm))
			buf_puts(&sql, ",NULL);");
		else
			buf_printf(&sql, ",'%.*s');", (int)comm.len, comm.p);
	}
	assert_int_equal(sqlite3_exec(f->db, buf_text(&sql), NULL, NULL, NULL),
			 SQLITE_OK);
	buf_release(&sql);
}

static void put_term(struct buf *sql, const struct plan_rule *rule,
		     const struct expr *expr)
{
	const struct expr_names names = { rule->input_names,
					  rule->input_streams, rule->slot_names,
					  NULL };

	if (!expr)
		return;
	buf_puts(sql, " AND (");
	expr_print(sql, expr, &names);
	buf_puts(sql, ")");
}

static void put_scan(struct buf *sql, const struct plan_rule *rule,
		     const struct plan_node *scan)
{
	buf_printf(sql, " AND a%u.stream = %d", scan->input, scan->stream);
	put_term(sql, rule, scan->predicate);
}

/* What ON, or the subquery of EXISTS, asks of a partner. */
static void put_on(struct buf *sql, const struct plan_rule *rule)
{
	const struct plan_node *join = rule->root;
	struct expr eq = { .op = EXPR_EQ, .arg_count = 2 };

	buf_puts(sql, "1");
	put_scan(sql, rule, join->child[1]);
	for (unsigned i = 0; i < join->key_count; i++) {
		const struct expr *args[] = { join->left_keys[i],
					      join->right_keys[i] };

		eq.args = args;
		put_term(sql, rule, &eq);
	}
	buf_printf(sql, " AND a1.ts BETWEEN a0.ts + %d AND a0.ts + %d",
		   (int)join->lower_ns, (int)join->upper_ns);
	put_term(sql, rule, join->predicate);
}

static void put_query(struct buf *sql, const struct plan_rule *rule)
{
	enum plan_join kind = rule->root->join;

	if (kind == PLAN_JOIN_LEFT || kind == PLAN_JOIN_INNER) {
		buf_printf(sql,
			   "SELECT a0.id||','||ifnull(a1.id, -1) FROM t AS a0 "
			   "%s JOIN t AS a1 ON ",
			   kind == PLAN_JOIN_LEFT ? "LEFT" : "INNER");
		put_on(sql, rule);
		buf_puts(sql, " WHERE 1");
	} else {
		buf_printf(sql,
			   "SELECT a0.id FROM t AS a0 WHERE %s EXISTS "
			   "(SELECT 1 FROM t AS a1 WHERE ",
			   kind == PLAN_JOIN_ANTI ? "NOT" : "");
		put_on(sql, rule);
		buf_puts(sql, ")");
	}
	put_scan(sql, rule, rule->root->child[0]);
}

static int put_answer(void *ctx, int columns, char **values, char **names)
{
	(void)columns;
	(void)names;
	buf_printf(ctx, "%s\n", values[0]);
	return 0;
}

static int note_ids(void *ctx, const struct match *match, struct err *err)
{
	struct transcript *t = ctx;
	unsigned rule = (unsigned)(match->rule - t->plan->rules);
	enum plan_join kind = match->rule->root->join;

	(void)err;
	write_rows(&t->lines[rule], match->rows,
		   kind == PLAN_JOIN_LEFT || kind == PLAN_JOIN_INNER ? 2 : 1);
	buf_putc(&t->lines[rule], '\n');
	return 0;
}

static void ask(struct fixture *f, const struct plan_rule *rule,
		struct buf *out)
{
	struct buf sql = BUF_INIT;

	put_query(&sql, rule);
	if (sqlite3_exec(f->db, buf_text(&sql), put_answer, out, NULL) !=
	    SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(f->db), buf_text(&sql));
	buf_release(&sql);
}

static void joins__one_join__match_sqlite(void **state)
{
	struct fixture *f = *state;
	unsigned full[PLAN_JOIN_COUNT] = { 0 };

	for (unsigned round = 0; round < rounds(); round++) {
		struct transcript t = { .plan = &f->plan.plan };
		struct engine *engine;

		new_trace(f);
		load_trace(f);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			random_rule(&f->plan, &f->plan.rules[i], 1);
			f->plan.rules[i].root->join = i % PLAN_JOIN_COUNT;
		}
		engine = engine_make(&f->plan.plan, note_ids, &t, 7);
		for (unsigned i = 0; i < f->trace.count; i++)
			assert_int_equal(
				engine_push(engine, f->trace.rows[i], NULL), 0);
		engine_finish(engine, TEST_RULES);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			struct buf want = BUF_INIT;

			ask(f, &f->plan.rules[i], &want);
			expect_lines(&t.lines[i], &want, "one join");
			full[i % PLAN_JOIN_COUNT] += want.len > 0;
			buf_release(&want);
		}
		transcript_release(&t);
	}
	for (unsigned i = 0; i < PLAN_JOIN_COUNT; i++)
		assert_true(full[i] * 4 >= rounds());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			joins__random_kinds__match_brute_force, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			first_seen__random_keys__match_brute_force, setup,
			teardown),
		cmocka_unit_test_setup_teardown(joins__one_join__match_sqlite,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
