SELECT COUNT(*) AS n FROM file.open f;
SELECT n FROM (SELECT COUNT(*) OVER (ORDER BY pid RANGE BETWEEN INTERVAL '0' SECOND PRECEDING AND CURRENT ROW) AS n FROM file.open) t;
SELECT n FROM (SELECT COUNT(*) OVER (PARTITION BY args ORDER BY ts RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW) AS n FROM file.open) t;
SELECT t.n FROM (SELECT pid, ts, COUNT(*) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW) AS n FROM file.open) t
JOIN process.exec e ON e.pid = t.pid AND e.ts = t.ts;
SELECT n FROM (SELECT COUNT(*) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW) AS n FROM file.open) t WHERE n > 5000000;
SELECT a.pid FROM process.exec a JOIN process.fork b ON a.ts = b.ts;
SELECT a.pid FROM process.exec a JOIN process.fork b ON a.pid = b.pid;
SELECT a.pid FROM process.exec a JOIN process.fork b ON a.pid = b.pid AND b.ts <= a.ts;
SELECT a.pid FROM process.exec a JOIN process.fork b ON a.pid = b.pid AND b.ts BETWEEN a.ts + INTERVAL '2' SECOND AND a.ts;
SELECT COUNT(*) OVER (ORDER BY e.ts RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW) AS n FROM process.exec e JOIN network.connect c ON c.pid_key = e.pid_key AND c.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND;
