// SPDX-License-Identifier: Apache-2.0
/*
 * The engine against SQLite: the same random rule as a plan and as SQL, over
 * the same random trace; the matches must be the same multiset. What SQL does
 * not have (first, rising edge, suppression) is derived from SQLite's rows by a
 * naive evaluator.
 */
#include "random_plan.h"

#include <sqlite3.h>

struct fixture {
	struct arena arena;
	sqlite3 *db;
	uint64_t chance;
	struct trace trace;
	struct random_plan plan;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
	f->chance = test_seed();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sqlite3_close(f->db);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static void execute(struct fixture *f, const char *sql)
{
	if (sqlite3_exec(f->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(f->db), sql);
}

static void put_int(struct buf *sql, struct value v)
{
	if (value_is_null(v))
		buf_puts(sql, ",NULL");
	else
		buf_printf(sql, ",%d", (int)v.i);
}

/* One table, a row's stream in it; `place` is its place in total order. */
static void load_trace(struct fixture *f)
{
	struct buf sql = BUF_INIT;

	buf_puts(&sql, "PRAGMA case_sensitive_like=ON;"
		       "DROP TABLE IF EXISTS t; CREATE TABLE t(place, id, "
		       "stream, ts, pid_key, uid, comm);");
	for (unsigned i = 0; i < f->trace.count; i++) {
		const struct row *row = f->trace.rows[i];
		struct value comm = row_get(row, COL_comm);

		buf_printf(&sql, "INSERT INTO t VALUES(%u,%d,%d,%d", i,
			   (int)row->seq, row->stream, (int)row->ts);
		put_int(&sql, row_get(row, COL_pid_key));
		put_int(&sql, row_get(row, COL_uid));
		if (value_is_null(comm))
			buf_puts(&sql, ",NULL);");
		else
			buf_printf(&sql, ",'%.*s');", (int)comm.len, comm.p);
	}
	execute(f, buf_text(&sql));
	buf_release(&sql);
}

static void put_expr(struct buf *sql, const struct plan_rule *rule,
		     const struct expr *expr)
{
	const struct expr_names names = { rule->input_names,
					  rule->input_streams, rule->slot_names,
					  NULL };

	buf_puts(sql, " AND (");
	expr_print(sql, expr, &names);
	buf_puts(sql, ")");
}

static void put_join(struct buf *sql, const struct plan_rule *rule,
		     const struct plan_node *join)
{
	const struct expr_names names = { rule->input_names,
					  rule->input_streams, rule->slot_names,
					  NULL };
	unsigned right = join->child[1]->input;

	for (unsigned i = 0; i < join->key_count; i++) {
		buf_puts(sql, " AND ");
		expr_print(sql, join->left_keys[i], &names);
		buf_puts(sql, " = ");
		expr_print(sql, join->right_keys[i], &names);
	}
	buf_printf(sql, " AND a%u.ts BETWEEN a%u.ts + %d AND a%u.ts + %d",
		   right, join->anchor, (int)join->lower_ns, join->anchor,
		   (int)join->upper_ns);
}

/* WHERE of everything up to the first count. */
static void put_where(struct buf *sql, const struct plan_rule *rule,
		      const struct plan_node *node)
{
	if (!node)
		return;
	put_where(sql, rule, node->child[0]);
	put_where(sql, rule, node->child[1]);
	if (node->kind == PLAN_SCAN)
		buf_printf(sql, " AND a%u.stream = %d", node->input,
			   node->stream);
	if (node->kind == PLAN_JOIN)
		put_join(sql, rule, node);
	if (node->predicate)
		put_expr(sql, rule, node->predicate);
}

static void put_from(struct buf *sql, const struct plan_rule *rule,
		     const struct plan_node *node)
{
	buf_puts(sql, " FROM ");
	for (unsigned i = 0; i < rule->input_count; i++)
		buf_printf(sql, "%st AS a%u", i ? ", " : "", i);
	buf_puts(sql, " WHERE 1");
	put_where(sql, rule, node);
}

static void put_ids(struct buf *sql, const struct plan_rule *rule)
{
	for (unsigned i = 0; i < rule->input_count; i++)
		buf_printf(sql, "%sa%u.id", i ? "||','||" : "", i);
}

static void put_latest(struct buf *sql, const struct plan_rule *rule)
{
	if (rule->input_count == 1) {
		buf_puts(sql, "a0.ts");
		return;
	}
	buf_puts(sql, "max(");
	for (unsigned i = 0; i < rule->input_count; i++)
		buf_printf(sql, "%sa%u.ts", i ? "," : "", i);
	buf_puts(sql, ")");
}

static void put_over(struct buf *sql, const struct plan_rule *rule,
		     const struct plan_node *count)
{
	const struct expr_names names = { rule->input_names,
					  rule->input_streams, rule->slot_names,
					  NULL };

	buf_puts(sql, "COUNT(*) OVER (");
	for (unsigned i = 0; i < count->key_count; i++) {
		buf_puts(sql, i ? ", " : "PARTITION BY ");
		expr_print(sql, count->left_keys[i], &names);
	}
	buf_puts(sql, " ORDER BY ");
	put_latest(sql, rule);
	buf_printf(sql, " RANGE BETWEEN %d PRECEDING AND CURRENT ROW)",
		   (int)count->range_ns);
}

static const struct plan_node *count_of(const struct plan_rule *rule)
{
	const struct plan_node *node = rule->root;

	if (node->kind == PLAN_FILTER)
		node = node->child[0];
	return node->kind == PLAN_COUNT ? node : NULL;
}

/* NULL keys match nothing, where SQL would make them a partition. */
static void put_keys_known(struct buf *sql, const struct plan_rule *rule,
			   const struct plan_node *count)
{
	const struct expr_names names = { rule->input_names,
					  rule->input_streams, rule->slot_names,
					  NULL };

	for (unsigned i = 0; i < count->key_count; i++) {
		buf_puts(sql, " AND ");
		expr_print(sql, count->left_keys[i], &names);
		buf_puts(sql, " IS NOT NULL");
	}
}

/*
 * Columns: line, ts of completion, place and id of a0's row, whether the filter
 * over the count holds, the count's partition.
 */
static void put_query(struct buf *sql, const struct plan_rule *rule)
{
	const struct plan_node *count = count_of(rule);

	buf_puts(sql, "SELECT ");
	put_ids(sql, rule);
	if (!count) {
		buf_puts(sql, ", ");
		put_latest(sql, rule);
		buf_puts(sql, ", a0.place, a0.id, 1, ''");
		put_from(sql, rule, rule->root);
		return;
	}
	buf_puts(sql, "||'|'||n, ts, place, id, ");
	if (rule->root->kind == PLAN_FILTER) {
		const struct expr_names names = { rule->input_names,
						  rule->input_streams,
						  rule->slot_names, NULL };

		expr_print(sql, rule->root->predicate, &names);
	} else {
		buf_puts(sql, "1");
	}
	buf_puts(sql, ", part FROM (SELECT ");
	put_over(sql, rule, count);
	buf_puts(sql, " AS n, ");
	put_latest(sql, rule);
	buf_puts(sql, " AS ts, a0.place AS place, a0.id AS id, ''");
	for (unsigned i = 0; i < count->key_count; i++) {
		const struct expr *key = count->left_keys[i];

		buf_printf(sql, "||'/'||a%u.%s", key->input,
			   key->column == COL_uid ? "uid" : "pid_key");
	}
	buf_puts(sql, " AS part");
	for (unsigned i = 0; i < rule->input_count; i++)
		buf_printf(sql,
			   ", a%u.id AS \"a%u.id\", a%u.uid AS "
			   "\"a%u.uid\", a%u.comm AS \"a%u.comm\"",
			   i, i, i, i, i, i);
	put_from(sql, rule, count->child[0]);
	put_keys_known(sql, rule, count);
	buf_puts(sql, ")");
}

struct oracle_row {
	char line[64];
	char part[32];
	int ts, place, id;
	bool truth;
};

struct oracle {
	struct oracle_row *rows;
	unsigned count;
};

/* Over a subquery a0.uid is the column "a0.uid". */
static char *quote_columns(const char *sql)
{
	const char *inner = strstr(sql, " FROM (SELECT ");
	struct buf out = BUF_INIT;
	char *ret;

	for (const char *p = sql; *p; p++) {
		bool alias = inner && p < inner && *p == 'a' && p[1] >= '0' &&
			     p[1] <= '9' && p[2] == '.';

		if (!alias) {
			buf_putc(&out, *p);
			continue;
		}
		buf_putc(&out, '"');
		while (*p == '.' || *p == '_' || (*p >= 'a' && *p <= 'z') ||
		       (*p >= '0' && *p <= '9'))
			buf_putc(&out, *p++);
		buf_putc(&out, '"');
		p--;
	}
	ret = strdup(buf_text(&out));
	buf_release(&out);
	assert_non_null(ret);
	return ret;
}

static void ask(struct fixture *f, const struct plan_rule *rule,
		struct oracle *ret_oracle)
{
	struct buf sql = BUF_INIT;
	struct oracle oracle = { 0 };
	sqlite3_stmt *stmt;
	char *text;

	put_query(&sql, rule);
	text = quote_columns(buf_text(&sql));
	buf_release(&sql);
	if (sqlite3_prepare_v2(f->db, text, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(f->db), text);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		struct oracle_row *row;

		oracle.rows = reallocarray(oracle.rows, oracle.count + 1,
					   sizeof(*oracle.rows));
		assert_non_null(oracle.rows);
		row = &oracle.rows[oracle.count++];
		*row = (struct oracle_row){
			.ts = sqlite3_column_int(stmt, 1),
			.place = sqlite3_column_int(stmt, 2),
			.id = sqlite3_column_int(stmt, 3),
			.truth = sqlite3_column_int(stmt, 4) != 0,
		};
		snprintf(row->line, sizeof(row->line), "%s",
			 (const char *)sqlite3_column_text(stmt, 0));
		snprintf(row->part, sizeof(row->part), "%s",
			 (const char *)sqlite3_column_text(stmt, 5));
	}
	sqlite3_finalize(stmt);
	free(text);
	*ret_oracle = oracle;
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

/* The lines of `text`, which it cuts up. */
static unsigned split(char *text, const char ***ret_lines)
{
	const char **lines = NULL;
	unsigned n = 0;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		lines = reallocarray(lines, n + 1, sizeof(*lines));
		assert_non_null(lines);
		lines[n++] = line;
	}
	*ret_lines = lines;
	return n;
}

static void expect_same_lines(struct buf *got, struct buf *want,
			      const char *what)
{
	char *got_text = strdup(buf_text(got));
	char *want_text = strdup(buf_text(want));
	const char **g, **w;
	unsigned gn = split(got_text, &g), wn = split(want_text, &w);

	if (gn)
		qsort(g, gn, sizeof(*g), by_text);
	if (wn)
		qsort(w, wn, sizeof(*w), by_text);
	for (unsigned i = 0; i < gn || i < wn; i++)
		if (i >= gn || i >= wn || strcmp(g[i], w[i]) != 0)
			fail_msg("%s: line %u: engine %s, oracle %s "
				 "(%u and %u)\n%s\n-- oracle --\n%s",
				 what, i, i < gn ? g[i] : "-",
				 i < wn ? w[i] : "-", gn, wn, buf_text(got),
				 buf_text(want));
	free(g);
	free(w);
	free(got_text);
	free(want_text);
}

static void new_pair(struct fixture *f)
{
	arena_reset(&f->arena);
	trace_make(&f->arena, &f->chance, &f->trace);
	random_plan_make(&f->plan, &f->arena, &f->chance);
	load_trace(f);
}

static void every__random_rules__matches_sqlite(void **state)
{
	struct fixture *f = *state;
	unsigned pairs = check_full() ? 10000 : 200, full = 0;

	for (unsigned done = 0; done < pairs; done += TEST_RULES) {
		struct transcript t = { 0 };

		new_pair(f);
		run_trace(&f->plan.plan, &f->trace, &t);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			struct buf want = BUF_INIT;
			struct oracle oracle;

			ask(f, &f->plan.rules[i], &oracle);
			for (unsigned k = 0; k < oracle.count; k++)
				if (oracle.rows[k].truth)
					buf_printf(&want, "%s\n",
						   oracle.rows[k].line);
			expect_same_lines(&t.lines[i], &want, "every");
			full += want.len > 0;
			buf_release(&want);
			free(oracle.rows);
		}
		transcript_release(&t);
	}
	print_message("%u of %u pairs had matches\n", full, pairs);
	assert_true(full * 2 >= pairs);
}

/* A match of the first completion for each row of a0, by SQLite's rows. */
static void naive_first(const struct oracle *oracle, struct buf *out)
{
	for (unsigned i = 0; i < oracle->count; i++) {
		const struct oracle_row *row = &oracle->rows[i];
		int first = row->ts;
		bool seen = false;

		for (unsigned k = 0; k < oracle->count; k++) {
			if (oracle->rows[k].id != row->id)
				continue;
			seen |= k < i;
			if (oracle->rows[k].ts < first)
				first = oracle->rows[k].ts;
		}
		if (!seen)
			buf_printf(out, "%d at %d\n", row->id, first);
	}
}

/* Counts of one input, in total order. */
static int by_place(const void *a, const void *b)
{
	const struct oracle_row *x = a;
	const struct oracle_row *y = b;

	return x->place - y->place;
}

/* Up until a row says otherwise or the window is empty. */
static void naive_edges(const struct oracle *oracle, int64_t range,
			struct buf *out)
{
	for (unsigned i = 0; i < oracle->count; i++) {
		const struct oracle_row *row = &oracle->rows[i];
		bool up = false;

		if (!row->truth)
			continue;
		for (unsigned k = 0; k < i; k++)
			if (strcmp(oracle->rows[k].part, row->part) == 0)
				up = oracle->rows[k].truth &&
				     row->ts - oracle->rows[k].ts <= range;
		if (!up)
			buf_printf(out, "%d at %d\n", row->id, row->ts);
	}
}

static int note_first(void *ctx, const struct match *match, struct err *err)
{
	struct transcript *t = ctx;
	unsigned rule = (unsigned)(match->rule - t->plan->rules);

	(void)err;
	buf_printf(&t->lines[rule], "%d at %d\n", (int)match->rows[0]->seq,
		   (int)match->ts);
	return 0;
}

static void first__random_rules__matches_naive_evaluator(void **state)
{
	struct fixture *f = *state;
	unsigned pairs = check_full() ? 10000 : 200, full = 0;

	for (unsigned done = 0; done < pairs; done += TEST_RULES) {
		struct transcript t = { .plan = &f->plan.plan };
		struct engine *engine;

		new_pair(f);
		for (unsigned i = 0; i < TEST_RULES; i++)
			f->plan.rules[i].emit = PLAN_EMIT_FIRST;
		engine = engine_make(&f->plan.plan, note_first, &t, 3);
		for (unsigned i = 0; i < f->trace.count; i++)
			assert_int_equal(
				engine_push(engine, f->trace.rows[i], NULL), 0);
		engine_finish(engine, TEST_RULES);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			const struct plan_rule *rule = &f->plan.rules[i];
			struct buf want = BUF_INIT;
			struct oracle oracle;
			const struct plan_node *count = count_of(rule);

			if (count && rule->input_count > 1)
				continue;
			ask(f, rule, &oracle);
			if (oracle.count)
				qsort(oracle.rows, oracle.count,
				      sizeof(*oracle.rows), by_place);
			if (count)
				naive_edges(&oracle, count->range_ns, &want);
			else
				naive_first(&oracle, &want);
			expect_same_lines(&t.lines[i], &want, "first");
			full += want.len > 0;
			buf_release(&want);
			free(oracle.rows);
		}
		transcript_release(&t);
	}
	print_message("%u of %u pairs had matches\n", full, pairs);
	assert_true(full * 3 >= pairs);
}

struct mutes {
	const struct plan *plan;
	bool naive; /* evaluate SUPPRESS FOR here */
	int64_t until[TEST_RULES][8];
	struct buf lines;
};

/* Keys are NULL, 0, 1, 2 or there is none; NULL is a key like others. */
static int note_unmuted(void *ctx, const struct match *match, struct err *err)
{
	struct mutes *m = ctx;
	unsigned rule = (unsigned)(match->rule - m->plan->rules);
	unsigned key = 7;

	(void)err;
	if (match->rule->key_count)
		key = value_is_null(match->keys[0]) ?
			      6 :
			      (unsigned)match->keys[0].i;
	if (m->naive) {
		if (match->ts < m->until[rule][key])
			return 0;
		m->until[rule][key] = match->ts + 3;
	}
	buf_printf(&m->lines, "%u %u ", rule, key);
	write_rows(&m->lines, match->rows, match->rule->input_count);
	buf_printf(&m->lines, " at %d\n", (int)match->ts);
	return 0;
}

static void run_mutes(struct fixture *f, struct mutes *mutes)
{
	struct engine *engine =
		engine_make(&f->plan.plan, note_unmuted, mutes, 5);

	mutes->plan = &f->plan.plan;
	for (unsigned i = 0; i < f->trace.count; i++)
		assert_int_equal(engine_push(engine, f->trace.rows[i], NULL),
				 0);
	engine_finish(engine, TEST_RULES);
}

static void suppress__random_rules__matches_naive_evaluator(void **state)
{
	struct fixture *f = *state;
	unsigned rounds = check_full() ? 1000 : 20;
	size_t total = 0;

	for (unsigned round = 0; round < rounds; round++) {
		struct mutes naive = { .naive = true }, ours = { 0 };

		new_pair(f);
		for (unsigned i = 0; i < TEST_RULES; i++)
			suppress(&f->plan, &f->plan.rules[i], 0, i < 5);
		run_mutes(f, &naive);
		for (unsigned i = 0; i < TEST_RULES; i++)
			suppress(&f->plan, &f->plan.rules[i], 3, i < 5);
		run_mutes(f, &ours);
		total += naive.lines.len;
		assert_string_equal(buf_text(&ours.lines),
				    buf_text(&naive.lines));
		buf_release(&ours.lines);
		buf_release(&naive.lines);
	}
	assert_true(total > rounds * 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every__random_rules__matches_sqlite, setup, teardown),
		cmocka_unit_test_setup_teardown(
			first__random_rules__matches_naive_evaluator, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			suppress__random_rules__matches_naive_evaluator, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
