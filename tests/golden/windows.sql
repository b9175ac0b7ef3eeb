-- Windows of realtime: groups, HAVING, the first few.
CREATE RULE tumbling AS
SELECT window_start, window_end, name, COUNT(*) AS n, SUM(args_count) AS args
FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
WHERE uid = 0
GROUP BY window_start, window_end, name
HAVING COUNT(*) >= 2 AND MAX(args_count) < 9
ORDER BY n DESC, name ASC LIMIT 3;

CREATE RULE hopping AS
SELECT window_end, COUNT(DISTINCT path) AS files, AVG(pid) AS mean
FROM HOP(TABLE file.open, DESCRIPTOR(ts), INTERVAL '5' SECOND,
         INTERVAL '10' SECOND)
GROUP BY window_end;

CREATE RULE sessions AS
SELECT uid, window_start, COUNT(*) AS n, MIN(ts) AS first
FROM SESSION(TABLE process.exec PARTITION BY uid, DESCRIPTOR(ts),
             INTERVAL '30' SECOND, INTERVAL '1' HOUR)
GROUP BY uid, window_start;
