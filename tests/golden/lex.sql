-- Each kind of token; the tokens themselves are in lex.out alone.
/* A comment
   of two lines. */
CREATE LIST numbers (1, 0x1F, 22);
SELECT e.pid, -e.uid AS u, x'00ff' AS b, 'it''s' AS t, e.uid % 2 * 3 / 1.5 AS n
FROM process.exec e
WHERE (e.uid <> 0 OR e.uid != 1 OR e.uid <= 2e3) AND e.uid IN numbers
  AND e.name || '' > 'a' AND e.uid + 1 >= 5 - 1 AND e.pid < 9;
SELECT name, COUNT(*) AS n FROM processes.snapshots
WHERE collection_time BETWEEN :t_start AND :t_end GROUP BY name;
SELECT m.p FROM process.exec MATCH_RECOGNIZE (PARTITION BY pid_key ORDER BY ts
  MEASURES A.pid AS p PATTERN (A B{2} C? D* E+ F)
  WITHIN INTERVAL '1' SECOND) AS m;
