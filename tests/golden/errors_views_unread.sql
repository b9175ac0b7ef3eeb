-- What nobody reads is looked at all the same.
CREATE VIEW ghost AS SELECT m.pid FROM matches.nobody AS m;
CREATE VIEW typo AS SELECT pdi FROM process.exec;
SELECT e.pid FROM process.exec e WHERE e.name = 'id';
