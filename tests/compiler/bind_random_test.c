// SPDX-License-Identifier: Apache-2.0
/* Random queries of random shape: each is compiled, or refused in words. */
#include "compiler/front.h"
#include "compiler/predicate_gen.h"

struct draw {
	struct buf *out;
	struct gen *gen;
	unsigned names; /* aliases so far */
};

static unsigned pick(struct draw *d, unsigned n)
{
	return gen_below(d->gen, n);
}

static void draw_query(struct draw *d, unsigned depth);

static void draw_stream(struct draw *d)
{
	static const char *const streams[] = { "process.exec", "process.exit",
					       "network.connect", "file.open",
					       "matches.base" };

	buf_puts(d->out, streams[pick(d, ARRAY_SIZE(streams))]);
}

static void draw_source(struct draw *d, unsigned depth)
{
	if (!depth || pick(d, 3) == 0) {
		draw_stream(d);
		return;
	}
	buf_putc(d->out, '(');
	draw_query(d, depth - 1);
	buf_putc(d->out, ')');
}

static void draw_recognize(struct draw *d, unsigned depth, unsigned alias)
{
	static const char *const patterns[] = { "A B", "A C? B", "A{2} B",
						"A C{3} B", "A+ C* B" };
	unsigned pattern = pick(d, ARRAY_SIZE(patterns)), until = pick(d, 2);

	draw_source(d, depth);
	buf_printf(d->out,
		   " MATCH_RECOGNIZE (PARTITION BY pid_key ORDER BY ts "
		   "MEASURES A.uid AS uid, B.ts AS ts PATTERN (%s) WITHIN "
		   "INTERVAL '1' MINUTE%s DEFINE A AS uid > 0, B AS uid > "
		   "A.uid%s) AS t%u",
		   patterns[pattern], until ? " UNTIL U" : "",
		   until ? ", U AS process.exit WHERE uid = 0" : "", alias);
}

/* Every query has columns pid_key, uid and ts; its items too. */
static void draw_item(struct draw *d, unsigned depth, unsigned alias)
{
	if (pick(d, 6) == 0) {
		draw_recognize(d, depth, alias);
		return;
	}
	draw_source(d, depth);
	buf_printf(d->out, " AS t%u", alias);
}

static void draw_between(struct draw *d, unsigned left, unsigned right)
{
	buf_printf(d->out,
		   "t%u.pid_key = t%u.pid_key AND t%u.ts BETWEEN t%u.ts AND "
		   "t%u.ts + INTERVAL '5' SECOND",
		   right, left, right, left, left);
}

static void draw_where(struct draw *d, unsigned depth, unsigned first)
{
	unsigned inner = d->names;

	buf_printf(d->out, " WHERE t%u.uid < %u", first, pick(d, 9));
	if (pick(d, 4) == 0) {
		d->names++;
		buf_printf(d->out, " AND %sEXISTS (SELECT 1 FROM ",
			   pick(d, 2) ? "NOT " : "");
		draw_source(d, depth);
		buf_printf(d->out, " AS t%u WHERE ", inner);
		draw_between(d, first, inner);
		buf_putc(d->out, ')');
	}
	if (pick(d, 6) == 0)
		buf_printf(d->out,
			   " AND FIRST_SEEN(t%u.uid, INTERVAL '1' HOUR)",
			   first);
}

static void draw_window(struct draw *d, unsigned depth)
{
	static const char *const tails[] = {
		", DESCRIPTOR(ts), INTERVAL '1' MINUTE)",
		", DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '9' SECOND)",
	};
	unsigned hop = pick(d, 2);

	buf_printf(d->out,
		   "SELECT uid, MAX(pid_key) AS pid_key, window_end AS ts, "
		   "COUNT(*) AS n FROM %s(TABLE ",
		   hop ? "HOP" : "TUMBLE");
	draw_source(d, depth);
	buf_puts(d->out, tails[hop]);
	if (pick(d, 2))
		buf_puts(d->out, " WHERE uid > 0");
	buf_puts(d->out, " GROUP BY uid");
	if (pick(d, 2))
		buf_puts(d->out, " HAVING n > 2 AND SUM(uid) < 50");
	if (pick(d, 3) == 0)
		buf_puts(d->out, " ORDER BY n DESC LIMIT 3");
}

static void draw_query(struct draw *d, unsigned depth)
{
	static const char *const joins[] = { " JOIN ", " LEFT JOIN ",
					     " JOIN FIRST " };
	unsigned first = d->names++, more = pick(d, 3) == 0;

	if (pick(d, 5) == 0) {
		draw_window(d, depth);
		return;
	}
	buf_printf(d->out, "SELECT t%u.pid_key, t%u.uid, t%u.ts", first, first,
		   first);
	if (pick(d, 3) == 0)
		buf_printf(d->out,
			   ", COUNT(DISTINCT t%u.uid) OVER (PARTITION BY "
			   "t%u.pid_key ORDER BY t%u.ts RANGE BETWEEN INTERVAL "
			   "'3' SECOND PRECEDING AND CURRENT ROW) AS n",
			   first, first, first);
	buf_puts(d->out, " FROM ");
	draw_item(d, depth, first);
	while (more--) {
		unsigned next = d->names++;

		buf_puts(d->out, joins[pick(d, ARRAY_SIZE(joins))]);
		draw_item(d, depth, next);
		buf_puts(d->out, " ON ");
		draw_between(d, first, next);
	}
	if (pick(d, 2))
		draw_where(d, depth, first);
}

/* bind_check() has seen each block, and the plan's checker the plan. */
static void bind__random_queries__keep_the_invariants(void **state)
{
	unsigned count = gen_full() ? 100000 : 3000, sound = 0;
	struct gen gen = { .state = test_seed() };

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		struct buf text = BUF_INIT;
		struct draw draw = { .out = &text, .gen = &gen };
		struct front front;

		buf_puts(&text, "CREATE RULE base AS SELECT e.pid_key, uid, ts "
				"FROM process.exec e;\n");
		draw_query(&draw, 2);
		buf_putc(&text, ';');
		front_compile(&front, buf_text(&text));
		assert_true(front.result == COMPILE_OK ||
			    front.result == COMPILE_REJECTED);
		sound += front.result == COMPILE_OK;
		front_release(&front);
		buf_release(&text);
	}
	print_message("%u of %u queries compile\n", sound, count);
	assert_true(sound > count / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind__random_queries__keep_the_invariants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
