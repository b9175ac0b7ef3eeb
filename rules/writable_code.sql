-- SPDX-License-Identifier: Apache-2.0
-- A script's interpreter gets memory that is writable and executable at once:
-- where code is put that came in as data. Runtimes that compile as they go do
-- so too, so they are not asked about.
CREATE RULE writable_code
  WITH (severity = 'high', attack = 'T1620, T1055',
        description = 'an interpreter makes memory that holds new code')
AS
SELECT m.pid, m.exe, m.cmdline, m.call, m.addr, m.length, m.prot, m.parent_exe,
       m.uid
FROM memory.map m
WHERE m.wx
  AND (m.name LIKE 'python%' OR m.name LIKE 'perl%'
       OR m.name IN ('sh', 'bash', 'dash', 'zsh', 'ksh', 'busybox', 'awk',
                     'gawk', 'mawk', 'tclsh'))
SUPPRESS FOR INTERVAL '1' MINUTE;
