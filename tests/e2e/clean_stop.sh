#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A clean stop loses no window that is open: it closes and says that a gap
# follows. A rule that wants no such answer gives none, and what was muted or
# seen is still so in the next run.
. "$(dirname "$0")/lib.sh"
need_live

cp "$(type -P true)" "$work/shrike_stop"
cat >"$work/rules.sql" <<'SQL'
CREATE RULE hourly AS
SELECT COUNT(*) AS n FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts),
                                 INTERVAL '1' HOUR)
WHERE name = 'shrike_stop';
CREATE RULE unseen AS
SELECT e.pid FROM process.exec e
WHERE e.name = 'shrike_stop'
  AND NOT EXISTS (SELECT 1 FROM network.connect n
                  WHERE n.pid_key = e.pid_key
                    AND n.ts BETWEEN e.ts AND e.ts + INTERVAL '1' HOUR);
CREATE RULE unseen_for_certain AS
SELECT e.pid FROM process.exec e
WHERE e.name = 'shrike_stop'
  AND NOT EXISTS (SELECT 1 FROM network.connect n
                  WHERE n.pid_key = e.pid_key
                    AND n.ts BETWEEN e.ts AND e.ts + INTERVAL '1' HOUR)
ON GAP SUPPRESS;
CREATE RULE new AS
SELECT e.exe FROM process.exec e
WHERE e.name = 'shrike_stop' AND FIRST_SEEN(e.exe, INTERVAL '1' DAY);
SQL

# rule coverage number-of-matches, a line each
told() {
	python3 -c '
import collections, json, sys
with open(sys.argv[1]) as lines:
    matches = [json.loads(line) for line in lines]
count = collections.Counter((m["rule"], m["coverage"]) for m in matches)
for (rule, coverage), n in sorted(count.items()):
    print(rule, coverage, n)
' "$sensor_out"
}

expect() {
	local said

	said=$(told)
	[[ $said == "$1" ]] || fail "expected:
$1
told:
$said"
}

sensor_start -r "$work/rules.sql" --store "$work/store"
"$work/shrike_stop"
"$work/shrike_stop"
sensor_stop_cleanly
expect 'hourly gap 1
new complete 1
unseen gap 2'

sensor_start -r "$work/rules.sql" --store "$work/store"
"$work/shrike_stop"
sensor_stop_cleanly
expect 'hourly gap 1
unseen gap 1'
"$SHRIKE" ledger verify --store "$work/store" >/dev/null || fail 'the store is damaged'
echo 'open windows closed with a gap, twice; what was seen stayed seen'
