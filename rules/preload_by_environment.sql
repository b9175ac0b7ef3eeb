-- SPDX-License-Identifier: Apache-2.0
-- A program is started with a library put before its own, from a place where
-- anybody can write.
CREATE RULE preload_by_environment
  WITH (severity = 'high', attack = 'T1574.006',
        description = 'a library from a temporary folder is preloaded')
AS
SELECT e.pid, e.exe, e.cmdline, e.env, e.parent_exe, e.uid
FROM process.exec e
WHERE ANY(e.env) LIKE 'LD_PRELOAD=%/tmp/%'
   OR ANY(e.env) LIKE 'LD_PRELOAD=/dev/shm/%'
   OR ANY(e.env) LIKE 'LD_AUDIT=%/tmp/%'
   OR ANY(e.env) LIKE 'LD_AUDIT=/dev/shm/%'
SUPPRESS FOR INTERVAL '1' MINUTE;
