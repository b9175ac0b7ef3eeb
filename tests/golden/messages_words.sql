-- What hands that know another language type.
SELECT pid FROM process.exec WHERE name = "bash";
SELECT pid FROM process.exec WHERE name == 'bash';
SELECT pid FROM process.exec WHERE name = 'bash' && uid = 0;
SELECT pid FROM process.exec WHERE name = 'bash' || name = 'sh';
SELECT pid FROM process.exec WHERE name = 'bash' | uid = 0;
SELECT pid FROM process.exec WHERE !compat;
SELECT pid FROM process.exec WHERE exe =~ '^/tmp/';
SELECT pid FROM process.exec WHERE exe ~ '^/tmp/';
SELECT pid FROM process.exec WHERE exe ~* '^/tmp/';
SELECT pid FROM process.exec WHERE exe !~ '^/tmp/';
SELECT pid::text FROM process.exec;
SELECT `pid` FROM process.exec;
SELECT [pid] FROM process.exec;
SELECT pid FROM process.exec WHERE args[1] = '-c';
SELECT pid FROM process.exec WHERE exe contains 'tmp';
SELECT pid FROM process.exec WHERE exe startswith '/tmp/';
SELECT pid FROM process.exec WHERE exe has 'tmp';
SELECT pid FROM process.exec WHERE exe MATCHES '^/tmp/';
SELECT pid FROM process.exec WHERE exe RLIKE '^/tmp/';
SELECT pid FROM process.exec WHERE name in~ ('BASH');
SELECT pid FROM process.exec WHERE name IS 'bash';
SELECT pid FROM process.exec WHERE NOT name LIKE 'a%' XOR uid = 0;
SELECT pid FROM process.exec WHERE pid <=> 1;
SELECT pid FROM process.exec WHERE uid = 1_000;
SELECT pid FROM process.exec WHERE uid = 0o17;
SELECT pid FROM process.exec WHERE name = ‘bash’;
SELECT pid FROM process.exec WHERE name = 'it's';
SELECT pid FROM process.exec # root only
WHERE uid = 0;
SELECT pid FROM process.exec // root only
WHERE uid = 0;
SELECT pid FROM process.exec WHERE uid & 1 = 1;
SELECT pid FROM process.exec WHERE pid = @pid;
SELECT pid FROM process.exec WHERE pid = $1;
SELECT pid FROM process.exec WHERE pid = ?;
SELECT pid AS "process id" FROM process.exec;
SELECT pid AS 'process id' FROM process.exec;
SELECT pid FROM 'process.exec';
process.exec | where name == "bash" | project pid
