-- SPDX-License-Identifier: Apache-2.0
-- A file that a transfer tool, or a shell's redirection, wrote to a place that
-- users may write to is executed within a minute.
--
-- Compilers, linkers, cp and package managers are not writers here: building
-- and installing software is not a download. Tools whose peer was
-- authenticated (scp, sftp, rsync) are left out too. Scripts are run by their
-- interpreter, so only native programs match.
--
-- In the kernel: opens for writing, by these programs, below these folders.
CREATE RULE download_then_execute
  WITH (severity = 'high', attack = 'T1105,T1204.002',
        description = 'a downloaded file was executed')
AS
SELECT f.path, f.comm AS writer, f.cmdline AS writer_cmdline, e.pid, e.cmdline,
       e.parent_exe, e.uid
FROM file.open f
JOIN process.exec e
  ON e.exe = f.path
 AND e.ts BETWEEN f.ts AND f.ts + INTERVAL '60' SECOND
WHERE f.is_write
  AND f.comm IN ('curl', 'wget', 'aria2c', 'axel', 'ftp', 'tftp', 'lftp',
                 'nc', 'ncat', 'netcat', 'socat', 'busybox', 'openssl',
                 'GET', 'lwp-download', 'bash', 'sh', 'dash', 'dd', 'tee')
  AND (f.path LIKE '/tmp/%' OR f.path LIKE '/var/tmp/%'
       OR f.path LIKE '/dev/shm/%' OR f.path LIKE '/home/%'
       OR f.path LIKE '/root/%' OR f.path LIKE '/run/%'
       OR f.path LIKE '/opt/%' OR f.path LIKE '/srv/%'
       OR f.path LIKE '/var/www/%' OR f.path LIKE '/var/spool/%')
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '1' MINUTE;
