-- SPDX-License-Identifier: Apache-2.0
-- A program connects and within seconds starts an interactive shell: Python's
-- socket-and-pty one-liners, `socat exec:`, implants.
--
-- Interactive means -i, or no argument at all. Programs that connect and run
-- helpers with `sh -c` (package managers, version control) do neither. What
-- logs users in asks Kerberos or LDAP and then starts their shell: those ports
-- are left out.
CREATE RULE reverse_shell_spawned
  WITH (severity = 'critical', attack = 'T1059.004,T1059.006',
        description = 'a program that just connected starts an interactive shell')
AS
SELECT e.pid, e.exe, e.cmdline, e.uid, n.exe AS connector,
       n.cmdline AS connector_cmdline, n.dst_ip, n.dst_port
FROM network.connect n
JOIN process.exec e
  ON e.parent_key = n.pid_key
 AND e.ts BETWEEN n.ts AND n.ts + INTERVAL '5' SECOND
WHERE e.name IN ('bash', 'sh', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'tcsh',
                 'fish')
  AND (e.args_count = 1 OR '-i' = ANY(e.args))
  AND n.dst_port NOT IN (53, 80, 88, 389, 636, 3268, 3269, 3306, 5432, 6379)
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '1' MINUTE;
