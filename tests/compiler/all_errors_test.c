// SPDX-License-Identifier: Apache-2.0
/*
 * All that is wrong with a rule is said at once, and nothing that only follows
 * from it: in each text what stands in brackets is at fault.
 */
#include "compiler/front.h"
#include "stream/stream_fixture.h"

#define EXEC " FROM process.exec e"
#define ON                                                            \
	" ON c.pid_key = e.pid_key AND c.ts BETWEEN e.ts AND e.ts + " \
	"INTERVAL '1' SECOND"
#define TUMBLE(of) \
	" FROM TUMBLE(TABLE " of ", DESCRIPTOR(ts), INTERVAL '1' MINUTE)"
#define OVER(key)                                                         \
	" OVER (PARTITION BY " key " ORDER BY ts RANGE BETWEEN INTERVAL " \
	"'5' SECOND PRECEDING AND CURRENT ROW)"

/* Two of each, in the order in which they stand. */
static const char *const texts[] = {
	/* one clause */
	"SELECT [pdi], [uidd]" EXEC,
	"SELECT pid" EXEC " WHERE [pdi] = 1 AND [uidd] = 2",
	"SELECT pid" EXEC " WHERE [pdi] = 1 OR [uid = 'root']",
	"SELECT pid" EXEC " WHERE [pdi] IN (1, 2) AND [exe = 5]",
	"SELECT pid" EXEC
	" WHERE CASE WHEN [pdi] = 1 THEN TRUE ELSE [uidd] = 1 "
	"END",
	"SELECT [pdi] + [uidd] AS x" EXEC,
	"SELECT COALESCE([pdi], [uidd]) AS x" EXEC,
	"SELECT pid" EXEC " WHERE [pdi] BETWEEN [uidd] AND 5",
	"SELECT pid" EXEC " WHERE [pdi] || [uidd] = 'x'",
	/* SELECT and others */
	"SELECT [pdi]" EXEC " WHERE [uidd] = 1",
	"SELECT [pdi]" EXEC " WHERE uid IN [nolist]",
	"SELECT [pdi]" EXEC " WHERE uid IN ([nolist])",
	"SELECT pid" EXEC " WHERE [uidd] = 1 AND uid IN [nolist]",
	/* FROM */
	"SELECT [e.pdi]" EXEC " JOIN [process.exce c]" ON,
	"SELECT e.pid FROM [process.exce AS e] JOIN network.connect c" ON
	" WHERE [c.dst_prt] = 1",
	"SELECT c.x, y, [e.pdi]" EXEC " LEFT JOIN [process.exce AS c]" ON,
	/* ON */
	"SELECT [e.pdi]" EXEC " JOIN network.connect c" ON " AND [c.prt] = 1",
	"SELECT [e.pdi]" EXEC " LEFT JOIN network.connect c" ON
	" AND [c.prt] = 1",
	"SELECT e.pid" EXEC " JOIN FIRST network.connect c" ON
	" AND [c.prt] = 1 WHERE [e.pdi] = 5",
	"SELECT e.pid" EXEC " LEFT JOIN network.connect c" ON
	" AND [c.prt] = 1 LEFT JOIN file.open f ON f.pid_key = e.pid_key AND "
	"f.ts BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND AND [f.pth] = 'x'",
	"SELECT [e.pdi]" EXEC " AUTO JOIN network.connect c" ON
	" AND [c.prt] = 1",
	/* a join's bounds */
	"SELECT [e.pdi]" EXEC " JOIN [network.connect c] ON c.pid_key = "
	"e.pid_key",
	"SELECT [e.pdi]" EXEC " JOIN [network.connect c] ON c.ts = e.ts",
	"CREATE RULE r WITH (severity = ['hihg']) AS SELECT e.pid" EXEC
	" JOIN [network.connect c] ON c.pid_key = e.pid_key",
	"SELECT e.pid" EXEC " JOIN [network.connect c] ON c.pid_key = "
	"e.pid_key JOIN [file.open f] ON f.pid_key = e.pid_key",
	/* options */
	"CREATE RULE r WITH ([severty] = 'low') AS SELECT [pdi]" EXEC,
	"CREATE RULE r WITH (severity = ['lwo'], attack = ['x']) AS SELECT "
	"pid" EXEC,
	"CREATE RULE r WITH (dedup_key = ['pdi']) AS SELECT [uidd]" EXEC,
	/* groups */
	"SELECT COUNT(*) AS n" TUMBLE("process.exec") " WHERE [pdi] = 1 GROUP "
						      "BY [uidd]",
	"SELECT [pdi], COUNT(*) AS n" TUMBLE(
		"process.exec") " WHERE [uidd] = 1",
	"SELECT uid, COUNT(*) AS n" TUMBLE(
		"process.exec") " WHERE [pdi] = 1 GROUP BY uid HAVING [nn] > 5",
	"SELECT exe, COUNT(*) AS n, MAX([pdi])" TUMBLE(
		"process.exec") " GROUP BY exe, [uidd]",
	"SELECT [exe], COUNT(*) AS n" TUMBLE(
		"process.exec") " GROUP BY uid HAVING [COUNT(*)]",
	"SELECT uid, COUNT(*) AS n" TUMBLE(
		"process.exec") " GROUP BY uid HAVING [nn] > 1 ORDER BY [mm] LIMIT 3",
	"SELECT uid, SUM([exe])" TUMBLE(
		"process.exec") " GROUP BY uid ORDER BY uid LIMIT 3 [EMIT ON FIRST MATCH]",
	"SELECT COUNT(*) AS n, [pdi]" EXEC " GROUP BY [uid]",
	"SELECT COUNT(*) AS n FROM [TUMBLE(TABLE process.exce, DESCRIPTOR(ts), "
	"[INTERVAL '0' SECOND])] WHERE pid = 1 GROUP BY uid",
	/* OVER */
	"SELECT COUNT(*)" OVER("[pdi]") " AS n, [uidd]" EXEC,
	"SELECT n FROM (SELECT [uidd], COUNT(*)" OVER(
		"pid") " AS n" EXEC ") t WHERE n > 3 AND [m] > 1",
	"SELECT n, [m] FROM (SELECT COUNT(*)" OVER("[pdi]") " AS n" EXEC ") t "
							    "WHERE n > 3",
	/* subqueries */
	"SELECT [t.x] FROM (SELECT pid, [pdi] AS y" EXEC ") t WHERE t.y > 1",
	"SELECT [pdi]" EXEC " WHERE EXISTS (SELECT 1 FROM network.connect c "
	"WHERE [c.prt] = 1 AND c.pid_key = e.pid_key AND c.ts = e.ts)",
	"SELECT [pdi]" EXEC " WHERE NOT EXISTS (SELECT 1 FROM [process.exce "
	"c] WHERE c.pid_key = e.pid_key AND c.ts = e.ts)",
	"WITH w AS (SELECT ts, pid AS p" EXEC ") SELECT p, [q] FROM w JOIN "
	"network.connect c ON c.pid = w.p AND [c.prt] = 5",
	"SELECT v.pid, [v.x], [c.prt] FROM v JOIN network.connect c ON c.pid = "
	"v.pid AND c.ts = v.ts; CREATE VIEW v AS SELECT ts, pid" EXEC,
	"SELECT pid, [q.x] AS y, [pdi] AS z" EXEC,
	"SELECT e.pid, [q.x] AS y FROM process.exec e WHERE e.ts = "
	"[:t_start] + 5",
	"CREATE VIEW v AS SELECT pid, COUNT(*)" OVER(
		"[pdi]") " AS n" EXEC
			 "; SELECT pid FROM v WHERE n > 2; SELECT n FROM v WHERE [pdd] = 1",
	/* sequences */
	"SELECT [m.x] FROM process.exec MATCH_RECOGNIZE (PARTITION BY pid_key "
	"ORDER BY ts MEASURES A.pid AS p PATTERN (A B) WITHIN INTERVAL '1' "
	"SECOND DEFINE A AS [pdi] = 1) AS m",
	"SELECT m.p FROM process.exec MATCH_RECOGNIZE (PARTITION BY [pdi_key] "
	"ORDER BY ts MEASURES [A.pdi] AS p PATTERN (A B) WITHIN INTERVAL '1' "
	"SECOND) AS m WHERE m.pdi_key > 1",
	"SELECT m.p FROM process.exec MATCH_RECOGNIZE (PARTITION BY pid_key "
	"ORDER BY ts MEASURES A.pid AS p PATTERN (A B{2}) WITHIN INTERVAL '1' "
	"SECOND DEFINE A AS [pdi] = 1, B AS [uidd] = 1) AS m",
	"SELECT m.p FROM process.exec MATCH_RECOGNIZE (PARTITION BY pid_key "
	"ORDER BY ts MEASURES B.dst_prt AS p PATTERN (A B) WITHIN INTERVAL '1' "
	"SECOND DEFINE A AS [pdi] = 1, B AS [network.conect] WHERE dst_prt = "
	"1) AS m",
	/* other statements */
	"CREATE LIST l ([pid]); SELECT [pdi]" EXEC " WHERE uid IN l",
	"CREATE VIEW v AS SELECT [FROM] x; SELECT pid, q FROM v; SELECT "
	"[pdi]" EXEC,
	"CREATE RULE r AS SELECT [FROM] x; SELECT pid, q FROM matches.r; "
	"SELECT [pdi]" EXEC,
	"CREATE RULE r AS SELECT [pdi]" EXEC "; SELECT m.pdi, m.x FROM "
	"matches.r m JOIN network.connect c ON c.ts = m.ts AND [c.prt] = 1",
	"SELECT m.x, [c.prt] FROM [matches.none m] JOIN network.connect c ON "
	"c.ts = m.ts",
};

#define MARKS 2

struct marked {
	struct buf text;
	unsigned count;
	uint32_t starts[MARKS], ends[MARKS];
};

static void unmark(struct marked *m, const char *text)
{
	unsigned open[MARKS], depth = 0;

	*m = (struct marked){ .text = BUF_INIT };
	for (; *text; text++) {
		if (*text == '[') {
			assert_true(m->count < MARKS);
			m->starts[m->count] = (uint32_t)m->text.len;
			open[depth++] = m->count++;
		} else if (*text == ']') {
			assert_true(depth > 0);
			m->ends[open[--depth]] = (uint32_t)m->text.len;
		} else {
			buf_putc(&m->text, *text);
		}
	}
	assert_int_equal(m->text.failed, 0);
	assert_int_equal(m->count, MARKS);
}

static bool is_told(const struct front *front, uint32_t start, uint32_t end)
{
	for (unsigned i = 0; i < front->diagnostics->count; i++) {
		const struct diagnostic *d = &front->diagnostics->items[i];

		if (d->level == DIAGNOSTIC_ERROR && d->span.start == start &&
		    d->span.end == end)
			return true;
	}
	return false;
}

static bool check(const char *text)
{
	struct front front;
	struct marked m;
	bool ok;

	unmark(&m, text);
	front_compile_bytes(&front, (const char *)m.text.bytes, m.text.len);
	ok = front.result == COMPILE_REJECTED &&
	     front.diagnostics->error_count == MARKS &&
	     front.diagnostics->warning_count == 0;
	for (unsigned i = 0; i < MARKS; i++)
		ok &= is_told(&front, m.starts[i], m.ends[i]);
	if (!ok)
		print_error("%s\n%s\n", text, front_text(&front));
	front_release(&front);
	buf_release(&m.text);
	return ok;
}

static void errors__two_in_a_text__are_told_and_nothing_else(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		failed += !check(texts[i]);
	assert_int_equal(failed, 0);
}

/* Some bytes cut out, or those of another text put in: never worse than errors. */
static void errors__damaged_texts__end_in_a_result(void **state)
{
	unsigned rounds = check_full() ? 200000 : 5000;
	uint64_t seed = test_seed();

	(void)state;
	for (unsigned i = 0; i < rounds; i++) {
		const char *from = texts[chance(&seed, ARRAY_SIZE(texts))];
		const char *other = texts[chance(&seed, ARRAY_SIZE(texts))];
		size_t at = chance(&seed, (unsigned)strlen(from));
		size_t part = chance(&seed, (unsigned)strlen(other));
		struct buf text = BUF_INIT;
		struct front front;

		buf_put(&text, from, at);
		if (chance(&seed, 2))
			buf_put(&text, other + part,
				strnlen(other + part, chance(&seed, 60)));
		at += chance(&seed, 12);
		if (at < strlen(from))
			buf_puts(&text, from + at);
		/* What was at fault is marked in brackets. */
		for (size_t k = 0; k < text.len; k++)
			if (text.bytes[k] == '[' || text.bytes[k] == ']')
				text.bytes[k] = ' ';
		front_compile_bytes(&front, (const char *)text.bytes, text.len);
		assert_in_range(front.result, COMPILE_OK, COMPILE_REJECTED);
		assert_int_equal(front.result == COMPILE_REJECTED,
				 front.diagnostics->error_count > 0);
		front_release(&front);
		buf_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			errors__two_in_a_text__are_told_and_nothing_else),
		cmocka_unit_test(errors__damaged_texts__end_in_a_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
