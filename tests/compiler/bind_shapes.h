/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and the blocks they become; rules and what is wrong with them. */
static const struct shape shapes[] = {
	{ "SELECT pid FROM process.exec;", "block t_1\n"
					   "  from e process.exec\n"
					   "  column pid e.pid BIGINT\n" },
	{ "SELECT t.p FROM (SELECT pid AS p, uid AS u FROM process.exec WHERE "
	  "uid > 5) AS t WHERE t.u < 9;",
	  "block t_1\n"
	  "  from e process.exec\n"
	  "  where e.uid > 5 AND e.uid < 9\n"
	  "  column p e.pid BIGINT\n" },
	/* LEFT: ON and the subquery's WHERE are of the partner. */
	{ "SELECT e.pid, t.p FROM process.exec e LEFT JOIN (SELECT pid_key, "
	  "ts, dst_port AS p FROM network.connect WHERE dst_port = 22) AS t ON " BESIDE(
		  "e", "t") " WHERE t.p IS NULL;",
	  "block t_1\n"
	  "  from e process.exec\n"
	  "  left n network.connect on n.dst_port = 22 AND n.pid_key = e.pid_key AND n.ts = e.ts\n"
	  "  where n.dst_port IS NULL\n"
	  "  column pid e.pid BIGINT\n"
	  "  column p n.dst_port BIGINT\n" },
	/* ... but a constant is not NULL without it. */
	{ "SELECT e.pid, t.k FROM process.exec e LEFT JOIN (SELECT pid_key, "
	  "ts, 1 AS k FROM network.connect) AS t ON " BESIDE("e", "t") ";",
	  "block t_1#1 internal\n"
	  "  from n network.connect\n"
	  "  column pid_key n.pid_key BIGINT\n"
	  "  column ts n.ts TIMESTAMP\n"
	  "  column k 1 BIGINT\n"
	  "block t_1\n"
	  "  from e process.exec\n"
	  "  left t matches.t_1#1 on t.pid_key = e.pid_key AND t.ts = e.ts\n"
	  "  column pid e.pid BIGINT\n"
	  "  column k t.k BIGINT\n" },
	{ "SELECT e.pid FROM process.exec e JOIN FIRST network.connect c ON " BESIDE(
		  "e",
		  "c") " JOIN file.open f ON " BESIDE("e",
						      "f") " WHERE f.pid = c.pid;",
	  "block t_1\n"
	  "  from e process.exec\n"
	  "  first c network.connect on c.pid_key = e.pid_key AND c.ts = e.ts\n"
	  "  join f file.open\n"
	  "  where f.pid_key = e.pid_key AND f.ts = e.ts AND f.pid = c.pid\n"
	  "  column pid e.pid BIGINT\n" },
	/* Two inputs at the right of LEFT. */
	{ "SELECT e.pid FROM process.exec e LEFT JOIN (SELECT c.pid_key FROM "
	  "network.connect c JOIN file.open f ON " BESIDE(
		  "c",
		  "f") ") AS t ON t.pid_key = e.pid_key AND t.ts BETWEEN e.ts AND e.ts + "
		       "INTERVAL '1' SECOND;",
	  "block t_1#1 internal\n"
	  "  from c network.connect\n"
	  "  join f file.open\n"
	  "  where f.pid_key = c.pid_key AND f.ts = c.ts\n"
	  "  column pid_key c.pid_key BIGINT\n"
	  "block t_1\n"
	  "  from e process.exec\n"
	  "  left t matches.t_1#1 on t.pid_key = e.pid_key AND (t.ts >= e.ts AND t.ts <= e.ts + INTERVAL '1' SECOND)\n"
	  "  column pid e.pid BIGINT\n" },
	/* The threshold form is one block. */
	{ "SELECT pid, n, d FROM (SELECT pid, COUNT(*)" OVER " AS n, "
	  "COUNT(DISTINCT dst_port)" OVER " AS d, COUNT(*)" OVER " + 1 AS m "
	  "FROM network.connect WHERE uid > 0) AS t WHERE n > 3 AND d >= 2;",
	  "block t_1\n"
	  "  from n network.connect\n"
	  "  where n.uid > 0\n"
	  "  over (n.pid_key) range INTERVAL '10' SECOND\n"
	  "    n count(*) BIGINT\n"
	  "    d count(distinct n.dst_port) BIGINT\n"
	  "  having n > 3 AND d >= 2\n"
	  "  column pid n.pid BIGINT\n"
	  "  column n n BIGINT\n"
	  "  column d d BIGINT\n" },
	/* An aggregate over an aggregate is two. */
	{ "SELECT SUM(n)" OVER " AS s FROM (SELECT pid_key, ts, COUNT(*)" OVER
	  " AS n FROM network.connect) AS t;",
	  "block t_1#1 internal\n"
	  "  from n network.connect\n"
	  "  over (n.pid_key) range INTERVAL '10' SECOND\n"
	  "    n count(*) BIGINT\n"
	  "  column pid_key n.pid_key BIGINT\n"
	  "  column ts n.ts TIMESTAMP\n"
	  "  column n n BIGINT\n"
	  "block t_1\n"
	  "  from t matches.t_1#1\n"
	  "  over (t.pid_key) range INTERVAL '10' SECOND\n"
	  "    s sum(t.n) BIGINT\n"
	  "  column s s BIGINT\n" },
	/* COUNT over a join. */
	{ "SELECT COUNT(*) OVER (PARTITION BY e.uid ORDER BY c.ts RANGE "
	  "BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW) AS n FROM "
	  "process.exec e JOIN network.connect c ON " BESIDE("e", "c") ";",
	  "block t_1\n"
	  "  from e process.exec\n"
	  "  join c network.connect\n"
	  "  where c.pid_key = e.pid_key AND c.ts = e.ts\n"
	  "  over (e.uid) range INTERVAL '1' MINUTE\n"
	  "    n count(*) BIGINT\n"
	  "  column n n BIGINT\n" },
	{ "SELECT window_start, w.uid + 1 AS u, COUNT(*) AS n, MAX(dst_port) "
	  "AS m FROM " TUMBLE(
		  "network.connect") " AS w WHERE dst_port > 5 "
				     "GROUP BY window_start, uid HAVING n > 4 AND AVG(dst_port) < 100 "
				     "ORDER BY n DESC, uid LIMIT 3;",
	  "block t_1\n"
	  "  from w network.connect\n"
	  "  where w.dst_port > 5\n"
	  "  group (w.uid) tumble INTERVAL '1' MINUTE\n"
	  "    n count(*) BIGINT\n"
	  "    m max(w.dst_port) BIGINT\n"
	  "    avg avg(w.dst_port) DOUBLE\n"
	  "  having n > 4 AND avg < 100\n"
	  "  order by n desc, uid limit 3\n"
	  "  column window_start window_start TIMESTAMP\n"
	  "  column u uid + 1 BIGINT\n"
	  "  column n n BIGINT\n"
	  "  column m m BIGINT\n" },
	/* WHERE around ORDER BY ... LIMIT comes after it. */
	{ "SELECT n FROM (SELECT uid, COUNT(*) AS n FROM " TUMBLE(
		  "file.open") " GROUP BY uid ORDER BY n DESC LIMIT 5) AS t "
			       "WHERE n > 100;",
	  "block t_1#1 internal\n"
	  "  from f file.open\n"
	  "  group (f.uid) tumble INTERVAL '1' MINUTE\n"
	  "    n count(*) BIGINT\n"
	  "  order by n desc limit 5\n"
	  "  column uid uid BIGINT\n"
	  "  column n n BIGINT\n"
	  "block t_1\n"
	  "  from t matches.t_1#1\n"
	  "  where t.n > 100\n"
	  "  column n t.n BIGINT\n" },
	{ "SELECT n FROM (SELECT uid, COUNT(*) AS n FROM "
	  "HOP(TABLE (SELECT uid, ts FROM file.open WHERE uid > 0), "
	  "DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '1' MINUTE) GROUP BY "
	  "uid) AS t WHERE n > 100;",
	  "block t_1\n"
	  "  from f file.open\n"
	  "  where f.uid > 0\n"
	  "  group (f.uid) hop INTERVAL '10' SECOND, INTERVAL '1' MINUTE\n"
	  "    n count(*) BIGINT\n"
	  "  having n > 100\n"
	  "  column n n BIGINT\n" },
	{ "SELECT uid, SUM(pid) AS s FROM SESSION(TABLE process.exec PARTITION "
	  "BY uid, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '1' HOUR);",
	  "block t_1\n"
	  "  from e process.exec\n"
	  "  group (e.uid) session INTERVAL '10' SECOND, INTERVAL '1' HOUR\n"
	  "    s sum(e.pid) BIGINT\n"
	  "  column uid uid BIGINT\n"
	  "  column s s BIGINT\n" },
	/* A sequence: copies, an optional step, another stream, UNTIL. */
	{ "SELECT m.p, m.pid_key FROM process.exec MATCH_RECOGNIZE (PARTITION "
	  "BY pid_key ORDER BY ts MEASURES A.pid AS p, C.dst_port AS d PATTERN "
	  "(A B{2} D? C) WITHIN INTERVAL '1' MINUTE UNTIL U DEFINE A AS uid = "
	  "0, B AS exe = A.exe, C AS network.connect WHERE dst_port > A.uid "
	  "AND C.dst_port > 0, U AS process.exit WHERE code = 0) AS m "
	  "WHERE d < 1024;",
	  "block t_1\n"
	  "  sequence within INTERVAL '1' MINUTE\n"
	  "    a process.exec (a.pid_key) where a.uid = 0\n"
	  "    b process.exec (b.pid_key) where b.exe = a.exe\n"
	  "    b_2 process.exec (b_2.pid_key) where b_2.exe = a.exe\n"
	  "    optional d process.exec (d.pid_key)\n"
	  "    c network.connect (c.pid_key) where c.dst_port > a.uid AND c.dst_port > 0\n"
	  "    until u process.exit (u.pid_key) where u.code = 0\n"
	  "  having c.dst_port < 1024\n"
	  "  column p a.pid BIGINT\n"
	  "  column pid_key a.pid_key BIGINT\n" },
	/* Joined, a sequence is a rule of its own. */
	{ "SELECT e.pid FROM process.exit e JOIN process.exec MATCH_RECOGNIZE "
	  "(PARTITION BY pid_key ORDER BY ts MEASURES B.ts AS ts PATTERN (A B) "
	  "WITHIN INTERVAL '1' MINUTE DEFINE A AS uid = 0) AS m ON " BESIDE(
		  "e", "m") ";",
	  "block t_1#1 internal\n"
	  "  sequence within INTERVAL '1' MINUTE\n"
	  "    a process.exec (a.pid_key) where a.uid = 0\n"
	  "    b process.exec (b.pid_key)\n"
	  "  column ts b.ts TIMESTAMP\n"
	  "  column pid_key a.pid_key BIGINT\n"
	  "block t_1\n"
	  "  from e process.exit\n"
	  "  join m matches.t_1#1\n"
	  "  where m.pid_key = e.pid_key AND m.ts = e.ts\n"
	  "  column pid e.pid BIGINT\n" },
	{ "SELECT e.pid FROM process.exec e WHERE e.uid = 0 AND NOT EXISTS "
	  "(SELECT 1 FROM (SELECT pid_key AS k, ts FROM network.connect WHERE "
	  "dst_port = 1) AS c WHERE c.k = e.pid_key AND c.ts BETWEEN e.ts AND "
	  "e.ts + INTERVAL '5' SECOND) AND EXISTS (SELECT f.pid FROM file.open "
	  "f WHERE " BESIDE("e", "f") ") AND FIRST_SEEN(e.exe, uid, INTERVAL "
				      "'1' DAY);",
	  "block t_1\n"
	  "  from e process.exec\n"
	  "  not exists n network.connect on n.dst_port = 1 AND n.pid_key = e.pid_key AND n.ts >= e.ts AND n.ts <= e.ts + INTERVAL '5' SECOND\n"
	  "  exists f file.open on f.pid_key = e.pid_key AND f.ts = e.ts\n"
	  "  where e.uid = 0\n"
	  "  first seen (e.exe, e.uid) in INTERVAL '1' DAY\n"
	  "  column pid e.pid BIGINT\n" },
	{ "CREATE RULE a WITH (dedup_key = 'm.n, pid') AS SELECT m.pid FROM "
	  "matches.b AS m WHERE m.ts > m.first_ts;"
	  "CREATE RULE b AS SELECT pid, n, ts AS first_ts FROM (SELECT pid, "
	  "ts, COUNT(*)" OVER " AS n FROM process.exec) AS t WHERE n > 2;",
	  "block b\n"
	  "  from e process.exec\n"
	  "  over (e.pid_key) range INTERVAL '10' SECOND\n"
	  "    n count(*) BIGINT\n"
	  "  having n > 2\n"
	  "  column pid e.pid BIGINT\n"
	  "  column n n BIGINT\n"
	  "  column first_ts e.ts TIMESTAMP\n"
	  "block a\n"
	  "  from m matches.b\n"
	  "  where m.ts > m.first_ts\n"
	  "  column pid m.pid BIGINT\n"
	  "  dedup m.n m.n BIGINT\n"
	  "  dedup pid m.pid BIGINT\n" },
	/* ts of what became part of the block, as of its matches. */
	{ "SELECT t.ts FROM (SELECT pid, COUNT(*) AS n FROM " TUMBLE(
		  "file.open") " GROUP BY pid) AS t WHERE t.n > 2;",
	  "block t_1\n"
	  "  from f file.open\n"
	  "  group (f.pid) tumble INTERVAL '1' MINUTE\n"
	  "    n count(*) BIGINT\n"
	  "  having n > 2\n"
	  "  column ts window_end TIMESTAMP\n" },
	{ "SELECT ts FROM (SELECT u.n FROM (SELECT COUNT(*)" OVER " AS n FROM "
	  "(SELECT pid_key, ts FROM file.open) AS v) AS u) AS t;",
	  "block t_1\n"
	  "  from f file.open\n"
	  "  over (f.pid_key) range INTERVAL '10' SECOND\n"
	  "    n count(*) BIGINT\n"
	  "  column ts f.ts TIMESTAMP\n" },
	{ "SELECT m.ts, x FROM process.exec MATCH_RECOGNIZE (PARTITION BY "
	  "pid_key ORDER BY ts MEASURES A.pid AS x PATTERN (A B) WITHIN "
	  "INTERVAL '5' SECOND UNTIL U DEFINE U AS process.exit WHERE TRUE) "
	  "AS m;",
	  "block t_1\n"
	  "  sequence within INTERVAL '5' SECOND\n"
	  "    a process.exec (a.pid_key)\n"
	  "    b process.exec (b.pid_key)\n"
	  "    until u process.exit (u.pid_key) where TRUE\n"
	  "  column ts b.ts TIMESTAMP\n"
	  "  column x a.pid BIGINT\n" },
};

static const struct {
	const char *sql;
	const char *message;
	const char *suggestion;
} mistakes[] = {
	{ "CREATE RULE a AS SELECT x.pid FROM matches.b AS x; CREATE RULE b AS "
	  "SELECT x.pid FROM matches.a AS x;",
	  "in a circle: a reads matches.b, which reads matches.a", NULL },
	{ "CREATE RULE a AS SELECT x.pid FROM matches.a AS x;",
	  "in a circle: a reads matches.a", NULL },
	{ "CREATE RULE shell AS SELECT pid FROM process.exec; CREATE RULE b AS "
	  "SELECT x.pid FROM matches.shel AS x;",
	  "no rule 'shel' whose matches to read", "did you mean 'shell'?" },
	{ "CREATE RULE a WITH (enabled = FALSE) AS SELECT pid FROM "
	  "process.exec; CREATE RULE b AS SELECT pid FROM matches.a;",
	  "rule 'a' is not enabled", "enable it" },
	{ "CREATE RULE a AS SELECT pid FROM process.exec; CREATE RULE b AS "
	  "SELECT pdi FROM matches.a;",
	  "unknown column 'pdi' of a", "did you mean 'pid'?" },
	{ "CREATE RULE a AS SELECT e.ts, e.pid_key FROM process.exec e JOIN "
	  "file.open f ON " BESIDE(
		  "e",
		  "f") "; CREATE RULE b AS SELECT e.pid "
		       "FROM process.exit e JOIN matches.a AS m ON " BESIDE(
			       "e", "m") ";",
	  "the column ts of 'm' is not when its rows are known",
	  "give that column another name" },
	{ "SELECT COUNT(*) AS n, COUNT(pid) FROM file.open;",
	  "COUNT(pid) needs a window", "write COUNT(pid) OVER (PARTITION BY" },
	{ "SELECT pid FROM file.open GROUP BY pid;", "GROUP BY needs a window",
	  "TUMBLE(TABLE" },
	{ "SELECT pid FROM file.open ORDER BY pid;",
	  "ORDER BY is for the groups of a window", "TUMBLE(TABLE" },
	{ "SELECT pid FROM file.open LIMIT 5;",
	  "LIMIT is for the groups of a window", "TUMBLE(TABLE" },
	{ "SELECT pid, COUNT(*) AS n FROM " TUMBLE("file.open") ";",
	  "'pid' is not one value for the rows of a group",
	  "add it to GROUP BY, or take MIN(pid) or MAX(pid)" },
	{ "SELECT COUNT(*) AS n FROM " TUMBLE("file.open") " WHERE "
							   "window_start > ts;",
	  "a window's bounds are known when it is over", "ask in HAVING" },
	{ "SELECT COUNT(*) AS n FROM " TUMBLE("file.open") " LIMIT 5;",
	  "LIMIT needs ORDER BY", NULL },
	{ "SELECT COUNT(*)" OVER " AS n FROM " TUMBLE("file.open") ";",
	  "OVER does not go with the groups of a window", NULL },
	{ "SELECT COUNT(*) AS n FROM TUMBLE(TABLE file.open, DESCRIPTOR(pid), "
	  "INTERVAL '1' MINUTE);",
	  "TUMBLE is in order of ts, not of pid", NULL },
	{ "SELECT COUNT(*) AS n FROM HOP(TABLE file.open, DESCRIPTOR(ts), "
	  "INTERVAL '7' SECOND, INTERVAL '1' MINUTE);",
	  "a multiple of its slide", NULL },
	{ "SELECT COUNT(*) AS n FROM HOP(TABLE file.open, DESCRIPTOR(ts), "
	  "INTERVAL '1' SECOND, INTERVAL '101' SECOND);",
	  "at most 100 windows of a HOP", NULL },
	{ "SELECT uid FROM SESSION(TABLE file.open PARTITION BY uid, "
	  "DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '1' MINUTE) GROUP BY "
	  "uid, pid;",
	  "SESSION and GROUP BY have the same keys", NULL },
	{ "SELECT e.pid FROM " TUMBLE("file.open") " AS w JOIN process.exec e "
						   "ON " BESIDE("w", "e") ";",
	  "a window stands alone in FROM", "group in a subquery" },
	{ "SELECT COUNT(*)" OVER " AS n, SUM(uid) OVER (ORDER BY ts RANGE "
	  "BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW) AS s FROM "
	  "file.open;",
	  "all aggregates of a query are over one window", "write two rules" },
	{ "SELECT SUM(exe)" OVER " AS n FROM process.exec;", "takes no TEXT",
	  NULL },
	{ "SELECT MAX(args)" OVER " AS n FROM process.exec;", "takes no",
	  NULL },
	{ "SELECT t.pid FROM (SELECT e.pid, e.ts FROM process.exec e LEFT JOIN "
	  "file.open f ON " BESIDE(
		  "e",
		  "f") " WHERE FIRST_SEEN(e.exe, INTERVAL "
		       "'1' DAY)) AS t WHERE NOT EXISTS (SELECT 1 FROM process.exit x WHERE "
		       "x.pid = t.pid AND x.ts = t.ts);",
	  "the column ts of 't' is not when its rows are known", NULL },
	{ "SELECT e.pid FROM process.exec e WHERE EXISTS (SELECT 1 FROM "
	  "file.open f JOIN file.open g ON f.ts = g.ts WHERE f.ts = e.ts);",
	  "EXISTS takes one stream with conditions", NULL },
	{ "SELECT e.pid FROM process.exec e WHERE EXISTS (SELECT 1 FROM "
	  "file.open f);",
	  "EXISTS needs a key and a time bound", "add WHERE" },
	{ "SELECT e.pid FROM process.exec e WHERE uid = 0 OR EXISTS (SELECT 1 "
	  "FROM file.open f WHERE f.ts = e.ts);",
	  "EXISTS stands in WHERE as a condition of its own", NULL },
	{ "SELECT pid FROM process.exec WHERE FIRST_SEEN(exe);",
	  "FIRST_SEEN takes one to 3 values", "INTERVAL '1' DAY" },
	{ "SELECT pid FROM process.exec WHERE FIRST_SEEN(args, INTERVAL '1' "
	  "DAY);",
	  "a list cannot be a key", NULL },
	{ "SELECT pid FROM process.exec WHERE FIRST_SEEN(exe, INTERVAL '1' "
	  "DAY) AND FIRST_SEEN(uid, INTERVAL '1' DAY);",
	  "a query has one FIRST_SEEN", NULL },
	{ "SELECT p FROM process.exec MATCH_RECOGNIZE (PARTITION BY pid_key "
	  "ORDER BY ts MEASURES A.pid AS p PATTERN (A B) WITHIN INTERVAL '1' "
	  "MINUTE DEFINE A AS B.uid = 0) AS m;",
	  "no 'b' in FROM", NULL },
	{ "SELECT p FROM process.exec MATCH_RECOGNIZE (PARTITION BY pid_key "
	  "ORDER BY ts MEASURES pid AS p PATTERN (A B) WITHIN INTERVAL '1' "
	  "MINUTE DEFINE A AS uid = 0) AS m;",
	  "column 'pid' is ambiguous", "write a.pid, b.pid" },
	{ "SELECT p FROM process.exec MATCH_RECOGNIZE (PARTITION BY exe ORDER "
	  "BY ts MEASURES A.pid AS p PATTERN (A B) WITHIN INTERVAL '1' MINUTE "
	  "DEFINE B AS process.exit PARTITION BY uid WHERE TRUE) AS m;",
	  "the key uid of step b is BIGINT, but that of the first step is TEXT",
	  NULL },
	{ "CREATE RULE a WITH (retention = 'long') AS SELECT pid FROM "
	  "process.exec;",
	  "retention is how long", "as in '30 DAY'" },
	{ "CREATE RULE a WITH (enabeld = TRUE) AS SELECT pid FROM "
	  "process.exec;",
	  "unknown option 'enabeld'", "did you mean 'enabled'?" },
	{ "CREATE RULE a WITH (dedup_key = 'pid') AS SELECT COUNT(*) AS n FROM " TUMBLE(
		  "file.open") " GROUP BY uid;",
	  "'pid' is not one value for the rows of a group", NULL },
};
