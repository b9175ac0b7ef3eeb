-- SPDX-License-Identifier: Apache-2.0
-- A process that is a shell and has a TCP connection of its own making, in
-- either order within 5 seconds: a shell that connects, as one does for
-- `exec 3<>/dev/tcp/...`, or a process that connects and then becomes a shell,
-- as `bash -i >& /dev/tcp/...` (whose redirection is made before the program
-- starts) and `nc -e /bin/sh` do.
--
-- Shells hand network work to other programs, and `sh -c 'curl ...'` runs curl
-- in the shell's own process. So the process must be a shell when it connects,
-- or the shell must be an interactive one.
--
-- In the kernel: connections to the usual service ports are dropped unless the
-- task's short name is a shell's or that of a tool that reverse shells are made
-- with. A script that is run by its #! line has the short name of its file, so
-- it is seen on all other ports.
CREATE RULE reverse_shell
  WITH (severity = 'critical', attack = 'T1059.004',
        description = 'a shell with a network connection of its own')
AS
SELECT e.pid, e.exe, e.cmdline, e.parent_exe, e.uid, n.exe AS connector,
       n.dst_ip, n.dst_port
FROM process.exec e
JOIN network.connect n
  ON n.pid_key = e.pid_key
 AND n.ts BETWEEN e.ts - INTERVAL '5' SECOND AND e.ts + INTERVAL '5' SECOND
WHERE e.name IN ('bash', 'sh', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'tcsh',
                 'fish')
  AND (n.name IN ('bash', 'sh', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'tcsh',
                  'fish')
       OR e.args_count = 1 OR '-i' = ANY(e.args))
  AND (n.comm IN ('bash', 'sh', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'tcsh',
                  'fish', 'nc', 'ncat', 'netcat', 'nc.openbsd',
                  'nc.traditional', 'socat', 'busybox', 'perl', 'ruby', 'php',
                  'lua', 'telnet')
       OR n.comm LIKE 'python%'
       OR n.dst_port NOT IN (53, 80, 443, 3306, 5432, 6379, 8080, 8443))
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '1' MINUTE;
