-- SPDX-License-Identifier: Apache-2.0
-- A program gives itself the name of a kernel thread, so that lists of processes
-- pass over it. Kernel threads have no program file.
--
-- In the kernel: the new name.
CREATE RULE kernel_thread_name
  WITH (severity = 'high', attack = 'T1036.004',
        description = 'a program calls itself as a kernel thread is called')
AS
SELECT r.pid, r.exe, r.old_comm, r.new_comm, r.parent_exe, r.uid
FROM process.rename r
WHERE (r.new_comm LIKE 'kworker/%' OR r.new_comm LIKE '[%'
       OR r.new_comm LIKE 'ksoftirqd/%' OR r.new_comm LIKE 'migration/%'
       OR r.new_comm LIKE 'rcu_%' OR r.new_comm = 'kthreadd')
  AND r.exe LIKE '/%'
SUPPRESS FOR INTERVAL '1' MINUTE;
