SELECT e.pdi, c.exe, dst_prt
FROM process.exec e JOIN network.connect c ON c.pid_key = e.pid_kye AND c.ts = e.ts
WHERE pid = 1;
SELECT pid FROM proces.exec;
SELECT path FROM file.open WHERE pth LIKE '/etc/%' AND n >= 5;
SELECT environ FROM process.exec;
SELECT q.uid FROM process.exec e;
SELECT e.pid, p.status FROM process.exec e JOIN process p
  ON p.pid_key = e.pid_key WHERE executable_hash IS NOT NULL;
