-- Each kind of join; with the table of processes too.
CREATE RULE inner_join AS
SELECT e.exe, n.dst_port FROM process.exec e
JOIN network.connect n ON n.pid_key = e.pid_key
  AND n.ts BETWEEN e.ts - INTERVAL '1' SECOND AND e.ts + INTERVAL '5' SECOND
WHERE n.dst_port > 1024 AND n.uid <> e.uid;

CREATE RULE first_join AS
SELECT e.exe, f.path FROM process.exec e
JOIN FIRST file.open f ON f.pid_key = e.pid_key AND f.is_write
  AND f.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND;

CREATE RULE left_join AS
SELECT e.exe, COALESCE(n.dst_port, 0) AS port FROM process.exec e
LEFT JOIN network.connect n ON n.pid_key = e.pid_key AND n.dst_port = 22
  AND n.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND
WHERE n.dst_port IS NULL OR n.dst_port = 22;

CREATE RULE semi_join AS
SELECT e.exe FROM process.exec e
WHERE EXISTS (SELECT 1 FROM file.open f WHERE f.pid_key = e.pid_key
              AND f.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND);

CREATE RULE anti_join AS
SELECT e.exe FROM process.exec e
WHERE NOT EXISTS (SELECT 1 FROM process.exit x WHERE x.pid_key = e.pid_key
                  AND x.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND);

CREATE RULE auto_join AS
SELECT e.exe, n.dst_port FROM process.exec e
AUTO JOIN network.connect n ON n.pid_key = e.pid_key WHEN e.name = 'nc';

CREATE RULE auto_join_open_above AS
SELECT e.exe, n.dst_port FROM process.exec e
AUTO JOIN network.connect n ON n.pid_key = e.pid_key AND n.ts > e.ts
WHEN e.name = 'nc';

CREATE RULE auto_join_open_below AS
SELECT e.exe, n.dst_port FROM process.exec e
AUTO JOIN network.connect n ON n.pid_key = e.pid_key
  AND n.ts - e.ts <= INTERVAL '5' SECOND WHEN e.name = 'nc';

CREATE RULE auto_join_later AS
SELECT e.exe, n.dst_port FROM process.exec e
AUTO JOIN network.connect n ON n.pid_key = e.pid_key
  AND n.ts >= e.ts + INTERVAL '2' MINUTE WHEN e.name = 'nc';

CREATE RULE auto_join_before AS
SELECT e.exe, n.dst_port FROM process.exec e
AUTO JOIN network.connect n ON n.pid_key = e.pid_key
  AND n.ts <= e.ts - INTERVAL '5' SECOND WHEN e.name = 'nc';

CREATE RULE temporal_join AS
SELECT n.dst_port, p.exe, q.name AS parent FROM network.connect n
JOIN process FOR SYSTEM_TIME AS OF n.ts AS p ON p.pid_key = n.pid_key
LEFT JOIN process FOR SYSTEM_TIME AS OF n.ts AS q ON q.pid_key = n.parent_key
WHERE p.name = 'bash';

CREATE RULE names_in_place_of_joins AS
SELECT e.exe, n.dst_port FROM process.exec e WHERE n.dst_port = 4444;
