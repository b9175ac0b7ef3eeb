-- What the kernel decides of a stream that it may filter, and what not.
CREATE RULE integers AS
SELECT pid FROM network.connect
WHERE dst_port IN (22, 80, 443, 8080) AND uid BETWEEN 1 AND 999
  AND (src_port + 1) * 2 > 7 AND dst_port % 2 = 0 AND uid / 3 <> 5;

CREATE RULE paths AS
SELECT pid FROM file.open
WHERE path LIKE '/etc/%' AND path LIKE '%shadow' AND path LIKE '%sh%'
  AND path <> '/etc/shells' AND NOT created AND is_write
  AND comm = 'vi' AND UPPER(path) <> 'X' AND exe LIKE '/bin/%';

CREATE RULE addresses_there AS
SELECT pid FROM network.connect
WHERE dst_ip = '10.0.0.0/8' OR dst_ip IN ('::1', '192.0.2.1')
  OR (family = 'inet6' AND NOT dst_ip = 'fe80::/10');

CREATE RULE registers AS
SELECT pid FROM network.connect
WHERE (pid + uid) * (ppid + gid) - (src_port + dst_port) * (uid - gid)
    + (pid - uid) * ((ppid - gid) + (src_port - dst_port) * (uid + gid)) > 1;
