CREATE RULE a AS SELECT pid FROM process.exec WHERE (uid = 0;
CREATE RULE b WITH (severity 'high') AS SELECT pid FROM process.exec;
CREATE RULE AS SELECT pid FROM process.exec;
CREATE VIEW v AS SELECT pid FROM process.exec;
SELECT pid, FROM process.exec;
SELECT pid FROM process.exec WHERE uid == 0;
SELECT pid FROM process.exec WERE uid = 0;
SELECT pid FROM process.exec, process.fork;
SELECT pid FROM process.exec LEFT JOIN process.fork ON TRUE;
SELECT pid FROM process.exec WHERE uid = 0 = 1;
SELECT pid FROM process.exec WHERE exe ILIKE 'a';
SELECT pid FROM process.exec WHERE pid IN (SELECT pid FROM process.fork);
SELECT pid FROM process.exec EMIT ON LAST MATCH;
SELECT pid FROM process.exec ON GAP EXPLODE;
SELECT pid FROM process.exec ORDER BY pid;
SELECT pid FROM process.exec LIMIT 5;
SELECT DISTINCT pid FROM process.exec
CREATE RULE last AS SELECT pid FROM process.exec WHERE uid = 'unfinished
