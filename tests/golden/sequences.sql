-- Steps in order, of one stream and of several.
CREATE RULE across_streams AS
SELECT m.shell, m.port FROM process.exec MATCH_RECOGNIZE (
  PARTITION BY pid_key ORDER BY ts
  MEASURES A.exe AS shell, C.dst_port AS port
  PATTERN (A B? C) WITHIN INTERVAL '10' SECOND UNTIL U
  DEFINE A AS name = 'bash', B AS file.open WHERE is_write,
         C AS network.connect WHERE dst_port = 4444 AND C.uid = A.uid,
         U AS process.exit WHERE TRUE) AS m
WHERE m.port > 1;

CREATE RULE repeated AS
SELECT m.parent FROM process.exec MATCH_RECOGNIZE (
  PARTITION BY pid_key ORDER BY ts
  MEASURES A.name AS parent
  PATTERN (A B{2} C* D+) WITHIN INTERVAL '30' SECOND
  DEFINE B AS process.exec PARTITION BY parent_key WHERE B.ts >= A.ts,
         D AS TRUE) AS m;
