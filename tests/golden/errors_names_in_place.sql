-- Names that stand for joins, the table of processes, :t_start, older names.
SELECT e.pid FROM process.exec e, process.exit x;
SELECT e.pid, p.exe FROM process.exec e JOIN process FOR SYSTEM_TIME AS OF e.ts AS p ON p.pid_key = e.pid_key
  JOIN process FOR SYSTEM_TIME AS OF e.ts AS g ON g.pid_key = p.parent_key;
SELECT e.pid, p.exe FROM process.exec e JOIN process p ON p.uid = e.uid;
SELECT e.pid, p.cpu_usage FROM process.exec e JOIN process p ON p.pid_key = e.parent_key;
SELECT e.pid, p.cause FROM process.exec e JOIN process p ON p.pid_key = e.pid_key;
SELECT e.pid, p.exe FROM process.exec e LEFT JOIN process p ON p.pid_key = e.pid_key AND p.name = 'sh';
SELECT e.pid, p.exe FROM process.exec e JOIN process FOR SYSTEM_TIME AS OF e.pid AS p ON p.pid_key = e.pid_key;
SELECT e.pid, p.exe FROM process.exec e JOIN network.connect n ON n.pid_key = e.pid_key AND n.ts = e.ts
  JOIN process FOR SYSTEM_TIME AS OF n.ts AS p ON p.pid_key = e.pid_key;
SELECT f.op FROM fs.events f WHERE f.op = 'chmod';
SELECT f.path FROM fs.events f WHERE f.op IN ('delete', 'rename');
SELECT f.inode FROM fs.events f;
SELECT p.environ FROM processes.snapshots p;
SELECT process.exec.pid, n.pid FROM process.exec JOIN network.connect n ON n.pid = pid;
SELECT pid FROM process.exec WHERE pid = :t_start;
SELECT pid FROM process.exec WHERE uid IN (:t_start);
SELECT :t_start AS t FROM process.exec;
SELECT e.name, COUNT(*) AS n FROM process.exec e JOIN process.exit x ON x.pid_key = e.pid_key
  WHERE e.ts BETWEEN :t_start AND :t_end GROUP BY e.name;
SELECT name, COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
  WHERE ts + INTERVAL '1' SECOND > :t_start GROUP BY name;
SELECT e.pid, n.dst_port FROM process.exec e JOIN process.exec b ON b.uid = e.uid AND b.ts = e.ts WHERE n.dst_port = 1;
SELECT process.exec.pid, network.connect.dst_port, x.pid FROM process.exec JOIN (SELECT pid_key, ts FROM process.exec) AS process ON TRUE;
SELECT pid FROM dns.queries;
SELECT i.op FROM kernel.image_loads i;
SELECT name, COUNT(*) AS n FROM process.exec WHERE ts > :t_start GROUP BY name HAVING COUNT(*) IN (:t_start);
SELECT e.pid, g.exe FROM process.exec e JOIN process p ON p.pid_key = e.parent_key JOIN process g ON g.pid_key = p.parent_key;
SELECT a.pid, n.pid FROM process.exec a JOIN process.exec b ON b.uid = a.uid AND b.ts = a.ts JOIN process.exec c ON c.uid = a.uid AND c.ts = a.ts
  JOIN process.exec d ON d.uid = a.uid AND d.ts = a.ts WHERE n.pid = 1 AND f.pid = 1 AND k.pid = 1 AND x.pid = 1;
SELECT window_start, n.dst_port FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE) WHERE n.dst_port = 1 GROUP BY window_start;
