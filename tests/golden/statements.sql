-- What stands around a query: options, policies, names.
CREATE RULE all_options WITH (severity = 'high', description = 'a rule',
  attack = 'T1059, T1059.004', tags = 'a, b', references = 'https://example.org',
  version = 3, enabled = TRUE, dedup_key = 'pid, e.exe', retention = '30 days')
AS SELECT e.pid FROM process.exec e
EMIT ON EVERY MATCH SUPPRESS FOR INTERVAL '1.5' HOUR ON GAP FLAG;

CREATE RULE not_enabled WITH (enabled = FALSE) AS
SELECT pid FROM process.fork;

CREATE RULE first_partner AS
SELECT e.pid FROM process.exec e
JOIN process.exit x ON x.pid_key = e.pid_key
  AND x.ts BETWEEN e.ts AND e.ts + INTERVAL '250' MILLISECOND
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '2' DAY;

CREATE RULE on_close AS
SELECT e.pid FROM process.exec e
EMIT ON WINDOW CLOSE ON GAP SUPPRESS;
