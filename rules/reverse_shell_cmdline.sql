-- SPDX-License-Identifier: Apache-2.0
-- The text of a reverse shell on a command line: a shell's /dev/tcp device
-- together with a redirection that turns it into standard input or output of
-- an interactive shell. Probes such as `bash -c '</dev/tcp/host/port'`, which
-- health checks use, have no such redirection and do not match.
CREATE RULE reverse_shell_cmdline
  WITH (severity = 'critical', attack = 'T1059.004',
        description = 'a command line binds a shell to a /dev/tcp socket')
AS
SELECT e.pid, e.exe, e.cmdline, e.parent_exe, e.uid
FROM process.exec e
WHERE (e.cmdline LIKE '%/dev/tcp/%' OR e.cmdline LIKE '%/dev/udp/%')
  AND (e.cmdline LIKE '%0>&1%' OR e.cmdline LIKE '%0<&%'
       OR e.cmdline LIKE '%>&%/dev/%' OR e.cmdline LIKE '%<>%/dev/%')
SUPPRESS FOR INTERVAL '1' MINUTE;
