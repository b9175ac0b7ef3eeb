-- SPDX-License-Identifier: Apache-2.0
-- The password hashes of the host are opened by a program that has no business
-- with them. The exceptions name programs by their full path, not by a short
-- name that any process can give itself. Backup programs are not excepted: add
-- yours.
--
-- In the kernel: the paths.
CREATE RULE credential_file_read
  WITH (severity = 'high', attack = 'T1003.008',
        description = 'an unusual program opened the password hashes')
AS
SELECT f.path, f.is_write, f.pid, f.exe, f.cmdline, f.parent_exe, f.uid
FROM file.open f
WHERE f.path IN ('/etc/shadow', '/etc/shadow-', '/etc/gshadow',
                 '/etc/gshadow-', '/etc/security/opasswd')
  AND (f.exe IS NULL OR NOT (
       f.exe IN ('/usr/bin/sudo', '/usr/bin/su', '/usr/bin/login',
                 '/usr/bin/newgrp', '/usr/bin/passwd', '/usr/bin/chage',
                 '/usr/bin/chfn', '/usr/bin/chsh', '/usr/bin/expiry',
                 '/usr/bin/gpasswd', '/usr/bin/faillog', '/usr/bin/pkexec',
                 '/usr/bin/doas', '/usr/bin/crontab', '/usr/bin/at',
                 '/usr/bin/dbus-daemon', '/usr/bin/screen',
                 '/bin/su', '/bin/login',
                 '/usr/sbin/sshd', '/usr/lib/openssh/sshd-session',
                 '/usr/lib/openssh/sshd-auth',
                 '/usr/libexec/openssh/sshd-session', '/usr/sbin/cron',
                 '/usr/sbin/crond', '/usr/sbin/atd', '/usr/sbin/nscd',
                 '/usr/sbin/unix_chkpwd', '/usr/sbin/unix_update',
                 '/sbin/unix_chkpwd', '/sbin/unix_update',
                 '/usr/sbin/useradd', '/usr/sbin/userdel',
                 '/usr/sbin/usermod', '/usr/sbin/groupadd',
                 '/usr/sbin/groupdel', '/usr/sbin/groupmod',
                 '/usr/sbin/chpasswd', '/usr/sbin/chgpasswd',
                 '/usr/sbin/newusers', '/usr/sbin/pwck', '/usr/sbin/grpck',
                 '/usr/sbin/pwconv', '/usr/sbin/pwunconv',
                 '/usr/sbin/grpconv', '/usr/sbin/grpunconv',
                 '/usr/sbin/vipw', '/usr/sbin/lightdm', '/usr/sbin/gdm3',
                 '/usr/bin/dpkg', '/usr/bin/rpm')
       OR f.exe LIKE '/usr/lib/systemd/%' OR f.exe LIKE '/lib/systemd/%'
       OR f.exe LIKE '/usr/bin/systemd-%'
       OR f.exe LIKE '%/polkit-agent-helper-1'
       OR f.exe LIKE '/usr/lib%/accounts-daemon'
       OR (f.exe = '/usr/bin/perl'
           AND (f.cmdline LIKE '/usr/bin/perl /usr/sbin/adduser%'
                OR f.cmdline LIKE '/usr/bin/perl /usr/sbin/addgroup%'
                OR f.cmdline LIKE '/usr/bin/perl /usr/sbin/deluser%'
                OR f.cmdline LIKE '/usr/bin/perl /usr/sbin/delgroup%'))
       OR f.parent_cmdline = '/bin/sh /etc/cron.daily/passwd'))
SUPPRESS FOR INTERVAL '1' MINUTE;
