// SPDX-License-Identifier: Apache-2.0
/*
 * What may stand where: in every clause a function that is none is refused,
 * aggregates have their places, and each clause sees the names it should.
 */
#include "compiler/front.h"

#define TUMBLE "TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE)"
#define RANGE "RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW"
#define SEQUENCE(measures, define)                                            \
	"SELECT m.x FROM process.exec MATCH_RECOGNIZE (PARTITION BY pid_key " \
	"ORDER BY ts MEASURES " measures " AS x PATTERN (A B) WITHIN "        \
	"INTERVAL '1' MINUTE DEFINE A AS exe = 'a', B AS " define ") AS m;"
#define EXISTS(where)                                                      \
	"SELECT e.pid FROM process.exec e WHERE NOT EXISTS (SELECT c.pid " \
	"FROM network.connect c WHERE c.pid_key = e.pid_key AND c.ts "     \
	"BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND AND " where ");"
#define JOIN(kind)                                                        \
	"SELECT e.pid FROM process.exec e " kind " network.connect c ON " \
	"c.pid_key = e.pid_key AND c.ts BETWEEN e.ts AND e.ts + "         \
	"INTERVAL '5' SECOND AND c.dst_port = %s;"

/* Each has one hole for an expression; it is the one mistake. */
static const char *const places[] = {
	"SELECT %s AS x FROM process.exec;",
	"SELECT pid FROM process.exec WHERE %s;",
	"SELECT pid FROM process.exec WHERE pid IN (1, %s);",
	"SELECT pid FROM process.exec WHERE pid BETWEEN 1 AND %s;",
	"SELECT pid FROM process.exec WHERE %s LIKE 'x';",
	"SELECT CASE WHEN %s THEN 1 END AS x FROM process.exec;",
	"SELECT CASE pid WHEN 1 THEN 2 ELSE %s END AS x FROM process.exec;",
	"SELECT CAST(%s AS TEXT) AS x FROM process.exec;",
	"SELECT LENGTH(LOWER(%s)) AS x FROM process.exec;",
	"SELECT SUM(%s) AS x FROM " TUMBLE " GROUP BY exe;",
	"SELECT SUM(pid + %s) OVER (ORDER BY ts " RANGE ") AS x FROM "
	"process.exec;",
	"SELECT COUNT(*) AS n FROM " TUMBLE " GROUP BY exe HAVING %s > 3;",
	"SELECT exe, COUNT(*) AS n FROM " TUMBLE " GROUP BY exe HAVING "
	"COUNT(DISTINCT %s) > 3;",
	"SELECT exe, COUNT(*) AS n FROM " TUMBLE " GROUP BY exe ORDER BY %s "
	"LIMIT 3;",
	"SELECT COUNT(*) AS n FROM " TUMBLE " WHERE %s = 1 GROUP BY exe;",
	JOIN("JOIN"),
	JOIN("JOIN FIRST"),
	JOIN("LEFT JOIN"),
	SEQUENCE("A.pid", "%s"),
	SEQUENCE("%s", "TRUE"),
	EXISTS("%s"),
	"SELECT pid FROM process.exec WHERE FIRST_SEEN(%s, INTERVAL '1' DAY);",
	"SELECT t.x FROM (SELECT %s AS x FROM process.exec) AS t;",
	"WITH t AS (SELECT %s AS x FROM process.exec) SELECT t.x FROM t;",
	"CREATE VIEW v AS SELECT %s AS x FROM process.exec; "
	"SELECT x FROM v;",
	"SELECT COUNT(*) AS n FROM " TUMBLE " GROUP BY exe, LENGTH(%s);",
	"SELECT pid FROM process.exec WHERE exe LIKE %s;",
	"SELECT pid FROM process.exec WHERE exe REGEXP %s;",
	"SELECT pid FROM process.exec WHERE 'x' = ANY(%s);",
	"SELECT pid FROM process.exec WHERE %s IS NULL;",
	"SELECT -%s AS x FROM process.exec;",
	"SELECT exe || %s AS x FROM process.exec;",
	"SELECT COALESCE(exe, %s) AS x FROM process.exec;",
	"SELECT e.pid FROM process.exec e AUTO JOIN network.connect n ON "
	"n.pid_key = e.pid_key WHEN %s;",
	"SELECT e.pid FROM process.exec e WHERE EXISTS (SELECT %s FROM "
	"process.exit x WHERE x.pid_key = e.pid_key AND x.ts BETWEEN e.ts AND "
	"e.ts + INTERVAL '5' SECOND);",
	SEQUENCE("A.pid", "process.exec WHERE %s"),
	"SELECT m.x FROM process.exec MATCH_RECOGNIZE (PARTITION BY pid_key "
	"ORDER BY ts MEASURES A.pid AS x PATTERN (A B) WITHIN INTERVAL '1' "
	"MINUTE UNTIL U DEFINE U AS process.exit WHERE %s) AS m;",
	"SELECT name FROM processes.snapshots WHERE %s;",
	/* What is never evaluated, and what is never read. */
	"SELECT pid FROM process.exec WHERE TRUE OR %s;",
	"SELECT pid FROM process.exec WHERE FALSE AND %s;",
	"SELECT CASE WHEN TRUE THEN 1 ELSE %s END AS x FROM process.exec;",
	"CREATE RULE r WITH (enabled = FALSE) AS SELECT %s AS x FROM "
	"process.exec; SELECT pid FROM process.exec;",
	"SELECT t.pid FROM (SELECT pid, %s AS x FROM process.exec) AS t;",
	"CREATE VIEW v AS SELECT %s AS x FROM process.exec; "
	"SELECT pid FROM process.exec;",
	"CREATE VIEW v AS SELECT pid, %s AS x FROM process.exec; "
	"SELECT pid FROM v;",
	"CREATE VIEW v AS SELECT pid FROM process.exec WHERE %s = 1; "
	"SELECT pid FROM process.exec;",
	"CREATE VIEW v AS WITH t AS (SELECT pid, %s AS x FROM process.exec) "
	"SELECT t.pid FROM t; SELECT pid FROM v;",
	"WITH t AS (SELECT %s AS x FROM process.exec) SELECT pid FROM "
	"process.exec;",
	"WITH t AS (SELECT pid, %s AS x FROM process.exec) SELECT pid FROM t;",
	"WITH t AS (SELECT pid FROM process.exec), u AS (SELECT %s AS x FROM "
	"t) SELECT pid FROM t;",
	"SELECT pid FROM (WITH t AS (SELECT %s AS x FROM process.exit) SELECT "
	"pid FROM process.exec) AS u;",
};

static bool is_refused(struct front *front, const char *template,
		       const char *expr, const char *message)
{
	const char *hole = strstr(template, "%s");
	struct buf text = BUF_INIT;
	bool ok = false;

	buf_printf(&text, "%.*s%s%s", (int)(hole - template), template, expr,
		   hole + 2);
	front_compile(front, buf_text(&text));
	for (unsigned i = 0; i < front->diagnostics->count; i++)
		ok |= strcmp(front->diagnostics->items[i].message, message) ==
		      0;
	ok &= front->result == COMPILE_REJECTED;
	if (!ok)
		print_error("%s\n%s", buf_text(&text), front_text(front));
	front_release(front);
	buf_release(&text);
	return ok;
}

static void place__forbidden_function__is_refused_in_each(void **state)
{
	bool ok = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct front front;

		ok &= is_refused(&front, places[i], "load_extension('x')",
				 "'load_extension' is not one of the functions "
				 "of a rule");
	}
	assert_true(ok);
}

/* Where keys are columns no call stands at all. */
static void place__keys__are_columns(void **state)
{
	static const char *const keys[] = {
		"SELECT COUNT(*) OVER (PARTITION BY random() ORDER BY ts " RANGE
		") AS n FROM process.exec;",
		"SELECT COUNT(*) OVER (ORDER BY random() " RANGE ") AS n FROM "
		"process.exec;",
		"SELECT m.x FROM process.exec MATCH_RECOGNIZE (PARTITION BY "
		"random() ORDER BY ts MEASURES A.pid AS x PATTERN (A B) WITHIN "
		"INTERVAL '1' MINUTE DEFINE A AS TRUE) AS m;",
		"CREATE LIST l (random()); SELECT pid FROM process.exec;",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct front front;

		front_compile(&front, keys[i]);
		assert_int_equal(front.result, COMPILE_REJECTED);
		front_release(&front);
	}
}

static const struct {
	const char *text;
	const char *message;
} aggregates[] = {
	{ "SELECT pid FROM process.exec WHERE %s > 1;",
	  "COUNT(*) cannot stand in WHERE" },
	{ JOIN("JOIN"), "COUNT(*) cannot stand in ON" },
	{ JOIN("LEFT JOIN"), "COUNT(*) cannot stand in ON" },
	{ "SELECT COUNT(*) AS n FROM " TUMBLE " GROUP BY LENGTH(exe) + %s;",
	  "COUNT(*) cannot stand in GROUP BY" },
	{ "SELECT SUM(pid + %s) AS n FROM " TUMBLE " GROUP BY exe;",
	  "COUNT(*) cannot stand in another aggregate" },
	{ SEQUENCE("A.pid", "%s > 1"), "COUNT(*) cannot stand in DEFINE" },
	{ SEQUENCE("%s", "TRUE"), "COUNT(*) cannot stand in MEASURES" },
	{ EXISTS("%s > 1"), "COUNT(*) cannot stand in the subquery of EXISTS" },
};

static void place__aggregate__has_its_clauses(void **state)
{
	bool ok = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(aggregates); i++) {
		struct front front;

		ok &= is_refused(&front, aggregates[i].text, "COUNT(*)",
				 aggregates[i].message);
	}
	assert_true(ok);
}

static const struct {
	const char *text;
	const char *message; /* NULL: it compiles */
	const char *suggestion;
} names[] = {
	{ "CREATE RULE a AS SELECT pid, exe AS program FROM process.exec;"
	  "CREATE RULE b AS SELECT m.program, m.ts FROM matches.a m;",
	  NULL, NULL },
	{ "CREATE RULE a AS SELECT pid, exe AS program FROM process.exec;"
	  "CREATE RULE b AS SELECT m.progam FROM matches.a m;",
	  "unknown column 'progam' of m", "did you mean 'program'?" },
	{ "CREATE RULE a AS SELECT pid FROM process.exec;"
	  "CREATE RULE b AS SELECT m.seq FROM matches.a m;",
	  "unknown column 'seq' of m", NULL },
	{ "CREATE RULE a AS SELECT family FROM network.connect;"
	  "CREATE RULE b AS SELECT m.ts FROM matches.a m WHERE m.family = "
	  "'inet';",
	  NULL, NULL },
	{ "CREATE RULE a AS SELECT family FROM network.connect;"
	  "CREATE RULE b AS SELECT m.ts FROM matches.a m WHERE m.family = "
	  "'inet5';",
	  "'inet5' is no value of family", "did you mean 'inet'?" },
	{ SEQUENCE("B.exe", "exe = A.exe AND B.pid > 1"), NULL, NULL },
	{ SEQUENCE("A.pid", "A.exx = 'x'"),
	  "unknown column 'exx' of process.exec", "did you mean 'exe'?" },
	{ SEQUENCE("pid", "TRUE"), "column 'pid' is ambiguous",
	  "write a.pid, b.pid" },
	{ EXISTS("c.exe = e.exe AND dst_port = 1"), NULL, NULL },
	{ EXISTS("e.dst_port = 1"), "unknown column 'dst_port' of process.exec",
	  NULL },
};

static void place__names__are_those_of_the_clause(void **state)
{
	bool all = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *message = names[i].message;
		const char *suggestion = names[i].suggestion;
		const struct diagnostic *d;
		struct front front;
		bool ok;

		front_compile(&front, names[i].text);
		/* A rule before the one that is wrong may be warned of. */
		d = front.diagnostics->items;
		while (message && d->level == DIAGNOSTIC_WARNING)
			d++;
		ok = message ? front.result == COMPILE_REJECTED &&
				       strcmp(d->message, message) == 0 :
			       front.result == COMPILE_OK;
		if (ok && suggestion)
			ok = d->suggestion &&
			     strcmp(d->suggestion, suggestion) == 0;
		if (!ok)
			print_error("%s\n%s", names[i].text,
				    front_text(&front));
		all &= ok;
		front_release(&front);
	}
	assert_true(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(place__forbidden_function__is_refused_in_each),
		cmocka_unit_test(place__keys__are_columns),
		cmocka_unit_test(place__aggregate__has_its_clauses),
		cmocka_unit_test(place__names__are_those_of_the_clause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
