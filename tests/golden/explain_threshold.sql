CREATE RULE port_scan WITH (severity = 'high', attack = 'T1046') AS
SELECT t.exe, t.pid
FROM (SELECT exe, pid, COUNT(*) OVER (PARTITION BY pid_key ORDER BY ts
        RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS n
      FROM network.connect WHERE dst_port < 1024 AND exe LIKE '/tmp/%') AS t
WHERE n >= 100
SUPPRESS FOR INTERVAL '1' HOUR;

CREATE RULE everything AS SELECT path FROM file.open;
