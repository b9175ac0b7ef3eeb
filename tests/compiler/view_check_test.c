// SPDX-License-Identifier: Apache-2.0
/* What is wrong with a view is told also when no rule reads it, and once. */
#include "compiler/front.h"

#define RULE "SELECT pid FROM process.exec;"

static void complains(const char *text, unsigned errors, const char *message)
{
	struct front front;

	front_compile(&front, text);
	if (front.diagnostics->error_count != errors ||
	    (message && !strstr(front_text(&front), message)))
		print_error("%s\n%s\n", text, front_text(&front));
	assert_int_equal(front.diagnostics->error_count, errors);
	assert_int_equal(front.result, errors ? COMPILE_REJECTED : COMPILE_OK);
	if (message)
		assert_non_null(strstr(front_text(&front), message));
	front_release(&front);
}

static void view__wrong__is_told_once(void **state)
{
	static const char *const wrong[] = {
		"CREATE VIEW v AS SELECT nope FROM process.exec;" RULE,
		"CREATE VIEW v AS SELECT nope FROM process.exec;"
		"SELECT nope FROM v;",
		"CREATE VIEW v AS SELECT pid, nope FROM process.exec;"
		"SELECT pid FROM v;",
		"WITH v AS (SELECT pid, nope FROM process.exec) "
		"SELECT pid FROM v;",
		"CREATE VIEW v AS SELECT t.pid FROM (SELECT pid, nope FROM "
		"process.exec) AS t; SELECT pid FROM v;",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		complains(wrong[i], 1, "unknown column 'nope' of process.exec");
	/* In the view's words, whatever its readers call it. */
	complains("CREATE VIEW v AS SELECT pid FROM process.exec WHERE uid = "
		  "'x'; SELECT a.pid FROM v a; SELECT b.pid FROM v b;",
		  1,
		  "rules/test.sql:1:53: error: cannot compare uid (BIGINT) "
		  "with 'x' (TEXT)\n");
	complains("CREATE VIEW v AS SELECT pid, uid = 'x' AS y FROM "
		  "process.exec; CREATE VIEW w AS SELECT c.pid FROM v c WHERE "
		  "c.pid = 'z'; SELECT a.pid FROM v a; SELECT b.pid FROM w b; "
		  "SELECT d.pid AS q FROM w d;",
		  2, "cannot compare c.pid (BIGINT) with 'z'");
	complains("WITH w AS (SELECT pid, pid_key, ts FROM process.exec WHERE "
		  "uid = 'x') SELECT a.pid FROM w a JOIN w b ON a.pid_key = "
		  "b.pid_key AND b.ts = a.ts;",
		  1, "cannot compare uid (BIGINT) with 'x'");
	complains("CREATE VIEW v AS SELECT e.pid FROM process.exec e JOIN "
		  "file.open f ON f.pid_key = e.pid_key; SELECT x.pid FROM v "
		  "x; SELECT y.pid AS z FROM v y;",
		  1, "the join with 'f' needs a time bound");
	complains("CREATE VIEW v AS SELECT pid FROM process.exex;" RULE, 1,
		  "rules/test.sql:1:34: error: unknown stream 'process.exex'");
	complains("CREATE VIEW v AS SELECT pid FROM matches.nope;" RULE, 1,
		  "'v' reads the matches of a rule that is not there");
}

static void view__beside_a_wrong_rule__is_told_too(void **state)
{
	(void)state;
	complains("CREATE VIEW v AS SELECT nope FROM process.exec;"
		  "SELECT nix FROM process.exec;",
		  2, "unknown column 'nope'");
	complains("CREATE VIEW v AS SELECT pid FROM v;" RULE, 1,
		  "the view 'v' reads itself");
}

/* Good where it is read, though no rule by itself. */
static void view__no_rule_by_itself__is_good(void **state)
{
	(void)state;
	complains("CREATE VIEW v AS SELECT e.pid, e.ts AS a, n.ts AS b FROM "
		  "process.exec e JOIN network.connect n ON n.pid_key = "
		  "e.pid_key; SELECT pid FROM v WHERE b BETWEEN a AND a + "
		  "INTERVAL '5' SECOND;",
		  0, NULL);
	complains(
		"CREATE VIEW v AS SELECT pid FROM matches.r; CREATE RULE r "
		"WITH (enabled = FALSE) AS SELECT pid FROM process.exec;" RULE,
		0, NULL);
	complains("CREATE VIEW v AS SELECT pid_key, exe FROM process; SELECT "
		  "n.pid, v.exe FROM network.connect n JOIN v ON v.pid_key = "
		  "n.pid_key;",
		  0, NULL);
	complains("WITH a AS (SELECT pid FROM process.exec), b AS (SELECT pid "
		  "FROM a) SELECT pid FROM b;",
		  0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(view__wrong__is_told_once),
		cmocka_unit_test(view__beside_a_wrong_rule__is_told_too),
		cmocka_unit_test(view__no_rule_by_itself__is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
