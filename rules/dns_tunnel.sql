-- SPDX-License-Identifier: Apache-2.0
-- One process asks for at least 60 different names of 48 characters or more
-- within 30 seconds: data goes out in the names.
--
-- Names that long are asked for one by one (clouds, content networks), and as
-- the reverse of IPv6 addresses, which do not count. A resolver that asks for a
-- whole network sees those of all its clients: give it an exception.
CREATE RULE dns_tunnel
  WITH (severity = 'high', attack = 'T1071.004,T1048.003',
        description = 'one process asks for very many long names')
AS
SELECT t.pid, t.exe, t.cmdline, t.uid, t.server, t.qname, t.names
FROM (SELECT d.pid, d.exe, d.cmdline, d.uid, d.server, d.qname,
             COUNT(DISTINCT d.qname) OVER (PARTITION BY d.pid_key ORDER BY d.ts
               RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW)
               AS names
      FROM network.dns d
      WHERE NOT d.is_response AND LENGTH(d.qname) >= 48
        AND d.qname NOT LIKE '%.ip6.arpa') t
WHERE t.names >= 60
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '1' MINUTE;
