-- SPDX-License-Identifier: Apache-2.0
-- A job is planted: a file of cron's is opened for writing by something that
-- is not the package manager.
--
-- In the kernel: opens for writing below these folders.
CREATE RULE cron_write
  WITH (severity = 'medium', attack = 'T1053.003',
        description = 'a file of cron was opened for writing')
AS
SELECT f.path, f.created, f.pid, f.exe, f.cmdline, f.parent_exe, f.uid
FROM file.open f
WHERE f.is_write
  AND (f.path = '/etc/crontab' OR f.path LIKE '/etc/cron.d/%'
       OR f.path LIKE '/etc/cron.hourly/%' OR f.path LIKE '/etc/cron.daily/%'
       OR f.path LIKE '/etc/cron.weekly/%'
       OR f.path LIKE '/etc/cron.monthly/%'
       OR f.path LIKE '/var/spool/cron/%')
  AND (f.exe IS NULL OR f.exe NOT IN ('/usr/bin/dpkg', '/usr/bin/rpm'))
SUPPRESS FOR INTERVAL '1' MINUTE;
