-- Filters: each kind of condition, in the form the plan gives it.
CREATE RULE like_forms AS
SELECT pid FROM process.exec
WHERE exe LIKE '/tmp/%' AND name LIKE '%sh' AND cmdline LIKE '%curl%'
  AND filename LIKE 'a_c%' AND comm LIKE 'plain' AND interp NOT LIKE '10!%%' ESCAPE '!';

CREATE RULE not_goes_to_the_leaves AS
SELECT pid FROM process.exec
WHERE NOT (uid = 0 OR gid < 5 OR NOT (euid >= 7 AND compat)) AND NOT (exe IS NULL);

CREATE RULE constants_go_right AS
SELECT pid FROM process.exec WHERE 0 = uid AND 5 < gid AND (1 = 1 OR egid = 3);

CREATE RULE lists AS
SELECT pid, args FROM process.exec
WHERE '-c' = ANY(args) AND uid IN (5, 3, 3, 1 + 1) AND gid NOT IN (7)
  AND euid IN (1, NULL) AND pid BETWEEN 100 AND 0x100;

CREATE RULE addresses AS
SELECT src_ip, dst_ip, dst_port FROM network.connect
WHERE dst_ip IN ('2001:db8::1', '192.0.2.1') AND src_ip <> '127.0.0.1'
  AND proto = 'tcp' AND family IN ('inet', 'inet6');

CREATE RULE what_never_is AS
SELECT pid FROM file.open WHERE path = NULL OR (is_write AND 1 > 2);

SELECT 'quote '' inside' AS text, -5 AS n, e.pid - 1 AS p, e.pid, x.pid FROM process.exec e JOIN process.exit x
ON x.pid_key = e.pid_key AND x.ts - e.ts BETWEEN INTERVAL '0' SECOND AND INTERVAL '0.5' SECOND;
