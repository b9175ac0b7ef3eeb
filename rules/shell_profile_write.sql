-- SPDX-License-Identifier: Apache-2.0
-- A file that every new shell reads is opened for writing, not by an editor
-- and not by what creates accounts.
--
-- In the kernel: opens for writing, and the paths.
CREATE RULE shell_profile_write
  WITH (severity = 'low', attack = 'T1546.004',
        description = 'a start-up file of a shell was opened for writing')
AS
SELECT f.path, f.created, f.pid, f.exe, f.cmdline, f.parent_exe, f.uid
FROM file.open f
WHERE f.is_write
  AND (f.path IN ('/etc/profile', '/etc/bash.bashrc', '/etc/zsh/zshrc',
                  '/etc/zsh/zshenv', '/etc/environment')
       OR f.path LIKE '/etc/profile.d/%' OR f.path LIKE '%/.bashrc'
       OR f.path LIKE '%/.profile' OR f.path LIKE '%/.zshrc'
       OR f.path LIKE '%/.bash\_profile' ESCAPE '\'
       OR f.path LIKE '%/.bash\_login' ESCAPE '\')
  AND (f.exe IS NULL
       OR f.exe NOT IN ('/usr/bin/dpkg', '/usr/bin/rpm', '/usr/sbin/useradd',
                        '/usr/bin/vim.basic', '/usr/bin/vim.tiny',
                        '/usr/bin/nano', '/usr/bin/emacs'))
SUPPRESS FOR INTERVAL '1' MINUTE;
