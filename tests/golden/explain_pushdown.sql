-- Each kind of condition: who decides it, why, and with which instructions.
CREATE RULE addresses AS
SELECT dst_ip FROM network.connect
WHERE dst_ip = '10.0.0.0/8' AND NOT CIDR_MATCH(src_ip, '2001:db8::/33')
  AND dst_port % 1000 = 0 AND pid / 2 + 1 > 50 AND uid * 3 <= 3000
  AND -pid < -100 AND dst_port / uid = 1 AND cgroup_id * 2 = 4
  AND exe LIKE '/tmp/%' AND CAST(dst_port AS TEXT) = '80';

CREATE RULE choices AS
SELECT dst_port FROM network.connect
WHERE (dst_port = 443) IS TRUE AND (exe LIKE '/tmp/%') IS NOT TRUE
  AND CASE WHEN uid = 0 THEN dst_port WHEN gid = 0 THEN pid END = 443
  AND COALESCE(dst_port, 1) > 3 AND NULLIF(dst_port, 22) > 3
  AND IFNULL(parent_name, 'none') = 'none' AND ENTROPY(comm) > 3.5
  AND LENGTH(comm) > 4 AND comm || 'x' = 'bashx' AND uid + 0.5 > 3;

CREATE RULE texts AS
SELECT path FROM file.open
WHERE path ILIKE '/Tmp/%' AND path NOT ILIKE '%.SO'
  AND path LIKE '/tmp/%/key' AND path LIKE '/tmp/_/%/key' AND path LIKE '%a%'
  AND path REGEXP '^/tmp/[a-z]+$' AND comm ILIKE 'Bash' AND comm LIKE '%sh'
  AND UPPER(comm) = 'BASH' AND ANY(args) = '-c' AND path < '/u'
  AND COALESCE(path, '/tmp/') LIKE '/tmp/%' AND (path IS NULL) IS FALSE;
