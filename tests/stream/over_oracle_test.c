// SPDX-License-Identifier: Apache-2.0
/*
 * Sliding aggregates against SQLite's window functions, and COUNT(DISTINCT),
 * which SQLite has no window function for, against a subquery per row. Each
 * match's evidence is all its window has.
 */
#include "aggregate_plan.h"

static void put_partition(struct buf *sql, const struct fixture *f,
			  const char *between)
{
	for (unsigned i = 0; i < f->node.key_count; i++)
		buf_printf(sql, "%s%s", i ? between : "", key_columns[i].name);
}

/* Rows of the window of t's row, of table b. */
static void put_peers(struct buf *sql, const struct fixture *f)
{
	buf_printf(sql, " FROM t b WHERE b.ts BETWEEN t.ts - %d AND t.ts",
		   (int)f->node.range_ns);
	for (unsigned i = 0; i < f->node.key_count; i++)
		buf_printf(sql, " AND b.%s = t.%s", key_columns[i].name,
			   key_columns[i].name);
}

static void put_over(struct buf *sql, const struct fixture *f, unsigned i)
{
	const struct plan_aggregate *aggregate = &f->aggregates[i];

	buf_puts(sql, ", ");
	if (aggregate->op == PLAN_COUNT_DISTINCT) {
		if (aggregate->saturate)
			buf_printf(sql, "min(%u, ", aggregate->saturate + 1);
		buf_puts(sql, "(SELECT ");
		put_call(sql, f, i, "b.");
		put_peers(sql, f);
		buf_puts(sql, aggregate->saturate ? "))" : ")");
		return;
	}
	put_call(sql, f, i, "");
	buf_puts(sql, " OVER w");
}

static void put_query(struct buf *sql, const struct fixture *f)
{
	buf_puts(sql, "SELECT id");
	for (unsigned i = 0; i < f->node.aggregate_count; i++)
		put_over(sql, f, i);
	buf_puts(sql, ", (SELECT COUNT(*)");
	put_peers(sql, f);
	buf_puts(sql, "), (SELECT group_concat(id) FROM (SELECT id");
	put_peers(sql, f);
	buf_puts(sql, " ORDER BY place)) FROM t WHERE 1");
	for (unsigned i = 0; i < f->node.key_count; i++)
		buf_printf(sql, " AND %s IS NOT NULL", key_columns[i].name);
	buf_puts(sql, " WINDOW w AS (");
	if (f->node.key_count)
		buf_puts(sql, "PARTITION BY ");
	put_partition(sql, f, ", ");
	buf_printf(sql,
		   " ORDER BY ts RANGE BETWEEN %d PRECEDING AND CURRENT ROW) "
		   "ORDER BY place",
		   (int)f->node.range_ns);
}

static void over__random_plans__match_sqlite(void **state)
{
	struct fixture *f = *state;
	unsigned full = 0;

	f->with_evidence = true;
	for (unsigned i = 0; i < plans(); i++) {
		struct buf sql = BUF_INIT;

		random_rule(f, PLAN_OVER, chance(&f->chance, KEYS_MAX + 1), 0);
		f->node.range_ns = chance(&f->chance, 12);
		load_rows(f);
		run_rows(f, STATE_BYTES);
		put_query(&sql, f);
		ask(f, buf_text(&sql));
		compare(f, buf_text(&sql));
		full += f->got.len > 0;
		buf_release(&sql);
	}
	print_message("%u of %u plans had matches\n", full, plans());
	assert_true(full * 10 >= plans() * 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			over__random_plans__match_sqlite, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
