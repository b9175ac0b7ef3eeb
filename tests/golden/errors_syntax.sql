CREATE RULE a AS SELECT pid FROM process.exec WHERE (uid = 0;
CREATE RULE b WITH (severity 'high') AS SELECT pid FROM process.exec;
CREATE RULE AS SELECT pid FROM process.exec;
CREATE TABLE v (pid BIGINT);
SELECT pid, FROM process.exec;
SELECT pid FROM process.exec WHERE uid == 0;
SELECT pid FROM process.exec WERE uid = 0;
SELECT pid FROM process.exec, process.fork;
SELECT pid FROM process.exec RIGHT JOIN process.fork ON TRUE;
SELECT pid FROM process.exec WHERE uid = 0 = 1;
SELECT pid FROM process.exec WHERE exe GLOB 'a';
SELECT pid FROM process.exec WHERE pid IN (SELECT pid FROM process.fork);
SELECT pid FROM process.exec EMIT ON LAST MATCH;
SELECT pid FROM process.exec ON GAP EXPLODE;
SELECT pid FROM process.exec ORDER pid;
SELECT pid FROM process.exec LIMIT x;
SELECT DISTINCT pid FROM process.exec
CREATE RULE last AS SELECT pid FROM process.exec WHERE uid = 'unfinished
