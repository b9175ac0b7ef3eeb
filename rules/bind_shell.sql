-- SPDX-License-Identifier: Apache-2.0
-- A process accepts a connection, makes it its standard input and becomes a
-- shell: the shellcode that waits for its master.
--
-- Servers that give a connection to a program of their own do so in a child:
-- see bind_shell_spawned.
CREATE RULE bind_shell
  WITH (severity = 'critical', attack = 'T1059.004,T1571',
        description = 'a process that accepted a connection becomes a shell')
AS
SELECT m.pid_key, m.server, m.shell, m.cmdline, m.local_port, m.peer_ip
FROM network.accept MATCH_RECOGNIZE (
  PARTITION BY pid_key
  ORDER BY ts
  MEASURES A.exe AS server, A.local_port AS local_port, A.peer_ip AS peer_ip,
           C.exe AS shell, C.cmdline AS cmdline
  PATTERN (A B C) WITHIN INTERVAL '10' SECOND
  DEFINE A AS TRUE,
         B AS file.dup WHERE is_socket AND new_fd = 0,
         C AS process.exec WHERE name IN ('bash', 'sh', 'dash', 'ash', 'zsh',
                                          'ksh', 'mksh', 'tcsh', 'fish')
) AS m
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '1' MINUTE;
