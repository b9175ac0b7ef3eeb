-- SPDX-License-Identifier: Apache-2.0
-- A web server starts a shell or a transfer tool: the child of a web shell or
-- of an exploited application.
CREATE RULE web_server_shell
  WITH (severity = 'high', attack = 'T1505.003,T1190',
        description = 'a web server started a shell or a transfer tool')
AS
SELECT e.pid, e.exe, e.cmdline, e.parent_exe, e.parent_cmdline, e.uid
FROM process.exec e
WHERE (e.parent_name IN ('nginx', 'apache2', 'httpd', 'lighttpd', 'caddy',
                         'php-cgi', 'uwsgi', 'gunicorn', 'tomcat')
       OR e.parent_name LIKE 'php-fpm%')
  AND e.name IN ('bash', 'sh', 'dash', 'ash', 'zsh', 'ksh', 'curl', 'wget',
                 'nc', 'ncat', 'nc.openbsd', 'nc.traditional', 'socat',
                 'whoami', 'id')
  AND e.cmdline NOT LIKE '%sendmail%'
SUPPRESS FOR INTERVAL '1' MINUTE;
