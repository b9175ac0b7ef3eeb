-- SPDX-License-Identifier: Apache-2.0
-- The dynamic linker's preload list is opened for writing. Hardly anything
-- legitimate uses it; rootkits that live in user space do.
--
-- In the kernel: the path, and opens for writing.
CREATE RULE ld_preload_write
  WITH (severity = 'critical', attack = 'T1574.006',
        description = 'the preload list of the dynamic linker was opened for writing')
AS
SELECT f.path, f.created, f.pid, f.exe, f.cmdline, f.parent_exe, f.uid
FROM file.open f
WHERE f.is_write AND f.path = '/etc/ld.so.preload'
SUPPRESS FOR INTERVAL '1' MINUTE;
