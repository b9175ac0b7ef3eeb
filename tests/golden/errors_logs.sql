SELECT a.exe, pid_key FROM security.auth a WHERE a.result = 'failure';
SELECT parent_name, uid FROM security.log WHERE message LIKE '%x%';
SELECT e.exe FROM process.exec e WHERE a.result = 'failure';
SELECT src_ip FROM security.auth WHERE result = 'failed';
