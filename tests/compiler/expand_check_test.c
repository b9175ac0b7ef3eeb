// SPDX-License-Identifier: Apache-2.0
/* The names of a set of rules: each says one thing, none reads itself. */
#include "compiler/expansion.h"

static void view__circle__named(void **state)
{
	(void)state;
	refused("CREATE VIEW a AS SELECT pid FROM b; CREATE VIEW b AS SELECT "
		"x.pid FROM c x JOIN c y ON y.pid = x.pid; CREATE VIEW c AS "
		"SELECT pid FROM a; SELECT pid FROM c",
		"a reads b, which reads c, which reads a");
	refused("CREATE VIEW a AS SELECT pid FROM process.exec WHERE EXISTS "
		"(SELECT 1 FROM a); SELECT pid FROM a",
		"the view 'a' reads itself");
}

static void names__said_twice__refused(void **state)
{
	(void)state;
	refused("CREATE LIST a ('x'); CREATE VIEW a AS SELECT pid FROM "
		"process.exec; SELECT pid FROM process.exec",
		"the view 'a' is named like a list");
	refused("CREATE LIST a ('x'); CREATE LIST a ('y'); SELECT pid FROM "
		"process.exec",
		"there are two lists named 'a'");
	refused("CREATE RULE a AS SELECT pid FROM process.exec; CREATE RULE a "
		"AS SELECT pid FROM process.exec;",
		"there are two rules named 'a'");
	refused("CREATE VIEW file.open AS SELECT pid FROM process.exec; SELECT "
		"pid FROM process.exec",
		"the view 'file.open' is named like a stream");
	refused("CREATE VIEW fs.events AS SELECT pid FROM process.exec; SELECT "
		"pid FROM fs.events",
		"the view 'fs.events' is named like a built-in view");
	refused("WITH a AS (SELECT pid FROM process.exec), a AS (SELECT pid "
		"FROM process.exec) SELECT pid FROM a",
		"there are two WITH queries named 'a'");
}

/* Wherever a query can name a view or hold a query. */
static void view__circle_in_any_place__named(void **state)
{
#define IN "EXISTS (SELECT 1 FROM a)"
	static const char *const bodies[] = {
		"pid FROM a",
		"pid FROM (SELECT pid FROM a) AS s",
		"pid FROM process.exec e JOIN a ON a.pid = e.pid",
		"pid FROM process.exec e JOIN file.open f ON " IN,
		"pid FROM process.exec e AUTO JOIN file.open f ON f.pid = "
		"e.pid WHEN " IN,
		IN " AS x FROM process.exec",
		"SUM(" IN ") AS n FROM process.exec",
		"pid FROM process.exec WHERE pid = 1 OR NOT " IN,
		"pid FROM process.exec GROUP BY " IN,
		"pid FROM process.exec GROUP BY pid HAVING " IN,
		"pid FROM process.exec ORDER BY " IN " LIMIT 1",
		"pid FROM TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '9' "
		"SECOND)",
		"pid FROM process.exec MATCH_RECOGNIZE (ORDER BY ts MEASURES "
		"" IN " AS pid PATTERN (A B) WITHIN INTERVAL '9' SECOND)",
		"pid FROM process.exec MATCH_RECOGNIZE (ORDER BY ts MEASURES "
		"A.pid AS pid PATTERN (A B) WITHIN INTERVAL '9' SECOND DEFINE "
		"B AS a WHERE pid = 1)",
		"pid FROM process.exec MATCH_RECOGNIZE (ORDER BY ts MEASURES "
		"A.pid AS pid PATTERN (A B) WITHIN INTERVAL '9' SECOND DEFINE "
		"B AS " IN ")",
		"pid FROM process.exec MATCH_RECOGNIZE (ORDER BY ts MEASURES "
		"A.pid AS pid PATTERN (A B) WITHIN INTERVAL '9' SECOND UNTIL U "
		"DEFINE U AS a WHERE pid = 1)",
		"w.pid FROM (WITH w AS (SELECT pid FROM a) SELECT pid FROM w) "
		"AS w",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct buf text = BUF_INIT;

		buf_printf(&text,
			   "CREATE VIEW a AS SELECT %s; SELECT pid FROM a",
			   bodies[i]);
		refused(buf_text(&text), "the view 'a' reads itself");
		buf_release(&text);
	}
#undef IN
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(view__circle__named),
		cmocka_unit_test(view__circle_in_any_place__named),
		cmocka_unit_test(names__said_twice__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
