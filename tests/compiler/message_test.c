// SPDX-License-Identifier: Apache-2.0
/* What is wrong is said where it is, and what to write instead. */
#include "compiler/front.h"

#define WINDOW                                                       \
	"COUNT(*) OVER (PARTITION BY pid ORDER BY ts RANGE BETWEEN " \
	"INTERVAL '5' SECOND PRECEDING AND CURRENT ROW)"

static const struct {
	const char *text;
	const char *at; /* line:column */
	const char *message;
	const char *suggestion; /* NULL: none */
} cases[] = {
	{ "SELECT pdi FROM process.exec;", "1:8",
	  "unknown column 'pdi' of process.exec", "did you mean 'pid'?" },
	{ "SELECT pid\nFROM process.exce;", "2:6",
	  "unknown stream 'process.exce'", "did you mean 'process.exec'?" },
	{ "SELECT pid FROM exec;", "1:17", "unknown stream 'exec'",
	  "did you mean 'process.exec'?" },
	{ "SELECT q.pid FROM process.exec e;", "1:8",
	  "no 'q' in FROM to take q.pid from", "FROM has e (process.exec)" },
	{ "SELECT exec_exe FROM process.exec;", "1:8",
	  "unknown column 'exec_exe' of process.exec",
	  "shrike streams process.exec lists its columns" },
	{ "SELECT e.dst_port FROM process.exec e JOIN network.connect c ON "
	  "c.pid = e.pid AND c.ts = e.ts;",
	  "1:8", "unknown column 'dst_port' of process.exec",
	  "did you mean 'c.dst_port'?" },
	{ "SELECT pid FROM process.exec e JOIN network.connect c ON c.pid = "
	  "e.pid AND c.ts = e.ts;",
	  "1:8", "column 'pid' is ambiguous", "write e.pid, c.pid" },
	{ "SELECT e.pid FROM process.exec e JOIN process.exec e ON TRUE;",
	  "1:39", "the alias 'e' is taken", "name it: process.exec AS e2" },
	{ "SELECT e.pid FROM process.exec e JOIN network.connect c ON c.ts "
	  "BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND;",
	  "1:39", "needs a key that is equal on both sides",
	  "add a key to ON, as in c.pid_key = e.pid_key" },
	{ "SELECT e.pid FROM process.exec e JOIN network.connect c ON "
	  "c.pid_key = e.pid_key;",
	  "1:39", "the join with 'c' needs a time bound on both sides",
	  "add to ON: AND c.ts BETWEEN e.ts AND e.ts + INTERVAL '10' SECOND" },
	{ "SELECT e.pid FROM process.exec e JOIN network.connect c ON "
	  "c.pid_key = e.pid_key AND e.ts <= c.ts;",
	  "1:39", "needs an upper time bound too",
	  "add to ON: AND c.ts <= e.ts + INTERVAL '10' SECOND" },
	{ "SELECT COUNT(*) FROM process.exec;", "1:8",
	  "COUNT(*) needs a window: a stream has no end",
	  "write COUNT(*) OVER (PARTITION BY e.pid_key ORDER BY e.ts RANGE" },
	{ "SELECT pid, " WINDOW " AS n FROM process.exec WHERE n > 3;", "1:147",
	  "unknown column 'n' of process.exec",
	  "'n' is made by this query; wrap it" },
	{ "SELECT pid FROM process.exec WHERE " WINDOW " > 3;", "1:36",
	  "COUNT(*) OVER cannot stand in WHERE", "name it in a subquery" },
	{ "SELECT SUM(*) FROM process.exec;", "1:12", "* goes with COUNT only",
	  NULL },
	{ "SELECT SUM(DISTINCT pid) FROM process.exec;", "1:12",
	  "DISTINCT goes with COUNT only", NULL },
	{ "SELECT * FROM process.exec;", "1:8", "SELECT * is not supported",
	  "name the columns" },
	{ "SELECT e.* FROM process.exec e;", "1:10", "e.* is not supported",
	  NULL },
	{ "SELECT pid FROM process.exec GROUP BY pid WHERE uid = 0;", "1:43",
	  "expected ; or the end of the rule, found WHERE", "the order is" },
	{ "SELECT pid FROM process.exec UNION SELECT pid FROM process.fork;",
	  "1:30", "UNION is not supported", "write two rules" },
	{ "SELECT pid FROM process.exec a RIGHT JOIN process.fork b ON TRUE;",
	  "1:32", "RIGHT JOIN is not supported", "write LEFT JOIN" },
	{ "SELECT pid FROM process.exec LIMIT 0;", "1:36", "LIMIT is from 1",
	  NULL },
	{ "SELECT pid FROM process.exec LIMIT 5 OFFSET 5;", "1:38",
	  "OFFSET is not supported", NULL },
	{ "SELECT DISTINCT pid FROM process.exec;", "1:8",
	  "DISTINCT is not supported", "COUNT(DISTINCT x) counts values" },
	{ "WITH RECURSIVE t AS (SELECT pid FROM process.exec) SELECT pid FROM "
	  "t;",
	  "1:6", "WITH RECURSIVE is not supported", "HAS_ANCESTOR" },
	{ "SELECT pid FROM process.exec a JOIN process.fork b ON TRUE WHEN "
	  "TRUE;",
	  "1:60", "WHEN goes with AUTO JOIN only", "write AUTO JOIN" },
	{ "SELECT pid FROM HOP(TABLE process.exec, DESCRIPTOR(ts), INTERVAL "
	  "'1' SECOND);",
	  "1:76", "expected , and the size, found )",
	  "as in HOP(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '10'" },
	{ "CREATE STREAM s (a TEXT);", "1:8",
	  "CREATE STREAM is not part of this version", "shrike streams" },
	{ "CREATE TABLE t (a);", "1:8", "expected RULE, VIEW or LIST",
	  "as in CREATE RULE name AS SELECT" },
	{ "CREATE LIST l (a);", "1:16", "expected a constant",
	  "as in CREATE LIST shells (" },
	{ "SELECT ANY(args) FROM process.exec;", "1:8",
	  "ANY and ALL are one side of a comparison", "as in 'x' = ANY" },
	{ "SELECT ANY(args) = ALL(args) FROM process.exec;", "1:20",
	  "ANY and ALL stand on one side only", "for each element" },
	{ "SELECT pid FROM process.exec WHERE exe = :now;", "1:42",
	  "unknown parameter :now", ":t_start and :t_end" },
	{ "SELECT x'0g' FROM process.exec;", "1:8",
	  "bytes are pairs of hexadecimal digits", "as in x'00ff'" },
	{ "SELECT CASE EXISTS (SELECT pid FROM process.fork) WHEN TRUE THEN 1 "
	  "END FROM process.exec;",
	  "1:13", "EXISTS does not stand between CASE and WHEN",
	  "write CASE WHEN EXISTS" },
	{ "SELECT COUNT(*) OVER (ORDER BY ts ROWS BETWEEN 5 PRECEDING AND "
	  "CURRENT ROW) FROM process.exec;",
	  "1:35", "a window is a range of time, not of rows",
	  "write RANGE BETWEEN" },
	{ "SELECT pid FROM process.exec MATCH_RECOGNIZE (ORDER BY ts MEASURES "
	  "a.pid AS pid PATTERN (a b));",
	  "1:94", "a sequence needs a bound on its time", "WITHIN INTERVAL" },
	{ "SELECT COUNT(*) OVER (ORDER BY e.ts RANGE BETWEEN INTERVAL '1' "
	  "MINUTE PRECEDING AND CURRENT ROW) AS n FROM process.exec e JOIN "
	  "network.connect c ON c.pid_key = e.pid_key AND c.ts BETWEEN e.ts "
	  "AND e.ts + INTERVAL '5' SECOND;",
	  "1:128", "the window is in order of e.ts, but 'c' may come later",
	  "write ORDER BY c.ts" },
	{ "SELECT COUNT(*) OVER (ORDER BY c.ts RANGE BETWEEN INTERVAL '1' "
	  "MINUTE PRECEDING AND CURRENT ROW) AS n FROM process.exec e JOIN "
	  "network.connect c ON c.pid_key = e.pid_key AND c.ts BETWEEN e.ts - "
	  "INTERVAL '1' SECOND AND e.ts;",
	  "1:108", "the window is in order of c.ts, but 'e' may come later",
	  "write ORDER BY e.ts" },
	{ "SELECT window_end, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, "
	  "DESCRIPTOR(ts), INTERVAL '1' SECOND) AS e WHERE EXISTS (SELECT 1 "
	  "FROM process.exit x WHERE x.pid_key = e.pid_key AND x.ts BETWEEN "
	  "e.ts AND e.ts + INTERVAL '5' SECOND);",
	  "1:136", "the window is in order of e.ts, but 'x' may come later",
	  "make a rule of the query without the window" },
	{ "SELECT COUNT(*) OVER (ORDER BY e.ts RANGE BETWEEN INTERVAL '1' "
	  "MINUTE PRECEDING AND CURRENT ROW) AS n FROM process.exec e WHERE "
	  "NOT EXISTS (SELECT 1 FROM process.exit x WHERE x.pid_key = "
	  "e.pid_key AND x.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND);",
	  "1:155", "the window is in order of e.ts, but 'x' may come later",
	  "make a rule of the query without the window" },
	{ "SELECT pid FROM process.exec WHERE uid = 'root';", "1:36",
	  "cannot compare uid (BIGINT) with 'root' (TEXT)",
	  "a user is a number here: 0 is root" },
	{ "SELECT pid FROM process.exec WHERE uid = '22';", "1:36",
	  "cannot compare uid (BIGINT) with '22' (TEXT)",
	  "write 22 without quotes" },
	{ "SELECT pid FROM process.exec WHERE compat = 0;", "1:36",
	  "cannot compare compat (BOOLEAN) with 0 (BIGINT)",
	  "write NOT compat" },
	{ "SELECT pid FROM process.exec WHERE args = 'x';", "1:36",
	  "cannot compare args (TEXT LIST) with 'x' (TEXT)",
	  "write 'x' = ANY(args)" },
	{ "SELECT pid FROM process.exec WHERE exe;", "1:36",
	  "a condition is true or false, but exe is TEXT",
	  "compare it, as in exe <> ''" },
	{ "SELECT pid FROM process.exec WHERE ts > ts + 5;", "1:41",
	  "+ does not go with TIMESTAMP and BIGINT", "add an interval" },
	{ "SELECT pid FROM process.exec WHERE uid = 9223372036854775807 + 1;",
	  "1:42", "9223372036854775807 + 1 does not fit 64 bits", NULL },
	{ "SELECT pid FROM process.exec WHERE uid = 9223372036854775808;",
	  "1:42", "a number is at most 9223372036854775807", NULL },
	{ "SELECT pid FROM process.exec WHERE uid LIKE '1%';", "1:36",
	  "LIKE takes a text, but uid is BIGINT",
	  "write CAST(uid AS TEXT) LIKE ..." },
	{ "SELECT pid FROM process.exec WHERE exe LIKE 'a#' ESCAPE '#';",
	  "1:45", "the pattern ends in its escape character", NULL },
	{ "SELECT pid FROM process.exec WHERE exe LIKE 'a' ESCAPE 'ab';",
	  "1:56", "ESCAPE takes one ASCII character", "as in ESCAPE" },
	{ "SELECT pid FROM process.exec WHERE 'x' = ANY(exe);", "1:46",
	  "ANY takes a list, but exe is TEXT", "as in ANY(args)" },
	{ "SELECT pid FROM process.exec WHERE uid IN (1, gid);", "1:47",
	  "IN takes constants only", "write x = a OR x = b" },
	{ "SELECT pid FROM process.exec WHERE uid IN (SELECT uid FROM "
	  "process.exec);",
	  "1:44", "a subquery stands in FROM and in EXISTS only",
	  "write the query in FROM" },
	{ "SELECT pid FROM network.connect WHERE dst_ip = '10.0.0';", "1:48",
	  "'10.0.0' is not an IPv4 or IPv6 address", "as in '192.0.2.1'" },
	{ "SELECT pid FROM network.connect WHERE dst_ip < '10.0.0.1';", "1:39",
	  "IP has no order", "write a network: dst_ip IN (" },
	{ "SELECT pid FROM network.connect WHERE proto = 'tpc';", "1:47",
	  "'tpc' is no value of proto", "did you mean 'tcp'?" },
	{ "SELECT pid FROM network.connect WHERE family = 'unix';", "1:48",
	  "'unix' is no value of family", "one of 'inet', 'inet6'" },
	{ "CREATE RULE r WITH (severty = 'low') AS SELECT pid FROM "
	  "process.exec;",
	  "1:21", "unknown option 'severty' [rule r]",
	  "did you mean 'severity'?" },
	{ "CREATE RULE r WITH (severity = 'hihg') AS SELECT pid FROM "
	  "process.exec;",
	  "1:32", "unknown severity 'hihg'", "did you mean 'high'?" },
	{ "CREATE RULE r WITH (attack = 'T10') AS SELECT pid FROM "
	  "process.exec;",
	  "1:30", "'T10' is not the id of an ATT&CK technique", "as in" },
	{ "CREATE RULE r WITH (dedup_key = 'pdi') AS SELECT pid FROM "
	  "process.exec;",
	  "1:33", "unknown column 'pdi'", "did you mean 'pid'?" },
	{ "CREATE RULE r AS SELECT pid FROM process.exec;\n"
	  "CREATE RULE r AS SELECT pid FROM process.fork;",
	  "2:13", "there are two rules named 'r'", "the first is in" },
	{ "SELECT pid FORM process.exec;", "1:17",
	  "expected FROM, found process", "did you mean FROM instead of" },
	{ "SELECT pid FROM process.exec WHERE exe = 'x", "1:42",
	  "this text does not end", "end it with '" },
	{ "SELECT pid /* FROM process.exec;", "1:12",
	  "this comment does not end", "end it with */" },
	{ "SELECT pid FROM process.exec WHERE pid == 1;", "1:40",
	  "unexpected '=='", "equality is written =" },
	{ "SELECT pid FROM process.exec WHERE pid = 1 && uid = 1;", "1:44",
	  "unexpected '&&'", "write AND" },
	{ "SELECT \"pid\" FROM process.exec;", "1:8",
	  "double quotes mean nothing here",
	  "a text is written 'pid', a name without quotes" },
	{ "SELECT pid FROM process.exec WHERE uid = 1.5x;", "1:42",
	  "this is neither a number nor a name", "a number is written 1000" },
	{ "SELECT pid FROM process.exec WHERE uid = 1e309;", "1:42",
	  "a number is at most 1.7976931348623157e308", NULL },
	{ "SELECT pid FROM process.exec SUPPRESS FOR INTERVAL 'x' SECOND;",
	  "1:52", "this is not the number of an interval",
	  "write INTERVAL '10' SECOND" },
	{ "SELECT pid FROM process.exec SUPPRESS FOR INTERVAL '9' YEAR;",
	  "1:56", "expected MILLISECOND, SECOND, MINUTE, HOUR or DAY",
	  "as in INTERVAL '10' SECOND" },
	{ "DELETE FROM process.exec;", "1:1",
	  "expected CREATE RULE or SELECT, found DELETE",
	  "as in CREATE RULE name AS SELECT" },
	{ "-- nothing\n", "1:1", "there is no rule", "a rule is CREATE RULE" },
	{ "CREATE RULE r WITH (enabled = FALSE) AS SELECT pid FROM "
	  "process.exec WHERE uid = 0;",
	  "1:13", "no rule is enabled", NULL },
};

static void message__each_mistake__is_named_and_placed(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct front front;
		const char *text;
		char at[64];
		bool ok;

		front_compile(&front, cases[i].text);
		text = front_text(&front);
		snprintf(at, sizeof(at),
			 "rules/test.sql:%s: error: ", cases[i].at);
		ok = front.result == COMPILE_REJECTED && strstr(text, at) &&
		     strstr(text, cases[i].message) &&
		     (cases[i].suggestion ?
			      strstr(text, cases[i].suggestion) != NULL :
			      strstr(text, "      = ") == NULL);
		if (!ok)
			print_error("%s\nwanted %s %s %s, got %d\n%s\n",
				    cases[i].text, at, cases[i].message,
				    cases[i].suggestion ? cases[i].suggestion :
							  "(nothing)",
				    front.result, text);
		failed += !ok;
		front_release(&front);
	}
	assert_int_equal(failed, 0);
}

#define SEQUENCE(pattern, define)                                             \
	"SELECT pid FROM process.exec MATCH_RECOGNIZE (ORDER BY ts MEASURES " \
	"a.pid AS pid PATTERN (" pattern                                      \
	") WITHIN INTERVAL '1' SECOND " define ");"

static const struct {
	const char *text, *message;
} sequences[] = {
	{ SEQUENCE("a", ""), "a sequence has at least 2 steps" },
	{ SEQUENCE("a? b", ""), "the first and the last step" },
	{ SEQUENCE("a b*", ""), "the first and the last step" },
	{ SEQUENCE("a a", ""), "'a' stands twice in PATTERN" },
	{ SEQUENCE("a (b c)", ""), "without groups" },
	{ SEQUENCE("a | b", ""), "unexpected character '|'" },
	{ SEQUENCE("a{1,2} b", ""), "a range of repetitions" },
	{ SEQUENCE("a{9} b", ""), "a step repeats 1 to 8 times" },
	{ SEQUENCE("a{0} b", ""), "a step repeats 1 to 8 times" },
	{ SEQUENCE("a{8} b", ""), "a sequence has at most 8 steps" },
	{ SEQUENCE("a b", "DEFINE c AS TRUE"), "no variable 'c' in PATTERN" },
	{ SEQUENCE("a b", "DEFINE a AS TRUE, a AS TRUE"), "defined twice" },
	{ SEQUENCE("a b", "UNTIL u"), "UNTIL needs a definition of 'u'" },
	{ SEQUENCE("a b", "UNTIL b DEFINE b AS TRUE"), "is a step of PATTERN" },
};

static void message__wrong_sequences__are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++) {
		struct front front;

		front_compile(&front, sequences[i].text);
		assert_int_equal(front.result, COMPILE_REJECTED);
		if (!strstr(front_text(&front), sequences[i].message))
			print_error("%s\n%s", sequences[i].message,
				    front_text(&front));
		assert_non_null(
			strstr(front_text(&front), sequences[i].message));
		front_release(&front);
	}
}

static void message__several_statements__each_is_reported(void **state)
{
	struct front front;

	(void)state;
	front_compile(&front, "SELECT pdi, nmae FROM process.exec;\n"
			      "SELECT FROM;\n"
			      "SELECT pid FROM process.exec WHERE uid = 0;\n"
			      "CREATE RULE a AS SELECT pid FROM process.exec "
			      "WHERE (uid = 0\n"
			      "CREATE RULE b AS SELECT x FROM process.fork;\n");
	assert_int_equal(front.result, COMPILE_REJECTED);
	assert_int_equal(front.diagnostics->error_count, 5);
	assert_int_equal(front.diagnostics->items[4].span.start > 0, 1);
	assert_non_null(strstr(front_text(&front), "5 errors, 0 warnings\n"));
	front_release(&front);
}

static void message__excerpt__points_at_the_range(void **state)
{
	struct front front;

	(void)state;
	front_compile(&front, "SELECT pid,\n\t\xc3\xa9xe FROM process.exec;");
	assert_string_equal(front_text(&front),
			    "rules/test.sql:2:2: error: unexpected character "
			    "'\xc3\xa9' [rule test_1]\n"
			    "    2 |  \xc3\xa9xe FROM process.exec;\n"
			    "      |  ^\n"
			    "1 error, 0 warnings\n");
	front_release(&front);
}

static void message__unprintable_bytes__are_escaped(void **state)
{
	struct front front;

	(void)state;
	front_compile(&front, "SELECT 'a\033[31m' = 5 FROM process.exec;");
	assert_null(strchr(front_text(&front), '\033'));
	assert_non_null(strstr(front_text(&front), "\\x1b[31m"));
	front_release(&front);
}

static const struct {
	const char *where;
	const char *warning;
} warned[] = {
	{ "uid = 0 AND 1 = 2", "the rule can never match" },
	{ "NULL", "the rule can never match" },
	{ "exe = NULL", "a comparison with NULL is never true" },
	{ "uid IN (NULL)", "uid IN (NULL) is never true" },
	{ "1 < 2", "this condition is always true" },
	{ "uid = 0 OR NOT FALSE", "this condition is always true" },
	{ "comm = 'sixteen-bytes-16'", "comm has at most 15 bytes" },
	{ "comm IN ('a', 'sixteen-bytes-16')", "comm has at most 15 bytes" },
	{ "comm LIKE '%sixteen-bytes-16%'", "comm has at most 15 bytes" },
	{ "4294967296 > uid", "uid is from 0 to 4294967295" },
	{ "uid IN (0, -1)", "uid is from 0 to 4294967295, never -1" },
	{ "uid BETWEEN 9 AND 3", "nothing is between these" },
	{ "exe = '/tmp/%'", "= and IN take a wildcard" },
	{ "exe IN ('/bin/a', '*/b')", "write LIKE '%/b'" },
	{ "exe LIKE '/tmp/*'", "LIKE takes * as the character itself" },
	{ "exe LIKE '%'", "every text is like this" },
	{ "exe LIKE '/a\\_b%'", "add ESCAPE '\\'" },
	{ "exe LIKE 'C:\\Windows\\%'", "no path of Linux begins so" },
	{ "exe = '\\usr\\bin\\id'", "no path of Linux begins so" },
	{ "cmdline REGEXP '/curl/i'", "write '(?i)curl'" },
	{ "cmdline REGEXP '.*'", "every text matches this" },
	{ "uid = 0 AND gid = 0 AND uid = 1", "exclude each other" },
	{ "5 < uid AND uid <= 5", "exclude each other" },
	{ "uid = 3 AND uid <> 3", "exclude each other" },
	{ "exe = '/bin/a' AND exe = '/bin/b'", "exclude each other" },
	{ "name LIKE 'a%' AND uid = 0 AND name = 'b'", "exclude each other" },
	{ "name = 'b' AND name LIKE 'a%'", "exclude each other" },
	{ "name = 'b' AND NOT name IN ('a', 'b')", "exclude each other" },
	{ "name IN ('a', 'c') AND name = 'b'", "exclude each other" },
	{ "name = 'b' AND name NOT REGEXP '^[b-d]$'", "exclude each other" },
	{ "name = 'b' AND name ILIKE 'C%'", "exclude each other" },
	{ "name IS NULL AND name <> 'b'", "exclude each other" },
	{ "uid < 5 AND uid IS NULL", "exclude each other" },
	{ "exe = 'bash'", "name is the last part of it" },
	{ "'.bashrc' <> exe", "exe is a whole path, it begins with /" },
	{ "exe IN ('/bin/sh', '~/sh')", "exe is a whole path" },
	{ "exe ILIKE 'Bash%'", "exe is a whole path" },
	{ "parent_exe LIKE 'usr/bin/%'", "parent_name is the last part of it" },
	{ "name = '/bin/sh'", "exe is the whole path" },
	{ "name LIKE '%/sh'", "name is the last part of a path, without" },
	{ "parent_name IN ('sh', 'bin/sh')", "parent_exe is the whole path" },
	{ "uid = 0 OR uid <> 0", "this is always true, unless it is NULL" },
	{ "exe <> 'a' OR gid = 1 OR exe <> 'b'", "always true, unless" },
	{ "NOT FALSE AND (uid < 5 OR 3 < uid)", "always true, unless" },
};

static const char *const not_warned[] = {
	"comm = 'fifteen-bytes15'",
	"comm LIKE '%\\%fifteen-bytes%' ESCAPE '\\'",
	"name = 'the-name-of-a-program'",
	"exe = '/usr/bin/curl' OR exe LIKE '%curl' OR exe LIKE '_tmp/%'",
	"exe = '' OR exe LIKE '' OR parent_exe IN ('/a')",
	"name LIKE 'curl%' OR parent_name = ''",
	"exe = '' OR exe = 'memfd:x' OR exe LIKE '_bin/sh'",
	"exe LIKE 'a/a%' ESCAPE 'a' OR comm = 'kworker/0:1'",
	"filename = 'sh' OR args_bytes = 3 OR interp = './sh'",
	"uid IN (0, 4294967295)",
	"uid BETWEEN 3 AND 3",
	"pid_key = -1",
	"exe LIKE '/tmp/%*%'",
	"cmdline LIKE '%100\\%%' ESCAPE '\\'",
	"cmdline REGEXP '/etc/passwd'",
	"cmdline = 'a*b%c'",
	"uid = 0 AND gid = 1",
	"uid >= 5 AND uid <= 5",
	"uid > 4 AND uid = 5 AND uid <> 6",
	"uid = 0 OR uid = 1",
	"uid < 5 OR uid > 5",
	"uid <> 3 OR gid <> 4",
	"uid < 3 OR uid = 4 OR uid <> 5",
	"name LIKE 'a%' AND name = 'ab' AND parent_name = 'b'",
	"name NOT LIKE 'a%' AND name = 'b' AND name IS NOT NULL",
	"name <> 'b' AND name IN ('a', 'b') AND name REGEXP 'b'",
	"(name IS NULL OR uid = 0) AND name = 'b'",
	"NOT EXISTS (SELECT 1 FROM file.open f WHERE f.pid_key = e.pid_key AND "
	"f.ts BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND AND f.name = 'b') AND "
	"name LIKE 'a%'",
};

/* What says the same thing of the same place says it once. */
static const struct {
	const char *sql;
	unsigned messages;
} once[] = {
	{ "SELECT name, COUNT(*) FROM process.exec GROUP BY name;", 1 },
	{ "SELECT pid FROM process.exec WHERE exe = NULL;", 1 },
	{ "SELECT pid FROM process.exec WHERE exe <> NULL;", 1 },
	{ "SELECT pid FROM process.exec WHERE exe IN (NULL);", 1 },
	{ "SELECT pid FROM process.exec WHERE exe NOT IN ('/a', NULL);", 1 },
	{ "SELECT pid FROM process.exec WHERE uid = 0 AND exe IN shels;", 1 },
	{ "SELECT TOP 5 pid FROM process.exec WHERE uid = 0;", 1 },
	{ "SELECT pid, n FROM (SELECT pid, " WINDOW
	  " AS n FROM process.exec) AS t WHERE n >= 0;",
	  1 },
	{ "SELECT pid, n FROM (SELECT pid, " WINDOW
	  " AS n FROM process.exec) AS t WHERE n >= 1;",
	  0 },
};

static void message__one_mistake__is_one_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
		struct front front;

		front_compile(&front, once[i].sql);
		if (front.diagnostics->count != once[i].messages)
			print_error("%s\n%s", once[i].sql, front_text(&front));
		assert_int_equal(front.diagnostics->count, once[i].messages);
		front_release(&front);
	}
}

static void message__constant_conditions__are_warned_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(warned); i++) {
		struct front front;
		char text[256];

		snprintf(text, sizeof(text),
			 "SELECT pid FROM process.exec WHERE %s;",
			 warned[i].where);
		front_compile(&front, text);
		front_rule(&front);
		assert_true(front.diagnostics->warning_count > 0);
		assert_non_null(strstr(front_text(&front), warned[i].warning));
		front_release(&front);
	}
}

static void message__sound_conditions__are_not_warned_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(not_warned); i++) {
		struct front front;
		char text[512];

		snprintf(text, sizeof(text),
			 "SELECT pid FROM process.exec e WHERE %s;",
			 not_warned[i]);
		front_compile(&front, text);
		front_rule(&front);
		assert_int_equal(front.diagnostics->warning_count, 0);
		front_release(&front);
	}
}

/* Of a row that found no partner; ON said what a partner is. */
static void message__left_join_for_no_partner__is_not_warned_of(void **state)
{
	struct front front;

	(void)state;
	front_compile(&front,
		      "SELECT e.pid FROM process.exec e LEFT JOIN "
		      "network.connect n ON n.pid_key = e.pid_key AND "
		      "n.dst_port = 22 AND n.ts BETWEEN e.ts AND e.ts + "
		      "INTERVAL '5' SECOND WHERE n.dst_port IS NULL;");
	front_rule(&front);
	assert_int_equal(front.diagnostics->warning_count, 0);
	front_release(&front);
}

static void message__rule_without_conditions__is_warned_of(void **state)
{
	static const struct {
		const char *text;
		unsigned warnings;
	} rules[] = {
		{ "SELECT pid FROM file.open;", 1 },
		{ "SELECT pid FROM file.open WHERE is_write;", 0 },
		{ "SELECT pid, " WINDOW " AS n FROM file.open;", 0 },
		{ "SELECT pid FROM matches.x;\n"
		  "CREATE RULE x AS SELECT pid FROM file.open WHERE is_write;",
		  0 },
		{ SEQUENCE("a b", "UNTIL u DEFINE a AS TRUE, u AS "
				  "process.exit WHERE TRUE"),
		  0 },
		{ "SELECT pid FROM file.open WHERE FIRST_SEEN(path, "
		  "INTERVAL '1' DAY);",
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct front front;

		front_compile(&front, rules[i].text);
		assert_int_equal(front.result, COMPILE_OK);
		assert_int_equal(front.diagnostics->warning_count,
				 rules[i].warnings);
		assert_true(!rules[i].warnings ==
			    !strstr(front_text(&front),
				    "every event of file.open is a match"));
		front_release(&front);
	}
}

/* A text that runs away hides nothing that stands in another line. */
static void message__text_without_end__hides_no_other_error(void **state)
{
	struct front front;

	(void)state;
	front_compile(&front, "SELECT pid FROM process.exec WHERE exe = 'x;\n"
			      "SELECT pdi FROM process.exec;\n"
			      "SELECT nmae FROM process.exec WHERE exe = "
			      "'it's';\n"
			      "SELECT uidd FROM process.exec;\n");
	assert_non_null(strstr(front_text(&front), "that began in line 1"));
	assert_non_null(strstr(front_text(&front), "test.sql:2:8: error"));
	assert_non_null(strstr(front_text(&front), "written ''"));
	assert_non_null(strstr(front_text(&front), "test.sql:4:8: error"));
	front_release(&front);
}

/* What is read ahead of a rule's name, or of its end, is told of that rule. */
static void message__first_and_last_token__name_their_rule(void **state)
{
	struct front front;

	(void)state;
	front_compile(&front, "SELECT `pid` FROM process.exec;\n"
			      "SELECT pid FROM process.exec WHERE uid = 0;\n"
			      "`SELECT` pid FROM process.exec;\n");
	assert_non_null(strstr(front_text(&front),
			       "1:8: error: backquotes mean nothing here "
			       "[rule test_1]\n"));
	assert_non_null(strstr(front_text(&front),
			       "3:1: error: backquotes mean nothing here\n"));
	front_release(&front);
}

static void message__double_quotes__are_one_mistake(void **state)
{
	struct front front;

	(void)state;
	front_compile(&front, "SELECT pid FROM process.exec\n"
			      "WHERE exe = \"/bin/sh -c é\";");
	assert_non_null(strstr(front_text(&front), "rules/test.sql:2:13: "));
	assert_non_null(strstr(front_text(&front), "1 error, 0 warnings\n"));
	front_release(&front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message__each_mistake__is_named_and_placed),
		cmocka_unit_test(message__wrong_sequences__are_told_apart),
		cmocka_unit_test(message__several_statements__each_is_reported),
		cmocka_unit_test(message__excerpt__points_at_the_range),
		cmocka_unit_test(message__unprintable_bytes__are_escaped),
		cmocka_unit_test(message__constant_conditions__are_warned_of),
		cmocka_unit_test(message__one_mistake__is_one_message),
		cmocka_unit_test(message__sound_conditions__are_not_warned_of),
		cmocka_unit_test(
			message__left_join_for_no_partner__is_not_warned_of),
		cmocka_unit_test(
			message__rule_without_conditions__is_warned_of),
		cmocka_unit_test(
			message__text_without_end__hides_no_other_error),
		cmocka_unit_test(
			message__first_and_last_token__name_their_rule),
		cmocka_unit_test(message__double_quotes__are_one_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
