-- One of each shape that explain tells differently.
CREATE RULE parts_of_or WITH (description = 'one part is not for the kernel') AS
SELECT pid FROM file.open
WHERE (path = '/etc/passwd' OR name = 'cat') AND (is_write OR created);

CREATE RULE absence AS
SELECT e.pid FROM process.exec e
WHERE NOT EXISTS (SELECT 1 FROM file.open f WHERE f.pid_key = e.pid_key
                  AND f.is_write AND f.path LIKE '/etc/%'
                  AND f.ts BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND);

CREATE RULE presence AS
SELECT e.pid FROM process.exec e
WHERE EXISTS (SELECT 1 FROM network.connect n WHERE n.pid_key = e.pid_key
              AND n.ts BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND);

CREATE RULE never_before AS
SELECT e.exe FROM process.exec e WHERE FIRST_SEEN(e.exe, INTERVAL '1' DAY);

CREATE RULE reports AS
SELECT window_start, name, COUNT(*) AS n
FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
GROUP BY window_start, name HAVING COUNT(*) > 2 ORDER BY n DESC LIMIT 3;

CREATE RULE steps AS
SELECT m.child FROM process.exec MATCH_RECOGNIZE (
  PARTITION BY pid_key ORDER BY ts MEASURES B.name AS child
  PATTERN (A B) WITHIN INTERVAL '30' SECOND UNTIL U
  DEFINE A AS name = 'bash',
         B AS process.exec PARTITION BY parent_key WHERE B.uid <> A.uid,
         U AS process.exit WHERE TRUE) AS m;

CREATE RULE of_matches AS
SELECT m.pid FROM matches.parts_of_or m WHERE m.pid > 1
SUPPRESS FOR INTERVAL '1' MINUTE;

CREATE RULE table_of_processes AS
SELECT p.pid FROM process p WHERE p.cpu_usage > 80.0;

CREATE RULE asked_for AS
SELECT e.pid, n.dst_port FROM process.exec e
AUTO JOIN network.connect n ON n.pid_key = e.pid_key WHEN e.name = 'nc';
