-- SPDX-License-Identifier: Apache-2.0
-- Someone looks around: at least 5 commands that describe users, processes,
-- hardware or the network, started by one parent within 30 seconds.
--
-- Forms that configure scripts, package scripts and network hooks use all day
-- do not count: uname without -a, id of somebody, `ip addr add ...`.
CREATE RULE discovery_burst
  WITH (severity = 'medium',
        attack = 'T1033,T1049,T1057,T1082,T1087.001,T1016',
        description = 'many discovery commands under one parent')
AS
SELECT t.parent_exe, t.parent_cmdline, t.cmdline, t.uid, t.commands
FROM (SELECT e.parent_key, e.parent_exe, e.parent_cmdline, e.cmdline, e.uid,
             COUNT(*) OVER (PARTITION BY e.parent_key ORDER BY e.ts
               RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW)
               AS commands
      FROM process.exec e
      WHERE (e.name IN ('whoami', 'w', 'who', 'users', 'last', 'lastlog',
                        'netstat', 'ss', 'ifconfig', 'arp', 'route', 'lsmod',
                        'lsblk', 'lscpu', 'lspci', 'dmidecode', 'lsof',
                        'hostnamectl', 'nmap', 'arp-scan')
             OR (e.name IN ('ps', 'id', 'hostname', 'groups', 'mount')
                 AND e.args_count <= 2)
             OR (e.name = 'ip' AND e.args_count <= 3)
             OR (e.name = 'uname' AND '-a' = ANY(e.args))
             OR (e.name = 'getent' AND e.args_count = 2)
             OR (e.name = 'cat'
                 AND ('/etc/passwd' = ANY(e.args)
                      OR '/etc/group' = ANY(e.args)
                      OR '/etc/os-release' = ANY(e.args)
                      OR '/etc/issue' = ANY(e.args)
                      OR '/proc/version' = ANY(e.args))))
        AND (e.parent_name IS NULL OR e.parent_name <> 'watch')) t
WHERE t.commands >= 5
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '1' MINUTE;
