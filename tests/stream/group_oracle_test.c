// SPDX-License-Identifier: Apache-2.0
/*
 * TUMBLE, HOP and SESSION with HAVING, ORDER BY and LIMIT against SQLite: the
 * same groups in the same order with the same evidence. Which windows there are
 * SQLite is told: multiples of the slide, or the sessions that a naive loop
 * finds.
 */
#include "aggregate_plan.h"

static int64_t floor_to(int64_t t, int64_t step)
{
	int64_t floored = t / step * step;

	return floored > t ? floored - step : floored;
}

/* w(place, ws, we, rank): a row's windows; rank orders those that end as one */
static void load_windows(struct fixture *f)
{
	int64_t slide =
		f->node.window == PLAN_HOP ? f->node.slide_ns : f->node.size_ns;
	struct buf sql = BUF_INIT;

	buf_puts(&sql, "BEGIN; DROP TABLE IF EXISTS w; CREATE TABLE w(place, "
		       "ws, we, rank);");
	for (unsigned i = 0; i < f->count; i++) {
		int64_t t = f->rows[i]->ts + CLOCK_OFFSET;
		int64_t start = floor_to(t - f->node.size_ns, slide);

		for (; start <= t; start += slide)
			if (start + f->node.size_ns > t)
				buf_printf(&sql,
					   "INSERT INTO w VALUES(%u,%d,%d,0);",
					   i, (int)start,
					   (int)(start + f->node.size_ns));
	}
	buf_puts(&sql, "COMMIT;");
	execute(f, buf_text(&sql));
	buf_release(&sql);
}

static bool same_key(const struct fixture *f, unsigned a, unsigned b)
{
	for (unsigned i = 0; i < f->node.key_count; i++) {
		unsigned column = key_columns[i].column;
		struct value x = row_get(f->rows[a], column);
		struct value y = row_get(f->rows[b], column);

		if (value_is_null(x) != value_is_null(y) ||
		    (!value_is_null(x) && !value_equal(x, y)))
			return false;
	}
	return true;
}

struct session {
	int64_t start, end;
	unsigned last;	    /* place of its last row */
	unsigned successor; /* of the row at its very end, or ROWS_MAX */
};

/* Sessions by first row; of_row[i] is the one of row i. */
static unsigned find_sessions(const struct fixture *f, struct session *sessions,
			      unsigned *of_row)
{
	unsigned count = 0;

	for (unsigned i = 0; i < f->count; i++) {
		int64_t t = f->rows[i]->ts + CLOCK_OFFSET;
		struct session *session = NULL;

		for (unsigned k = 0; k < i; k++)
			if (same_key(f, k, i))
				session = &sessions[of_row[k]];
		if (session && t >= session->end) {
			if (t == session->end)
				session->successor = i;
			session = NULL;
		}
		if (!session) {
			session = &sessions[count++];
			session->start = t;
			session->successor = ROWS_MAX;
		}
		session->last = i;
		session->end = t + f->node.slide_ns;
		if (session->end > session->start + f->node.size_ns)
			session->end = session->start + f->node.size_ns;
		of_row[i] = (unsigned)(session - sessions);
	}
	return count;
}

static void load_sessions(struct fixture *f)
{
	struct session sessions[ROWS_MAX];
	unsigned of_row[ROWS_MAX];
	struct buf sql = BUF_INIT;

	find_sessions(f, sessions, of_row);
	buf_puts(&sql, "BEGIN; DROP TABLE IF EXISTS w; CREATE TABLE w(place, "
		       "ws, we, rank);");
	for (unsigned i = 0; i < f->count; i++) {
		const struct session *session = &sessions[of_row[i]];

		buf_printf(&sql, "INSERT INTO w VALUES(%u,%d,%d,%u);", i,
			   (int)session->start, (int)session->end,
			   session->successor * ROWS_MAX + session->last);
	}
	buf_puts(&sql, "COMMIT;");
	execute(f, buf_text(&sql));
	buf_release(&sql);
}

/* Each window's groups numbered in their order; a session is one group. */
static void put_query(struct buf *sql, const struct fixture *f)
{
	buf_puts(sql, "WITH g AS (SELECT ws, we, rank, min(place) AS first, "
		      "count(*) AS total");
	put_aggregates(sql, f);
	buf_puts(sql, " FROM t JOIN w USING (place) GROUP BY ws, we, rank");
	for (unsigned i = 0; i < f->node.key_count; i++)
		buf_printf(sql, ", %s", key_columns[i].name);
	put_having(sql, f);
	buf_puts(sql, "), n AS (SELECT *, row_number() OVER (PARTITION BY ws, "
		      "we, rank ORDER BY ");
	for (unsigned i = 0; i < f->node.order_count; i++)
		buf_printf(sql, "slot%u %s, ", f->orders[i].expr->slot,
			   f->orders[i].descending ? "DESC" : "ASC");
	buf_puts(sql, "first) AS n FROM g) SELECT ws, we");
	put_slots(sql, f);
	buf_puts(sql, ", total, (SELECT group_concat(id) FROM (SELECT id FROM "
		      "t JOIN w USING (place) WHERE w.ws = n.ws AND w.we = "
		      "n.we AND w.rank = n.rank");
	for (unsigned i = 0; i < f->node.key_count; i++)
		buf_printf(sql, " AND t.%s IS n.slot%u", key_columns[i].name,
			   2 + i);
	buf_puts(sql, " ORDER BY place)) FROM n");
	if (f->node.limit >= 0)
		buf_printf(sql, " WHERE n <= %d", (int)f->node.limit);
	buf_puts(sql, " ORDER BY we, rank, n");
}

static void run_plans(struct fixture *f, enum plan_window window)
{
	unsigned full = 0;

	f->with_evidence = true;
	for (unsigned i = 0; i < plans(); i++) {
		unsigned keys = chance(&f->chance, KEYS_MAX + 1);
		struct buf sql = BUF_INIT;

		random_rule(f, PLAN_GROUP, keys, 2 + keys);
		random_having(f);
		f->node.window = window;
		f->node.size_ns = 1 + chance(&f->chance, 20);
		f->node.slide_ns = 1 + chance(&f->chance, 6);
		if (window == PLAN_HOP)
			f->node.size_ns =
				f->node.slide_ns * (1 + chance(&f->chance, 6));
		load_rows(f);
		if (window == PLAN_SESSION)
			load_sessions(f);
		else
			load_windows(f);
		run_rows(f, STATE_BYTES);
		put_query(&sql, f);
		ask(f, buf_text(&sql));
		compare(f, buf_text(&sql));
		full += f->got.len > 0;
		buf_release(&sql);
	}
	print_message("%u of %u plans had matches\n", full, plans());
	assert_true(full * 3 >= plans() * 2);
}

static void tumble__random_plans__match_sqlite(void **state)
{
	run_plans(*state, PLAN_TUMBLE);
}

static void hop__random_plans__match_sqlite(void **state)
{
	run_plans(*state, PLAN_HOP);
}

static void session__random_plans__match_naive_sessions(void **state)
{
	run_plans(*state, PLAN_SESSION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tumble__random_plans__match_sqlite),
		TEST(hop__random_plans__match_sqlite),
		TEST(session__random_plans__match_naive_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
