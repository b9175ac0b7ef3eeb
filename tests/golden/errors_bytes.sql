-- Not UTF-8: ÿ.
SELECT pid FROM process.exec;
