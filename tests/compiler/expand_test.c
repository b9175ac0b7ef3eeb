// SPDX-License-Identifier: Apache-2.0
/* What rules stand for: pairs of texts; what is refused, with which words. */
#include "compiler/front.h"
#include "compiler/expansion.h"

static void rule__nothing_to_expand__the_same_tree(void **state)
{
	struct expansion e;

	(void)state;
	expand(&e, "SELECT e.pid, exe FROM process.exec e JOIN file.open AS f "
		   "ON f.pid_key = e.pid_key AND f.ts = e.ts WHERE f.ino = 1");
	assert_false(e.changed);
	assert_ptr_equal(e.rule, e.program.rules[0]);
	expansion_release(&e);
}

/* --- views --- */

static void view__over_one_stream__put_in_place(void **state)
{
	(void)state;
	expands(VIEWS "SELECT k, len FROM roots WHERE exe LIKE '/tmp/%'",
		"SELECT roots.pid_key AS k, LENGTH(roots.cmdline) AS len\n"
		"FROM process.exec AS roots\n"
		"WHERE roots.uid = 0 AND roots.exe LIKE '/tmp/%'");
	expands(VIEWS "SELECT v.l * 2 FROM long.roots v",
		"SELECT (LENGTH(v.cmdline) + 1) * 2\n"
		"FROM process.exec AS v\n"
		"WHERE v.uid = 0 AND LENGTH(v.cmdline) > 10");
	expands(VIEWS "SELECT long.roots.k AS x FROM long.roots",
		"SELECT roots.pid_key AS x\n"
		"FROM process.exec AS roots\n"
		"WHERE roots.uid = 0 AND LENGTH(roots.cmdline) > 10");
}

static void view__beside_a_stream__names_say_whose_they_are(void **state)
{
	(void)state;
	expands(VIEWS "SELECT l, path FROM file.open JOIN long.roots v ON "
		      "v.k = pid_key AND v.ts = file.open.ts",
		"SELECT LENGTH(v.cmdline) + 1 AS l, file.open.path\n"
		"FROM file.open\n"
		"JOIN process.exec AS v ON v.pid_key = file.open.pid_key AND "
		"v.ts = file.open.ts\n"
		"WHERE v.uid = 0 AND LENGTH(v.cmdline) > 10");
}

static void view__that_may_find_no_partner__is_null_as_a_row(void **state)
{
	(void)state;
	expands(VIEWS "SELECT v.len, v.k FROM file.open f LEFT JOIN roots v "
		      "ON v.k = f.pid_key AND v.ts = f.ts",
		"SELECT CASE WHEN v.ts IS NOT NULL THEN LENGTH(v.cmdline) END "
		"AS len, v.pid_key AS k\n"
		"FROM file.open AS f\n"
		"LEFT JOIN process.exec AS v ON v.pid_key = f.pid_key AND "
		"v.ts = f.ts AND v.uid = 0");
}

static void view__more_than_one_stream__subquery(void **state)
{
	(void)state;
	expands(VIEWS "SELECT pid FROM counted WHERE n > 5",
		"SELECT pid\n"
		"FROM (SELECT pid, COUNT(*) OVER (PARTITION BY pid ORDER BY ts "
		"RANGE BETWEEN INTERVAL '9' SECOND PRECEDING AND CURRENT ROW) "
		"AS n FROM network.connect) AS counted\n"
		"WHERE n > 5");
	expands("CREATE VIEW m AS SELECT pid FROM process.exec WHERE "
		"FIRST_SEEN(exe, INTERVAL '1' DAY); SELECT pid FROM m",
		"SELECT pid\n"
		"FROM (SELECT pid FROM process.exec WHERE FIRST_SEEN(exe, "
		"INTERVAL '1' DAY)) AS m");
}

static void view__in_a_window__its_time_is_the_streams(void **state)
{
	(void)state;
	expands("CREATE VIEW v AS SELECT ts AS t, pid AS p FROM file.open "
		"WHERE uid = 0; SELECT p, COUNT(*) AS n FROM TUMBLE(TABLE v, "
		"DESCRIPTOR(t), INTERVAL '1' MINUTE) GROUP BY p HAVING n > 2",
		"SELECT v.pid AS p, COUNT(*) AS n\n"
		"FROM TUMBLE(TABLE file.open, DESCRIPTOR(ts), INTERVAL '1' "
		"MINUTE) AS v\n"
		"WHERE v.uid = 0\n"
		"GROUP BY v.pid\n"
		"HAVING n > 2");
	/* What the view leaves out makes no session longer. */
	expands("CREATE VIEW v AS SELECT ts, pid FROM file.open WHERE uid = 0; "
		"SELECT pid, COUNT(*) FROM SESSION(TABLE v PARTITION BY pid, "
		"DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' HOUR) GROUP "
		"BY pid",
		"SELECT pid, COUNT(*)\n"
		"FROM SESSION(TABLE (SELECT ts, pid FROM file.open WHERE uid = "
		"0) PARTITION BY pid, DESCRIPTOR(ts), INTERVAL '1' MINUTE, "
		"INTERVAL '1' HOUR) AS v\n"
		"GROUP BY pid");
}

static void sequence__over_views__its_variables_are_of_streams(void **state)
{
	(void)state;
	expands("SELECT m.who FROM processes.snapshots MATCH_RECOGNIZE "
		"(PARTITION BY pid_key ORDER BY collection_time MEASURES "
		"A.user_id AS who PATTERN (A B C) WITHIN INTERVAL '1' MINUTE "
		"UNTIL U DEFINE A AS command_line LIKE '%x', B AS fs.events "
		"WHERE op = 'write' AND path <> A.executable_path, C AS roots "
		"WHERE len > 5, U AS process.exit WHERE code = 0) AS m;" VIEWS,
		"SELECT m.who\n"
		"FROM process MATCH_RECOGNIZE (PARTITION BY pid_key ORDER BY "
		"ts MEASURES a.uid AS who PATTERN (a b c) WITHIN INTERVAL '1' "
		"MINUTE UNTIL u DEFINE a AS a.cmdline LIKE '%x' AND cause <> "
		"'sample', b AS file.open WHERE b.is_write AND b.path <> a.exe, c AS "
		"process.exec WHERE c.uid = 0 AND LENGTH(c.cmdline) > 5, u AS "
		"process.exit WHERE code = 0) AS m");
	/* What the view leaves out is no row of the sequence. */
	expands(VIEWS "SELECT m.l FROM roots MATCH_RECOGNIZE (PARTITION BY k "
		      "ORDER BY ts MEASURES A.len AS l PATTERN (A B) WITHIN "
		      "INTERVAL '1' MINUTE DEFINE A AS len > 5) AS m",
		"SELECT m.l\n"
		"FROM (SELECT pid_key AS k, exe, LENGTH(cmdline) AS len, ts "
		"FROM process.exec WHERE uid = 0) MATCH_RECOGNIZE (PARTITION "
		"BY k ORDER BY ts MEASURES a.len AS l PATTERN (a b) WITHIN "
		"INTERVAL '1' MINUTE DEFINE a AS len > 5) AS m");
	refused(VIEWS "SELECT m.l FROM process.exec MATCH_RECOGNIZE "
		      "(PARTITION BY pid ORDER BY ts MEASURES A.pid AS l "
		      "PATTERN (A B) WITHIN INTERVAL '1' MINUTE DEFINE B AS "
		      "counted WHERE n > 5) AS m",
		"a step of a sequence reads one stream");
	refused("SELECT m.l FROM network.connections MATCH_RECOGNIZE "
		"(PARTITION BY pid ORDER BY ts MEASURES A.pid AS l PATTERN (A "
		"B) WITHIN INTERVAL '1' MINUTE DEFINE B AS exe = 'x') AS m",
		"unknown column 'exe' of network.connections");
}

static void with__names__hide_views_and_see_those_before(void **state)
{
	(void)state;
	expands(VIEWS "WITH roots AS (SELECT k AS q FROM roots), b AS (SELECT "
		      "q FROM roots WHERE q > 1) SELECT q FROM b",
		"SELECT b.pid_key AS q\n"
		"FROM process.exec AS b\n"
		"WHERE b.uid = 0 AND b.pid_key > 1");
	expands("WITH a AS (SELECT pid FROM process.exec) SELECT t.pid FROM "
		"(SELECT a.pid FROM a) AS t",
		"SELECT t.pid\n"
		"FROM (SELECT a.pid FROM process.exec AS a) AS t");
}

static void view__wrong_column__is_told_of_the_view(void **state)
{
	(void)state;
	refused(VIEWS "SELECT cmdline FROM roots",
		"unknown column 'cmdline' of roots");
	refused(VIEWS "SELECT v.lne FROM roots v", "did you mean 'len'?");
	refused(VIEWS "SELECT ts FROM roots JOIN roots AS b ON b.k = roots.k",
		"column 'ts' is ambiguous");
	refused("SELECT bytes_sent FROM network.connections",
		"unknown column 'bytes_sent' of network.connections");
}

/* v1 is `step` over v0, v2 the same over v1, ...; the step says vN: v@. */
static void tower(struct buf *text, unsigned height, const char *step)
{
	buf_puts(text, "CREATE VIEW v0 AS SELECT uid AS x, ts, pid_key AS k "
		       "FROM process.exec;");
	for (unsigned i = 1; i <= height; i++) {
		buf_printf(text, "CREATE VIEW v%u AS ", i);
		for (const char *at = step; *at; at++) {
			if (*at == '@')
				buf_printf(text, "%u", i - 1);
			else
				buf_putc(text, *at);
		}
		buf_putc(text, ';');
	}
	buf_printf(text, "SELECT x FROM v%u", height);
}

static void views__that_grow_without_end__refused(void **state)
{
	static const struct {
		const char *step;
		unsigned height;
		const char *message;
	} towers[] = {
		{ "SELECT x + x + x + x AS x, ts FROM v@", 15,
		  "more than 100000 terms" },
		{ "SELECT a.x, a.ts, a.k FROM v@ a JOIN v@ b ON b.k = a.k", 8,
		  "nest more than 3 levels deep" },
		{ "SELECT x, ts FROM v@", 17, "more than 16 levels deep" },
		{ "SELECT x, ts FROM v@ WHERE EXISTS (SELECT 1 FROM v@)", 8,
		  "nest more than 3 levels deep" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(towers); i++) {
		struct buf text = BUF_INIT;
		struct expansion e;

		tower(&text, towers[i].height, towers[i].step);
		expand(&e, buf_text(&text));
		if (!strstr(buf_text(&e.text), towers[i].message))
			print_error("%s\n", buf_text(&e.text));
		assert_non_null(strstr(buf_text(&e.text), towers[i].message));
		assert_false(e.c.nomem);
		expansion_release(&e);
		buf_release(&text);
	}
}

static void views__as_deep_as_they_may__put_in_place(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	tower(&text, 15, "SELECT x, ts FROM v@");
	expands(buf_text(&text), "SELECT v15.uid AS x\n"
				 "FROM process.exec AS v15");
	buf_release(&text);
}

/* --- lists --- */

static void list__behind_in__its_constants(void **state)
{
	(void)state;
	expands(VIEWS "SELECT pid FROM process.exec WHERE name IN shells OR "
		      "comm NOT IN (shells)",
		"SELECT pid\n"
		"FROM process.exec\n"
		"WHERE name IN ('sh', 'bash') OR comm NOT IN ('sh', 'bash')");
	expands(VIEWS "SELECT m.p FROM process.exec MATCH_RECOGNIZE (PARTITION "
		      "BY pid_key ORDER BY ts MEASURES A.pid AS p PATTERN (A "
		      "B) WITHIN INTERVAL '1' MINUTE DEFINE A AS name IN "
		      "shells) AS m",
		"SELECT m.p\n"
		"FROM process.exec MATCH_RECOGNIZE (PARTITION BY pid_key ORDER "
		"BY ts MEASURES a.pid AS p PATTERN (a b) WITHIN INTERVAL '1' "
		"MINUTE DEFINE a AS name IN ('sh', 'bash')) AS m");
}

static void list__elsewhere_or_unknown__refused(void **state)
{
	(void)state;
	refused(VIEWS "SELECT pid FROM process.exec WHERE name IN shels",
		"did you mean 'shells'?");
	refused(VIEWS "SELECT pid FROM process.exec WHERE name IN (exe)",
		"unknown list 'exe'");
	refused(VIEWS "SELECT pid FROM process.exec WHERE name = shells",
		"'shells' is a list, which only IN can read");
	refused(VIEWS "SELECT pid FROM shells",
		"'shells' is a list, not a stream");
}

/* --- joins that are not written out --- */

static void alias__that_from_lacks__joined_by_the_process(void **state)
{
	(void)state;
	expands("SELECT e.pid, n.dst_port FROM process.exec AS e WHERE "
		"n.dst_port = 4444 AND f.path LIKE '/etc/%'",
		"SELECT e.pid, n.dst_port\n"
		"FROM process.exec AS e\n"
		"JOIN network.connect AS n ON " MINUTE(
			"n",
			"e") "\n"
			     "JOIN file.open AS f ON " MINUTE(
				     "f",
				     "e") "\n"
					  "WHERE n.dst_port = 4444 AND f.path LIKE '/etc/%'");
	expands("SELECT x.pid FROM process.exec AS x WHERE e.exe = 'a'",
		"SELECT x.pid\n"
		"FROM process.exec AS x\n"
		"JOIN process.exec AS e ON " MINUTE("e",
						    "x") "\n"
							 "WHERE e.exe = 'a'");
}

static void alias__in_from_or_around__is_that_one(void **state)
{
	(void)state;
	expands("SELECT n.pid FROM process.exec n WHERE n.uid = 0",
		"SELECT n.pid\nFROM process.exec AS n\nWHERE n.uid = 0");
	expands("SELECT pid FROM process.exec WHERE e.uid = 0",
		"SELECT pid\nFROM process.exec AS e\nWHERE e.uid = 0");
	expands("SELECT n.pid FROM process.exec n WHERE NOT EXISTS (SELECT 1 "
		"FROM file.open f WHERE f.pid_key = n.pid_key AND f.ts "
		"BETWEEN n.ts AND n.ts + INTERVAL '9' SECOND)",
		"SELECT n.pid\n"
		"FROM process.exec AS n\n"
		"WHERE NOT EXISTS (SELECT 1 FROM file.open AS f WHERE "
		"f.pid_key = n.pid_key AND f.ts BETWEEN n.ts AND n.ts + "
		"INTERVAL '9' SECOND)");
	expands("SELECT n.pid FROM process.exec JOIN file.open e ON e.pid_key "
		"= process.exec.pid_key AND e.ts = process.exec.ts",
		"SELECT n.pid\n"
		"FROM process.exec\n"
		"JOIN file.open AS e ON e.pid_key = process.exec.pid_key AND "
		"e.ts = process.exec.ts\n"
		"JOIN network.connect AS n ON " MINUTE("n", "process.exec"));
}

static void alias__unknown__candidates_listed(void **state)
{
	(void)state;
	refused("SELECT q.pid FROM process.exec AS a",
		"FROM has a (process.exec); the catalog has e (process.exec)");
	refused("SELECT e.pid FROM network.connections",
		"the catalog has p (processes.snapshots), n "
		"(network.connections), f (fs.events)");
	refused("SELECT exce.pid FROM process.exec AS exec",
		"did you mean 'exec'?");
	refused("SELECT n.pid FROM (SELECT pid FROM process.exec) AS t",
		"n is not in FROM");
	refused("SELECT n.pid FROM network.connections JOIN file.open n ON "
		"n.pid = network.connections.pid",
		"without an alias network.connections is 'n'");
}

static void joins__that_are_implied__count(void **state)
{
	(void)state;
	refused("SELECT e.pid FROM process.exec e WHERE n.pid = 1 AND f.pid = "
		"1 AND x.pid = 1 AND k.pid = 1 AND EXISTS (SELECT 1 FROM "
		"process.exec z JOIN process.exec y ON y.ts = z.ts WHERE "
		"a1.pid = 1)",
		"no 'a1' in FROM");
	refused("SELECT a.pid FROM process.exec a WHERE n.pid = 1 AND f.pid = "
		"1 AND x.pid = 1 AND k.pid = 1 AND e.pid = 1",
		"more than 4 joins");
}

static void auto_join__after_an_event__within_a_minute(void **state)
{
	struct expansion e;

	(void)state;
	expands("SELECT e.pid FROM process.exec e AUTO JOIN file.open f ON "
		"f.pid_key = e.pid_key WHEN e.uid = 0 OR e.euid = 0",
		"SELECT e.pid\n"
		"FROM process.exec AS e\n"
		"JOIN file.open AS f ON f.pid_key = e.pid_key AND f.ts BETWEEN "
		"e.ts AND e.ts + INTERVAL '1' MINUTE AND (e.uid = 0 OR e.euid "
		"= 0)");
	expand(&e, "SELECT e.pid FROM process.exec e AUTO JOIN file.open f ON "
		   "f.pid_key = e.pid_key AND f.ts BETWEEN e.ts AND e.ts + "
		   "INTERVAL '5' SECOND WHEN e.uid = 0");
	assert_string_equal(buf_text(&e.text),
			    "SELECT e.pid\n"
			    "FROM process.exec AS e\n"
			    "JOIN file.open AS f ON f.pid_key = e.pid_key AND "
			    "f.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND "
			    "AND e.uid = 0");
	assert_true(e.rule->select->items[1].triggered);
	assert_int_equal(e.rule->select->items[1].join, AST_JOIN_INNER);
	expansion_release(&e);
}

/* --- the table of processes --- */

static void table__with_an_event__is_its_context(void **state)
{
	(void)state;
	expands("SELECT n.pid, p.exe FROM network.connect n JOIN process FOR "
		"SYSTEM_TIME AS OF n.ts AS p ON p.pid_key = n.pid_key WHERE "
		"p.cpu_usage > 50.0",
		"SELECT n.pid, n.exe\n"
		"FROM network.connect AS n\n"
		"WHERE n.cpu_usage > 50.0");
	expands("SELECT n.pid, p.exe FROM network.connect n LEFT JOIN process "
		"p ON n.parent_key = p.pid_key",
		"SELECT n.pid, n.parent_exe AS exe\n"
		"FROM network.connect AS n");
	expands("SELECT n.pid FROM network.connect n JOIN process p ON p.pid = "
		"n.ppid AND p.name = 'sh'",
		"SELECT n.pid\n"
		"FROM network.connect AS n\n"
		"WHERE n.parent_key <> 0 AND n.parent_name = 'sh'");
	expands("SELECT n.pid FROM network.connect n WHERE p.status = 'zombie'",
		"SELECT n.pid\n"
		"FROM network.connect AS n\n"
		"WHERE n.status = 'zombie'");
	expands("SELECT n.pid, g.name AS g FROM network.connect n JOIN process "
		"p ON p.pid_key = n.pid_key LEFT JOIN process g ON g.pid_key = "
		"p.parent_key",
		"SELECT n.pid, n.parent_name AS g\n"
		"FROM network.connect AS n");
}

static void table__with_two_events__they_are_of_one_process(void **state)
{
	(void)state;
	expands("SELECT p.exe FROM process p JOIN network.connect n ON "
		"n.pid_key = p.pid_key JOIN file.open f ON f.pid_key = "
		"p.pid_key",
		"SELECT n.exe\n"
		"FROM network.connect AS n\n"
		"JOIN file.open AS f ON " MINUTE("f", "n"));
	expands("SELECT p.exe FROM process p JOIN network.connect n ON "
		"n.pid_key = p.pid_key JOIN file.open f ON f.pid_key = "
		"p.pid_key AND f.ts BETWEEN n.ts AND n.ts + INTERVAL '5' "
		"SECOND",
		"SELECT n.exe\n"
		"FROM network.connect AS n\n"
		"JOIN file.open AS f ON f.pid_key = n.pid_key AND f.ts BETWEEN "
		"n.ts AND n.ts + INTERVAL '5' SECOND");
	expands("SELECT p.exe FROM process p JOIN process.exec e ON "
		"e.parent_key = p.pid_key JOIN network.connect n ON n.pid_key "
		"= p.pid_key",
		"SELECT e.parent_exe AS exe\n"
		"FROM process.exec AS e\n"
		"JOIN network.connect AS n ON n.pid_key = e.parent_key AND "
		"n.ts BETWEEN e.ts - INTERVAL '1' MINUTE AND e.ts + INTERVAL "
		"'1' MINUTE");
}

static void table__beside_exists__its_columns_are_found_there_too(void **state)
{
	(void)state;
	expands("SELECT p.exe FROM process p JOIN network.connect n ON "
		"n.pid_key = p.pid_key WHERE EXISTS (SELECT 1 FROM file.open f "
		"WHERE f.pid_key = p.pid_key AND f.ts = n.ts)",
		"SELECT n.exe\n"
		"FROM network.connect AS n\n"
		"WHERE EXISTS (SELECT 1 FROM file.open AS f WHERE f.pid_key = "
		"n.pid_key AND f.ts = n.ts)");
	/* Another p. */
	expands("SELECT p.exe FROM process p JOIN network.connect n ON "
		"n.pid_key = p.pid_key WHERE EXISTS (SELECT 1 FROM file.open p "
		"WHERE p.pid_key = n.pid_key AND p.ts = n.ts)",
		"SELECT n.exe\n"
		"FROM network.connect AS n\n"
		"WHERE EXISTS (SELECT 1 FROM file.open AS p WHERE p.pid_key = "
		"n.pid_key AND p.ts = n.ts)");
}

static void table__alone__rows_that_this_rule_asked_for(void **state)
{
	(void)state;
	expands("SELECT pid FROM process WHERE name = 'a'",
		"SELECT pid\n"
		"FROM process\n"
		"WHERE name = 'a' AND cause <> 'sample'");
	expands("SELECT p.pid, p.status FROM process p WHERE p.cpu_usage > 9.5",
		"SELECT p.pid, p.status\n"
		"FROM process AS p\n"
		"WHERE p.cpu_usage > 9.5 AND (p.cause <> 'sample' OR "
		"p.cpu_changed OR p.status_changed)");
	expands("SELECT pid FROM process WHERE hash_changed",
		"SELECT pid\nFROM process\nWHERE hash_changed");
	expands("SELECT c.pid, p.name FROM process c JOIN process p ON "
		"p.pid_key = c.parent_key",
		"SELECT c.pid, c.parent_name AS name\n"
		"FROM process AS c\n"
		"WHERE c.parent_key <> 0 AND c.cause <> 'sample'");
}

static void table__joined_otherwise__refused(void **state)
{
	(void)state;
	refused("SELECT n.pid FROM network.connect n JOIN process p ON p.uid = "
		"n.uid",
		"write ON p.pid_key = n.pid_key, or ON p.pid_key = "
		"n.parent_key for the parent");
	refused("SELECT n.pid FROM network.connect n JOIN process p ON "
		"p.pid_key = n.parent_key JOIN process g ON g.pid_key = "
		"p.parent_key",
		"not the parent's parent");
	refused("SELECT p.status FROM network.connect n JOIN process p ON "
		"p.pid_key = n.parent_key",
		"'status' of a parent process is not known");
	refused("SELECT p.cause FROM network.connect n JOIN process p ON "
		"p.pid_key = n.pid_key",
		"'cause' says why the table has changed");
	refused("SELECT n.pid FROM network.connect n LEFT JOIN process p ON "
		"p.pid_key = n.pid_key AND p.name = 'a'",
		"takes the identity and nothing else");
	refused("SELECT t.pid FROM (SELECT pid FROM process.exec) AS t JOIN "
		"process p ON p.pid = t.pid",
		"join it in the subquery");
}

static void as_of__other_than_the_event_of_the_table__refused(void **state)
{
	(void)state;
	refused("SELECT e.pid FROM process.exec FOR SYSTEM_TIME AS OF e.ts e",
		"process.exec is a stream");
	refused("SELECT n.pid FROM network.connect n JOIN process FOR "
		"SYSTEM_TIME AS OF n.start_ts p ON p.pid_key = n.pid_key",
		"as of the time of the event that it is joined with");
	refused("SELECT p.pid FROM process FOR SYSTEM_TIME AS OF p.ts p",
		"as of the time of the event that it is joined with");
}

static void parameters__bound_time__a_window_or_nothing(void **state)
{
	(void)state;
	expands("SELECT name, COUNT(*) AS n FROM processes.snapshots WHERE "
		"collection_time BETWEEN :t_start AND :t_end GROUP BY name "
		"HAVING COUNT(*) > 50",
		"SELECT p.name, COUNT(*) AS n\n"
		"FROM TUMBLE(TABLE process, DESCRIPTOR(ts), INTERVAL '1' "
		"MINUTE) AS p\n"
		"WHERE p.cause <> 'sample'\n"
		"GROUP BY p.name\n"
		"HAVING COUNT(*) > 50");
	expands("SELECT :t_start, COUNT(*) AS n FROM file.open WHERE ts >= "
		":t_start AND :t_end > ts AND uid = 0",
		"SELECT window_start AS t_start, COUNT(*) AS n\n"
		"FROM TUMBLE(TABLE file.open, DESCRIPTOR(ts), INTERVAL '1' "
		"MINUTE)\n"
		"WHERE uid = 0");
	expands("SELECT pid FROM file.open WHERE ts < :t_end AND uid = 0",
		"SELECT pid\nFROM file.open\nWHERE uid = 0");
	refused("SELECT pid FROM file.open WHERE ts < :t_start",
		":t_start bounds the time of rows and nothing else");
	refused("SELECT :t_end FROM file.open",
		":t_end is the bound of a window");
	refused("SELECT pid FROM file.open WHERE ts < :now",
		"unknown parameter");
	refused("SELECT e.uid, COUNT(*) FROM process.exec e JOIN file.open f "
		"ON f.pid_key = e.pid_key WHERE e.ts > :t_start GROUP BY e.uid",
		"cannot make a window over a join");
}

/* Rules in the style of those that the older names come from. */
static void plan_of(const char *text, struct buf *out)
{
	struct front front;

	front_compile(&front, text);
	plan_rule_print(out, front_rule(&front));
	front_release(&front);
}

static void implied_joins__same_plan__as_written_out(void **state)
{
	static const char *const same[][2] = {
		{ SEVEN,
		  "SELECT n.pid, n.name, n.dst_ip, f.path FROM network.connect "
		  "n JOIN file.open f ON " MINUTE(
			  "f",
			  "n") " WHERE n.name = 'nc' AND n.dst_port = 4444 AND f.path LIKE "
			       "'%/tmp/%'" },
		{ SEVEN,
		  "SELECT p.pid, p.name, n.dst_ip, f.path FROM "
		  "processes.snapshots p JOIN network.connections n ON n.pid = "
		  "p.pid JOIN fs.events f ON f.pid = p.pid WHERE p.name = 'nc' "
		  "AND n.dst_port = 4444 AND f.path LIKE '%/tmp/%'" },
		{ "SELECT e.pid FROM process.exec e WHERE n.dst_port = 22",
		  "SELECT e.pid FROM process.exec e JOIN network.connect n ON " MINUTE(
			  "n", "e") " WHERE n.dst_port = 22" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(same); i++) {
		struct buf a = BUF_INIT, b = BUF_INIT;

		plan_of(same[i][0], &a);
		plan_of(same[i][1], &b);
		assert_true(a.len > 0);
		assert_string_equal(buf_text(&a), buf_text(&b));
		buf_release(&a);
		buf_release(&b);
	}
}

/* The first allocation that fails is another one each time. */
static void no_memory__anywhere__nothing_comes_out(void **state)
{
	static const char *const texts[] = {
		VIEWS SEVEN,
		VIEWS "SELECT v.l, :t_start, COUNT(*) AS n FROM long.roots v "
		      "WHERE v.ts > :t_start AND v.k IN shells GROUP BY v.l",
		VIEWS "SELECT p.name, g.pid FROM processes.snapshots p AUTO "
		      "JOIN network.connections n ON n.pid = p.pid WHEN "
		      "p.cpu_usage > 5 LEFT JOIN process g ON g.pid_key = "
		      "n.parent_key WHERE EXISTS (SELECT 1 FROM roots WHERE k "
		      "= p.pid_key)",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		unsigned failures = 0;
		bool ok = false;

		for (size_t bytes = 64; !ok; bytes += 64) {
			struct expansion e;

			expand_within(&e, texts[i], bytes);
			ok = !e.c.nomem;
			failures += !ok;
			assert_true(ok == (e.rule != NULL));
			expansion_release(&e);
		}
		assert_true(failures > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule__nothing_to_expand__the_same_tree),
		cmocka_unit_test(view__over_one_stream__put_in_place),
		cmocka_unit_test(
			view__beside_a_stream__names_say_whose_they_are),
		cmocka_unit_test(
			view__that_may_find_no_partner__is_null_as_a_row),
		cmocka_unit_test(view__more_than_one_stream__subquery),
		cmocka_unit_test(view__in_a_window__its_time_is_the_streams),
		cmocka_unit_test(
			sequence__over_views__its_variables_are_of_streams),
		cmocka_unit_test(with__names__hide_views_and_see_those_before),
		cmocka_unit_test(view__wrong_column__is_told_of_the_view),
		cmocka_unit_test(views__that_grow_without_end__refused),
		cmocka_unit_test(views__as_deep_as_they_may__put_in_place),
		cmocka_unit_test(list__behind_in__its_constants),
		cmocka_unit_test(list__elsewhere_or_unknown__refused),
		cmocka_unit_test(alias__that_from_lacks__joined_by_the_process),
		cmocka_unit_test(alias__in_from_or_around__is_that_one),
		cmocka_unit_test(alias__unknown__candidates_listed),
		cmocka_unit_test(joins__that_are_implied__count),
		cmocka_unit_test(auto_join__after_an_event__within_a_minute),
		cmocka_unit_test(table__with_an_event__is_its_context),
		cmocka_unit_test(
			table__with_two_events__they_are_of_one_process),
		cmocka_unit_test(
			table__beside_exists__its_columns_are_found_there_too),
		cmocka_unit_test(table__alone__rows_that_this_rule_asked_for),
		cmocka_unit_test(table__joined_otherwise__refused),
		cmocka_unit_test(
			as_of__other_than_the_event_of_the_table__refused),
		cmocka_unit_test(parameters__bound_time__a_window_or_nothing),
		cmocka_unit_test(implied_joins__same_plan__as_written_out),
		cmocka_unit_test(no_memory__anywhere__nothing_comes_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
