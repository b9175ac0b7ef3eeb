-- SPDX-License-Identifier: Apache-2.0
-- A program writes into the memory of another, or takes it over to do so:
-- PTRACE_POKETEXT 4, PTRACE_POKEDATA 5, PTRACE_SETREGS 13, PTRACE_SETREGSET
-- 16901. Debuggers are left out where only root can have put them.
--
-- In the kernel: the call and the request.
CREATE RULE process_injection
  WITH (severity = 'high', attack = 'T1055.008, T1055.009',
        description = 'a program writes into the memory of another process')
AS
SELECT t.pid, t.exe, t.cmdline, t.call, t.request, t.target_pid, t.parent_exe,
       t.uid
FROM process.ptrace t
WHERE (t.call = 'process_vm_writev' OR t.request IN (4, 5, 13, 16901))
  AND (t.exe LIKE '/usr/%'
       AND t.name IN ('gdb', 'gdbserver', 'lldb', 'lldb-server', 'strace',
                      'ltrace', 'rr', 'delve', 'dlv', 'criu')) IS NOT TRUE
SUPPRESS FOR INTERVAL '1' MINUTE;
