-- SPDX-License-Identifier: Apache-2.0
-- A native program runs from a folder that every user may write to, perhaps by
-- way of the dynamic linker. Scripts there are run by an interpreter that lives
-- elsewhere and do not match: package installation uses those.
CREATE RULE exec_from_tmp
  WITH (severity = 'medium', attack = 'T1204.002,T1036.005',
        description = 'a program runs from a world-writable folder')
AS
SELECT e.pid, e.exe, e.cmdline, e.parent_exe, e.parent_cmdline, e.uid
FROM process.exec e
WHERE e.exe LIKE '/tmp/%' OR e.exe LIKE '/var/tmp/%'
   OR e.exe LIKE '/dev/shm/%' OR e.exe LIKE '/run/lock/%'
   OR (e.name LIKE 'ld-linux%'
       AND (e.cmdline LIKE '% /tmp/%' OR e.cmdline LIKE '% /var/tmp/%'
            OR e.cmdline LIKE '% /dev/shm/%'))
SUPPRESS FOR INTERVAL '1' MINUTE;
