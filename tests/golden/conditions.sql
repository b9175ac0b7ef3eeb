-- Each predicate, and NOT of each; what fold makes of them.
CREATE LIST shells ('sh', 'bash', 'dash');

CREATE RULE comparisons AS
SELECT pid FROM process.exec
WHERE uid = 1 AND gid <> 2 AND euid != 3 AND egid < 4 AND pid <= 5
  AND ppid > 6 AND 7 >= uid;

CREATE RULE truth AS
SELECT pid FROM file.open
WHERE is_write IS TRUE AND created IS NOT TRUE AND (uid = 1) IS FALSE
  AND (uid = 2) IS NOT FALSE AND path IS NOT NULL AND name IS NULL
  AND NOT (is_write AND NOT created OR uid IS NULL);

CREATE RULE members AS
SELECT pid FROM process.exec
WHERE name IN shells AND name NOT IN (shells) AND uid IN (1, 2, NULL)
  AND uid NOT IN (3, 3, 4) AND gid BETWEEN 1 AND 9 AND gid NOT BETWEEN 3 AND 4;

CREATE RULE patterns AS
SELECT pid FROM process.exec
WHERE exe LIKE '/tmp/%' AND exe NOT LIKE '%.so' AND name LIKE '%x%'
  AND name LIKE 'a_c%' AND cmdline LIKE '100!%' ESCAPE '!'
  AND exe ILIKE '/TMP/%' AND exe NOT ILIKE '%.SO' AND name ILIKE '%X%'
  AND name ILIKE 'a_%c' AND cmdline REGEXP '^a+(b|c)'
  AND cmdline NOT REGEXP '(?i)x.*y$';

CREATE RULE three_values AS
SELECT pid FROM process.exec
WHERE (uid = 1 OR NULL) IS NOT TRUE AND NOT (uid = 2 AND NULL)
  AND (NULL IS NULL) AND 1 < 2;
