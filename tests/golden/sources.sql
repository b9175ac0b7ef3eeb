-- What stands in FROM: views, WITH, subqueries, rules, tables, older names.
CREATE VIEW shell_connections AS
SELECT n.pid, n.pid_key, n.ts, n.name, n.dst_port FROM network.connect n
WHERE n.name IN ('sh', 'bash');

CREATE RULE of_a_view AS
SELECT pid, name FROM shell_connections WHERE dst_port > 1024;

CREATE RULE with_query AS
WITH writes AS (SELECT pid, path FROM file.open WHERE is_write)
SELECT w.pid FROM writes w WHERE w.path LIKE '/tmp/%';

CREATE RULE nested AS
SELECT t.name, t.n FROM (
  SELECT window_end, name, COUNT(*) AS n
  FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
  GROUP BY window_end, name) AS t
JOIN shell_connections s ON s.name = t.name
  AND s.ts BETWEEN t.ts AND t.ts + INTERVAL '1' MINUTE;

CREATE RULE over_a_rule AS
SELECT m.pid, m.ts FROM matches.of_a_view m WHERE m.name = 'sh';

CREATE RULE table_alone AS
SELECT p.pid, p.cause, p.cpu_usage FROM process p WHERE p.cause <> 'sample';

SELECT name, COUNT(*) AS launches FROM processes.snapshots
WHERE collection_time BETWEEN :t_start AND :t_end
GROUP BY name HAVING COUNT(*) > 5;

SELECT p.pid, n.dst_ip, f.path FROM processes.snapshots p
AUTO JOIN network.connections n ON n.pid = p.pid WHEN p.name = 'nc'
JOIN fs.events f ON f.pid = p.pid
WHERE f.op = 'write';

SELECT i.pid, i.name, i.path FROM kernel.image_loads i WHERE i.name <> 'loop';

SELECT pid, dst_ip FROM network.connections WHERE state = 'established';
