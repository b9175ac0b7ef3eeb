CREATE RULE reverse_shell
  WITH (severity = 'critical', attack = 'T1059.004', description = 'shell with a socket on stdin')
AS
SELECT e.pid, e.exe, e.args, c.dst_ip, c.dst_port
FROM process.exec e
JOIN network.connect c
  ON c.pid_key = e.pid_key AND c.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND
WHERE e.exe LIKE '%/bash' AND c.dst_port NOT IN (22, 443)
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '10' MINUTE ON GAP SUPPRESS;

CREATE RULE dropper WITH (severity = 'high', dedup_key = 'path') AS
SELECT f.path AS path, e.exe, c.dst_ip
FROM network.connect c
JOIN file.open f ON f.pid_key = c.pid_key AND f.ts >= c.ts AND f.ts < c.ts + INTERVAL '1' MINUTE
JOIN process.exec e ON e.filename = f.path AND e.uid = c.uid AND e.ts BETWEEN f.ts AND f.ts + INTERVAL '30' SECOND
WHERE f.created AND f.is_write AND (f.path LIKE '/tmp/%' OR c.dst_port <> 443);

CREATE RULE unordered AS
SELECT a.pid
FROM (SELECT pid, pid_key AS k, ts AS t FROM file.open WHERE path = '/etc/shadow') a
JOIN network.connect ON network.connect.pid_key = a.k
  AND network.connect.ts BETWEEN a.t - INTERVAL '2' SECOND AND a.t + INTERVAL '2' SECOND;
