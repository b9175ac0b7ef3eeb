CREATE RULE guessing AS
SELECT src_ip, n
FROM (SELECT a.src_ip, COUNT(*) OVER (PARTITION BY a.src_ip ORDER BY a.ts
             RANGE BETWEEN INTERVAL '60' SECOND PRECEDING AND CURRENT ROW) AS n
      FROM security.auth a WHERE a.result = 'failure') t
WHERE n >= 5;

CREATE RULE guessed WITH (severity = 'high') AS
SELECT s.src_ip, s.auth_user, s.method
FROM matches.guessing g
JOIN security.auth s
  ON s.src_ip = g.src_ip
 AND s.ts BETWEEN g.ts AND g.ts + INTERVAL '60' SECOND
WHERE s.result = 'success';


CREATE RULE keys AS
SELECT path, pid FROM file.open WHERE path = '/root/.ssh/authorized_keys';
