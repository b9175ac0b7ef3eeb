-- Addresses, networks, and lists of arguments.
CREATE RULE networks AS
SELECT dst_ip FROM network.connect
WHERE dst_ip = '192.0.2.1' AND dst_ip <> '2001:db8::1'
  AND src_ip = '10.0.0.0/8' AND src_ip <> '10.1.0.0/16'
  AND dst_ip IN ('127.0.0.0/8', '::1', 'fe80::/10') AND dst_ip NOT IN ('::/3')
  AND CIDR_MATCH(dst_ip, '192.0.2.0/24');

CREATE RULE arguments AS
SELECT args FROM process.exec
WHERE '-c' = ANY(args) AND ANY(args) LIKE '--pass%' AND ALL(args) <> '-x'
  AND ANY(args) ILIKE '%X%' AND ANY(args) REGEXP '^-' AND args IS NOT NULL
  AND NOT 'a' < ALL(args);

CREATE RULE hashes AS
SELECT pid FROM process
WHERE executable_hash =
  '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';

CREATE RULE times AS
SELECT ts FROM process.exec
WHERE ts > '2026-01-31T12:00:00Z' AND ts - ts < INTERVAL '1' MINUTE;
