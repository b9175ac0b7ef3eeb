-- SPDX-License-Identifier: Apache-2.0
-- A program that watches the kernel from within is loaded: kprobe 2, tracepoint
-- 5, raw tracepoint 17, fentry and its kin 26. Rootkits hide so and read what
-- others type; so do tools of administrators, whose names are to be added here.
CREATE RULE bpf_tracing
  WITH (severity = 'high', attack = 'T1014, T1056',
        description = 'a program is loaded that traces the kernel')
AS
SELECT b.pid, b.exe, b.cmdline, b.prog_type, b.object_name, b.parent_exe, b.uid
FROM kernel.bpf b
WHERE b.cmd = 'prog_load' AND b.prog_type IN (2, 5, 17, 26)
  AND (b.exe = '/usr/lib/systemd/systemd' OR b.name = 'shrike') IS NOT TRUE
SUPPRESS FOR INTERVAL '1' MINUTE;
