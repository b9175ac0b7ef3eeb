-- SPDX-License-Identifier: Apache-2.0
-- One process tries at least 100 TCP connections within 5 seconds, outside
-- the ports on which busy clients, proxies and crawlers talk all day.
--
-- In the kernel: connections to those ports are dropped.
CREATE RULE port_scan
  WITH (severity = 'medium', attack = 'T1046',
        description = 'one process tries very many connections')
AS
SELECT t.pid, t.exe, t.cmdline, t.uid, t.dst_ip, t.attempts
FROM (SELECT n.pid_key, n.pid, n.exe, n.cmdline, n.uid, n.dst_ip,
             COUNT(*) OVER (PARTITION BY n.pid_key ORDER BY n.ts
               RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW)
               AS attempts
      FROM network.connect n
      WHERE n.dst_port NOT IN (53, 80, 443, 853, 1883, 3000, 3128, 3306, 4222,
                               5000, 5432, 5672, 6379, 8000, 8080, 8086, 8125,
                               8443, 8888, 9000, 9042, 9090, 9092, 9200,
                               11211, 27017)) t
WHERE t.attempts >= 100
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '1' MINUTE;
