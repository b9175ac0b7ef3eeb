-- SPDX-License-Identifier: Apache-2.0
-- A unit is planted where systemd reads it at boot. Package managers write
-- there too and are left out, as is systemd itself.
--
-- In the kernel: opens for writing below these folders, or of a .service.
CREATE RULE systemd_unit_write
  WITH (severity = 'medium', attack = 'T1543.002',
        description = 'a systemd unit was opened for writing')
AS
SELECT f.path, f.created, f.pid, f.exe, f.cmdline, f.parent_exe, f.uid
FROM file.open f
WHERE f.is_write
  AND (f.path LIKE '/etc/systemd/system/%'
       OR f.path LIKE '/etc/systemd/user/%'
       OR f.path LIKE '/usr/lib/systemd/system/%'
       OR f.path LIKE '/lib/systemd/system/%'
       OR f.path LIKE '/usr/local/lib/systemd/system/%'
       OR f.path LIKE '/run/systemd/system/%'
       OR (f.path LIKE '%.service'
           AND f.path LIKE '%/.config/systemd/user/%'))
  AND (f.exe IS NULL OR NOT (
       f.exe IN ('/usr/bin/dpkg', '/usr/bin/rpm', '/usr/bin/systemctl',
                 '/usr/lib/snapd/snapd')
       OR f.exe LIKE '/usr/lib/systemd/%' OR f.exe LIKE '/lib/systemd/%'))
SUPPRESS FOR INTERVAL '1' MINUTE;
