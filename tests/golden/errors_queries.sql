-- Blocks: groups, windows, joins, subqueries.
SELECT name, COUNT(*) AS n FROM process.exec GROUP BY name;
SELECT name FROM process.exec HAVING uid = 1;
SELECT pid FROM process.exec ORDER BY pid;
SELECT name, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) WHERE window_start > ts GROUP BY name;
SELECT name, COUNT(*) AS n FROM SESSION(TABLE process.exec PARTITION BY uid, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' HOUR) GROUP BY name;
SELECT pid, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY name;
SELECT name, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY name ORDER BY args LIMIT 1;
SELECT args, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY args;
SELECT name, MAX(args) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY name;
SELECT name, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY name LIMIT 3;
SELECT name, COUNT(COUNT(*)) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY name;
SELECT name, COUNT(window_start) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY name;
SELECT name, SUM(exe) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY name;
SELECT COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY window_start + INTERVAL '1' SECOND;
SELECT name, COUNT(*) OVER (PARTITION BY name ORDER BY ts
  RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY name;
SELECT COUNT(*) OVER (PARTITION BY uid ORDER BY ts
  RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS n, COUNT(*) OVER (PARTITION BY gid ORDER BY ts
  RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS m FROM process.exec;
SELECT COUNT(*) OVER (PARTITION BY uid ORDER BY ts
  RANGE BETWEEN INTERVAL '0' SECOND PRECEDING AND CURRENT ROW) AS n FROM process.exec;
SELECT n FROM (SELECT COUNT(*) OVER (PARTITION BY uid ORDER BY pid
  RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS n FROM process.exec) AS t;
SELECT name, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(pid), INTERVAL '1' MINUTE) GROUP BY name;
SELECT name, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '0' MINUTE) GROUP BY name;
SELECT name, COUNT(*) AS n FROM HOP(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '10' SECOND) GROUP BY name;
SELECT name, COUNT(*) AS n FROM HOP(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '1' HOUR) GROUP BY name;
SELECT name, COUNT(*) AS n FROM HOP(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '0' SECOND, INTERVAL '10' SECOND) GROUP BY name;
SELECT uid, COUNT(*) AS n FROM SESSION(TABLE process.exec PARTITION BY uid, DESCRIPTOR(ts), INTERVAL '2' HOUR, INTERVAL '1' HOUR) GROUP BY uid;
SELECT uid, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '400' DAY) GROUP BY uid;
SELECT e.pid FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) e JOIN process.exit x ON x.pid_key = e.pid_key AND x.ts = e.ts;
SELECT e.pid FROM process.exec e JOIN process.exec e ON TRUE;
SELECT e.pid FROM process.exec e WHERE EXISTS (SELECT COUNT(*) FROM process.exit x);
SELECT e.pid FROM process.exec e WHERE EXISTS (SELECT 1 FROM process.exit x);
SELECT e.pid FROM process.exec e WHERE NOT EXISTS (SELECT 1 FROM process.exit x WHERE x.pid_key = e.pid_key
  AND x.ts BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND) EMIT ON FIRST MATCH;
SELECT e.pid AS a, e.uid AS a FROM process.exec e;
SELECT e.pid FROM process.exec e WHERE FIRST_SEEN(e.exe, INTERVAL '0' DAY);
SELECT e.pid FROM process.exec e WHERE FIRST_SEEN(e.exe);
SELECT e.pid FROM process.exec e WHERE FIRST_SEEN(e.exe, INTERVAL '1' DAY) AND FIRST_SEEN(e.name, INTERVAL '1' DAY);
SELECT name, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) WHERE FIRST_SEEN(window_start, INTERVAL '1' DAY) GROUP BY name;
SELECT e.pid FROM process.exec e JOIN process.exit x ON x.pid_key = e.pid_key
  AND x.ts BETWEEN e.ts - INTERVAL '3000' DAY AND e.ts + INTERVAL '3000' DAY;
SELECT e.pid FROM process.exec e LEFT JOIN file.open f ON f.pid_key = e.pid_key AND f.ts BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND
  JOIN process.exit x ON x.pid_key = e.pid_key AND x.ts BETWEEN f.ts AND f.ts + INTERVAL '1' SECOND;
SELECT pid FROM process.exec e JOIN network.connect FOR SYSTEM_TIME AS OF e.ts AS n ON n.pid_key = e.pid_key;
SELECT t.pid FROM (SELECT pid FROM process.exec) FOR SYSTEM_TIME AS OF ts AS t;
SELECT t.n FROM (SELECT pid_key, window_start AS ts, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY pid_key) AS t
  JOIN process.exit x ON x.pid_key = t.pid_key AND x.ts BETWEEN t.ts AND t.ts + INTERVAL '1' SECOND;
SELECT n FROM (SELECT COUNT(*) OVER (ORDER BY t.ts RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS n
  FROM (SELECT pid_key, window_start AS ts, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY pid_key) AS t) AS u;
SELECT pid FROM (SELECT pid FROM (SELECT pid FROM (SELECT pid FROM (SELECT pid FROM process.exec) AS a) AS b) AS c) AS d;
SELECT pid AS c0, pid AS c1, pid AS c2, pid AS c3, pid AS c4, pid AS c5, pid AS c6, pid AS c7, pid AS c8, pid AS c9, pid AS c10, pid AS c11, pid AS c12, pid AS c13, pid AS c14, pid AS c15, pid AS c16, pid AS c17, pid AS c18, pid AS c19, pid AS c20, pid AS c21, pid AS c22, pid AS c23, pid AS c24, pid AS c25, pid AS c26, pid AS c27, pid AS c28, pid AS c29, pid AS c30, pid AS c31, pid AS c32, pid AS c33, pid AS c34, pid AS c35, pid AS c36, pid AS c37, pid AS c38, pid AS c39, pid AS c40, pid AS c41, pid AS c42, pid AS c43, pid AS c44, pid AS c45, pid AS c46, pid AS c47, pid AS c48, pid AS c49, pid AS c50 FROM process.exec;
SELECT e.pid FROM process.exec e JOIN process.exit x0 ON x0.pid_key = e.pid_key AND x0.ts = e.ts JOIN process.exit x1 ON x1.pid_key = e.pid_key AND x1.ts = e.ts JOIN process.exit x2 ON x2.pid_key = e.pid_key AND x2.ts = e.ts JOIN process.exit x3 ON x3.pid_key = e.pid_key AND x3.ts = e.ts JOIN process.exit x4 ON x4.pid_key = e.pid_key AND x4.ts = e.ts;
SELECT COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY uid + 0, uid + 1, uid + 2, uid + 3, uid + 4, uid + 5, uid + 6, uid + 7, uid + 8, uid + 9, uid + 10;
SELECT COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY name ORDER BY n + 0, n + 1, n + 2, n + 3, n + 4 LIMIT 1;
SELECT COUNT(*) OVER (PARTITION BY uid + 0, uid + 1, uid + 2, uid + 3, uid + 4, uid + 5, uid + 6, uid + 7, uid + 8, uid + 9, uid + 10 ORDER BY ts
  RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS n FROM process.exec;
SELECT e.pid FROM process.exec e JOIN process.exit x ON x.ts = e.ts AND x.pid + 0 = e.pid AND x.pid + 1 = e.pid AND x.pid + 2 = e.pid AND x.pid + 3 = e.pid AND x.pid + 4 = e.pid AND x.pid + 5 = e.pid AND x.pid + 6 = e.pid AND x.pid + 7 = e.pid AND x.pid + 8 = e.pid AND x.pid + 9 = e.pid AND x.pid + 10 = e.pid;
