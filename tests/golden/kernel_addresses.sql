-- What the kernel decides of addresses, and many values at once.
CREATE RULE addresses_there AS
SELECT pid FROM network.connect
WHERE dst_ip = '10.0.0.0/8' OR dst_ip IN ('::1', '192.0.2.1')
  OR (family = 'inet6' AND NOT dst_ip = 'fe80::/10');

CREATE RULE registers AS
SELECT pid FROM network.connect
WHERE dst_port = 9 AND (pid + uid) * (ppid + gid) - (src_port + dst_port) * (uid - gid)
    + (pid - uid) * ((ppid - gid) + (src_port - dst_port) * (uid + gid)) > 1;
