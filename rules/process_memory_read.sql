-- SPDX-License-Identifier: Apache-2.0
-- The memory of a process is opened through /proc, as tools that steal
-- credentials from running programs do. Debuggers are left out where only root
-- can have put them.
--
-- In the kernel: the path.
CREATE RULE process_memory_read
  WITH (severity = 'high', attack = 'T1003.007',
        description = 'the memory of a process was opened through /proc')
AS
SELECT f.path, f.is_write, f.pid, f.exe, f.cmdline, f.parent_exe, f.uid
FROM file.open f
WHERE f.path LIKE '/proc/%' AND f.path LIKE '%/mem'
  AND (f.exe IS NULL OR f.exe NOT LIKE '/usr/%'
       OR f.name NOT IN ('gdb', 'gdbserver', 'lldb', 'lldb-server', 'strace',
                         'ltrace', 'rr', 'perf', 'delve', 'dlv', 'criu',
                         'runc', 'crun', 'containerd-shim',
                         'containerd-shim-runc-v2', 'memcheck-amd64-linux',
                         'systemd-coredump'))
SUPPRESS FOR INTERVAL '1' MINUTE;
