-- SPDX-License-Identifier: Apache-2.0
-- A kernel module is loaded, or somebody tries to, by another program than those
-- that load the host's own modules, from another place than theirs, or from
-- memory. Naming retval asks for attempts that failed.
CREATE RULE kernel_module_load
  WITH (severity = 'critical', attack = 'T1547.006, T1014',
        description = 'a program loads code into the kernel')
AS
SELECT m.pid, m.exe, m.cmdline, m.op, m.path, m.module_name, m.params, m.retval,
       m.parent_exe, m.uid
FROM kernel.module m
WHERE m.op <> 'delete'
  AND (m.op = 'load'
       AND m.name IN ('kmod', 'modprobe', 'insmod', 'udevadm', 'systemd-udevd',
                      'systemd-modules-load')
       AND (m.path LIKE '/lib/modules/%'
            OR m.path LIKE '/usr/lib/modules/%')) IS NOT TRUE
SUPPRESS FOR INTERVAL '1' MINUTE;
