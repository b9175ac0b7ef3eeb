-- Rows that a rule sees only when it names what tells them from the others.
CREATE RULE only_those_that_succeed AS
SELECT pid, path FROM file.open WHERE path LIKE '/etc/%';

CREATE RULE those_that_fail AS
SELECT pid, path FROM file.open WHERE path LIKE '/etc/%' AND retval = -13;

CREATE RULE one_of_two_inputs AS
SELECT f.pid FROM file.open f JOIN network.connect n
  ON n.pid_key = f.pid_key AND n.outcome = 'failed' AND n.retval < 0
  AND n.ts BETWEEN f.ts AND f.ts + INTERVAL '1' SECOND;

CREATE RULE threads AS
SELECT pid, child_pid FROM process.fork WHERE is_thread;
