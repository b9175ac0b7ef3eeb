-- SPDX-License-Identifier: Apache-2.0
-- A shell that a text tool was talked into: awk, an editor or a pager starts
-- an interactive shell, or another shell through `sh -c`. That is how a
-- restricted account or a sudo rule for one tool is left. `find -exec sh -c`
-- and awk scripts that run commands are daily work and do not match.
CREATE RULE shell_from_tool
  WITH (severity = 'medium', attack = 'T1059.004,T1548.003',
        description = 'a text tool started a shell')
AS
SELECT e.pid, e.exe, e.cmdline, e.parent_exe, e.parent_cmdline, e.uid
FROM process.exec e
WHERE e.name IN ('bash', 'sh', 'dash', 'ash', 'zsh', 'ksh')
  AND e.parent_name IN ('awk', 'mawk', 'gawk', 'original-awk', 'sed', 'ed',
                        'less', 'more', 'most', 'man', 'vi', 'vim',
                        'vim.basic', 'vim.tiny', 'nano', 'find', 'tar', 'zip',
                        'nmap', 'tcpdump', 'ftp')
  AND (e.args_count = 1 OR '-i' = ANY(e.args)
       OR e.cmdline LIKE 'sh -c /bin/sh%' OR e.cmdline LIKE 'sh -c sh%'
       OR e.cmdline LIKE 'sh -c /bin/bash%' OR e.cmdline LIKE 'sh -c bash%'
       OR e.cmdline LIKE 'sh -c exec %sh%')
SUPPRESS FOR INTERVAL '1' MINUTE;
