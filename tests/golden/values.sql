-- Each operator and function that makes a value.
CREATE RULE arithmetic AS
SELECT uid + 1 AS a, uid - gid AS b, uid * 2 AS c, uid / gid AS d,
       uid % 3 AS e, -uid AS f, uid * 1.5 AS g, ts + INTERVAL '1' SECOND AS h,
       ts - ts AS i, INTERVAL '2' SECOND * uid AS j, 2 + 3 * 4 AS k
FROM process.exec WHERE uid + gid * 2 > 7 AND -uid < 0;

CREATE RULE texts AS
SELECT name || ':' || uid AS joined, LENGTH(exe) AS a, SUBSTR(exe, 2) AS b,
       SUBSTR(exe, -3, 2) AS c, INSTR(exe, '/') AS d, UPPER(name) AS e,
       LOWER(name) AS f, TRIM(name) AS g, TRIM(name, 'x') AS h,
       REPLACE(name, 'a', 'b') AS i, HEX(name) AS j, UNHEX(name) AS k,
       BASENAME(exe) AS l, DIRNAME(exe) AS m, ENTROPY(cmdline) AS n,
       BASE64_DECODE(name) AS o, x'00ff' AS p
FROM process.exec WHERE UPPER(name) = 'SH' AND LENGTH(exe) > 3;

CREATE RULE choices AS
SELECT CASE WHEN uid = 0 THEN 'root' WHEN uid < 1000 THEN 'system' END AS a,
       CASE uid WHEN 0 THEN 'root' ELSE name END AS b,
       COALESCE(name, exe, '?') AS c, NULLIF(uid, 0) AS d, IFNULL(name, '') AS e
FROM process.exec WHERE CASE WHEN uid = 0 THEN gid ELSE 1 END = 0;

CREATE RULE casts AS
SELECT CAST(uid AS TEXT) AS a, CAST(name AS BIGINT) AS b,
       CAST(uid AS DOUBLE) AS c, CAST(uid AS BOOL) AS d,
       CAST(name AS BYTES) AS e, CAST(name AS IP) AS f,
       CAST(name AS TIMESTAMP) AS g, CAST(uid AS INTERVAL) AS h,
       CAST(name AS HASH256) AS i, CAST(args AS TEXT) AS j
FROM process.exec;

CREATE RULE ancestors AS
SELECT ANCESTOR(pid_key, 2) AS grandparent, NULL AS nothing FROM process.exec
WHERE HAS_ANCESTOR(pid_key, 'sshd') AND NOT HAS_ANCESTOR(pid_key, '/bin/su');

CREATE RULE named_values AS
SELECT proto, family, CAST(proto AS TEXT) AS p FROM network.connect
WHERE proto = 'tcp' AND family IN ('inet', 'inet6');
