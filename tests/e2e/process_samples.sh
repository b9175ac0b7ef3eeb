#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What one rule has sampled of a process, a rule that does not read it never
# sees: each change is a row of `process`, and only the reader matches.
. "$(dirname "$0")/lib.sh"
need_live

cp "$(command -v bash)" "$work/shrike_burner"
cat >"$work/rules.sql" <<'SQL'
CREATE RULE appears AS
SELECT pid, name FROM process WHERE name = 'shrike_burner';
CREATE RULE hot AS
SELECT pid, cpu_usage FROM process
WHERE name = 'shrike_burner' AND cpu_usage > 1.0;
CREATE RULE changes AS
SELECT pid, cause FROM process
WHERE name = 'shrike_burner' AND cause = 'sample';
SQL

count_of() {
	grep -c "\"rule\":\"$1\"" "$sensor_out" || true
}

sensor_start -r "$work/rules.sql"
"$work/shrike_burner" -c 'while :; do :; done' &
load_pid=$!
timeout 60 grep -q -m 1 '"rule":"hot"' \
	<(tail --pid="$sensor_pid" -n +1 -f "$sensor_out") ||
	fail 'nothing was sampled within a minute'
kill -KILL "$load_pid"
load_pid=
sensor_stop_cleanly
(($(count_of changes) >= 1)) || fail 'no row of cause sample'
(($(count_of appears) == 1)) ||
	fail "the program appeared $(count_of appears) times, not once"
echo "$(count_of changes) samples, $(count_of hot) told to the rule that reads them"
