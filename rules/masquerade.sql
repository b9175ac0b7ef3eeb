-- SPDX-License-Identifier: Apache-2.0
-- A program pretends to be something else: its file name ends with a space, or
-- its first argument is written as ps shows a kernel thread, in brackets. The
-- program [ of test conditions is no such thing.
CREATE RULE masquerade
  WITH (severity = 'high', attack = 'T1036.004,T1036.006',
        description = 'a program hides behind a misleading name')
AS
SELECT e.pid, e.exe, e.filename, e.cmdline, e.parent_exe, e.uid
FROM process.exec e
WHERE e.exe LIKE '% '
   OR (e.cmdline LIKE '[%' AND e.cmdline NOT LIKE '[ %' AND e.cmdline <> '[')
SUPPRESS FOR INTERVAL '1' MINUTE;
