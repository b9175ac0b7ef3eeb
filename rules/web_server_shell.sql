-- SPDX-License-Identifier: Apache-2.0
-- A web server starts a shell or a transfer tool: the child of a web shell or
-- of an exploited application. Servers that an interpreter runs are known by
-- their command line. PHP's mail() and Apache's log rotation do not match.
CREATE RULE web_server_shell
  WITH (severity = 'high', attack = 'T1505.003,T1190',
        description = 'a web server started a shell or a transfer tool')
AS
SELECT e.pid, e.exe, e.cmdline, e.parent_exe, e.parent_cmdline, e.uid
FROM process.exec e
WHERE (e.parent_name IN ('nginx', 'apache2', 'httpd', 'lighttpd', 'caddy',
                         'litespeed', 'unitd')
       OR e.parent_name LIKE 'php-fpm%' OR e.parent_name LIKE 'php-cgi%'
       OR e.parent_name LIKE 'lsphp%' OR e.parent_name LIKE 'uwsgi%'
       OR e.parent_cmdline LIKE '%/gunicorn %'
       OR e.parent_cmdline LIKE '%org.apache.catalina.startup.Bootstrap%')
  AND e.name IN ('bash', 'sh', 'dash', 'ash', 'zsh', 'ksh', 'curl', 'wget',
                 'nc', 'ncat', 'nc.openbsd', 'nc.traditional', 'socat',
                 'busybox',
                 'whoami', 'id')
  AND e.cmdline NOT LIKE 'sh -c /usr/sbin/sendmail -%'
  AND e.cmdline NOT LIKE '/bin/sh -c /usr/bin/rotatelogs %'
SUPPRESS FOR INTERVAL '1' MINUTE;
