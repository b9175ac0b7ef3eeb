-- Conditions that mean nothing, or not what they seem to.
SELECT pid FROM process.exec WHERE uid = 0 AND 1 = 2;
SELECT pid FROM process.exec WHERE 1 < 2;
SELECT pid FROM process.exec WHERE exe = NULL OR uid = 1;
SELECT pid FROM process.exec WHERE exe LIKE NULL OR uid = 1;
SELECT pid FROM process.exec WHERE uid IN (NULL) OR uid = 1;
SELECT pid FROM process.exec WHERE uid IN (1, NULL) OR uid = 1;
SELECT pid FROM process.exec WHERE uid NOT IN (1, NULL) OR uid = 1;
SELECT pid FROM process.exec WHERE uid BETWEEN 9 AND 3 OR uid = 1;
SELECT pid FROM process.exec WHERE comm = 'sixteen-bytes-16' OR uid = 1;
SELECT pid FROM process.exec WHERE uid = -1 OR gid = 1;
SELECT pid FROM process.exec WHERE uid < 0 OR gid = 1;
SELECT pid FROM process.exec WHERE uid = uid AND gid = 1;
SELECT pid FROM process.exec WHERE uid <> uid OR gid = 1;
SELECT e.pid FROM process.exec e JOIN process.exit x ON x.pid_key = e.pid_key
  AND x.ts BETWEEN e.ts + INTERVAL '2' SECOND AND e.ts;
