CREATE RULE r WITH (enabled = FALSE) AS SELECT pid FROM process.exec;
