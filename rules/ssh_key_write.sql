-- SPDX-License-Identifier: Apache-2.0
-- Someone opens a list of authorised SSH keys for writing: a way back in.
-- ssh-copy-id and configuration management match too; that is a change worth
-- one line.
--
-- In the kernel: opens for writing, and the end of the path.
CREATE RULE ssh_key_write
  WITH (severity = 'high', attack = 'T1098.004',
        description = 'an authorized_keys file was opened for writing')
AS
SELECT f.path, f.pid, f.exe, f.cmdline, f.parent_exe, f.uid
FROM file.open f
WHERE f.is_write
  AND (f.path LIKE '%/.ssh/authorized\_keys' ESCAPE '\'
       OR f.path LIKE '%/.ssh/authorized\_keys2' ESCAPE '\')
SUPPRESS FOR INTERVAL '1' MINUTE;
