-- SPDX-License-Identifier: Apache-2.0
-- A program pretends to be something else: its file name ends with a space, or
-- its first argument is written as ps shows a kernel thread.
CREATE RULE masquerade
  WITH (severity = 'high', attack = 'T1036.004,T1036.006',
        description = 'a program hides behind a misleading name')
AS
SELECT e.pid, e.exe, e.filename, e.cmdline, e.parent_exe, e.uid
FROM process.exec e
WHERE e.exe LIKE '% ' OR e.cmdline LIKE '[kworker/%'
   OR e.cmdline LIKE '[kthreadd]%' OR e.cmdline LIKE '[ksoftirqd/%'
   OR e.cmdline LIKE '[migration/%'
SUPPRESS FOR INTERVAL '1' MINUTE;
