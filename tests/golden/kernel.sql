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
