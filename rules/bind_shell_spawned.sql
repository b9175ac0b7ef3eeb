-- SPDX-License-Identifier: Apache-2.0
-- A program accepts a connection and starts a shell whose standard input is a
-- socket: `nc -l -e /bin/sh`, `socat tcp-listen:...,fork exec:sh`, Python.
--
-- What logs users in gives their shell a terminal. A super-server that runs a
-- shell script for each connection does the same as a bind shell, and is told
-- from one by nothing but its configuration: except its port where you have one.
CREATE RULE bind_shell_spawned
  WITH (severity = 'critical', attack = 'T1059.004,T1571',
        description = 'a program that accepted a connection gives it to a shell')
AS
SELECT e.pid, e.exe, e.cmdline, e.uid, a.exe AS server, a.local_port, a.peer_ip
FROM network.accept a
JOIN process.exec e
  ON e.parent_key = a.pid_key
 AND e.ts BETWEEN a.ts AND a.ts + INTERVAL '5' SECOND
JOIN file.dup d
  ON d.pid_key = e.pid_key
 AND d.ts BETWEEN e.ts - INTERVAL '5' SECOND AND e.ts
WHERE e.name IN ('bash', 'sh', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'tcsh',
                 'fish')
  AND d.is_socket AND d.new_fd = 0
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '1' MINUTE;
