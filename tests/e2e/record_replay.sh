#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A recorded session, with a join, a threshold and a loss in it, gives the same
# matches when it is replayed: twice the same lines and the same ledger root,
# and the lines of the live run but for the ledger.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rules.sql" <<'END'
CREATE RULE exec_then_connect WITH (severity = 'high') AS
SELECT e.pid, e.exe, n.dst_port
FROM process.exec e
JOIN network.connect n
  ON n.pid_key = e.pid_key
 AND n.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND
WHERE n.dst_port = 4444
EMIT ON FIRST MATCH;

CREATE RULE many WITH (severity = 'low') AS
SELECT t.pid, t.n
FROM (SELECT n.pid_key, n.pid, COUNT(*) OVER (PARTITION BY n.pid_key
             ORDER BY n.ts RANGE BETWEEN INTERVAL '10' SECOND PRECEDING
             AND CURRENT ROW) AS n
      FROM network.connect n WHERE n.dst_port = 4444) t
WHERE t.n >= 20
EMIT ON FIRST MATCH SUPPRESS FOR INTERVAL '1' MINUTE;
END

load() {
	"$TOOLS/load_connect" --port 4444 "$@" >/dev/null
}

# replay NAME: lines and summary into $work/NAME and $work/NAME.err.
replay() {
	local status=0

	"$SHRIKE" replay -r "$work/rules.sql" -o json --store "$work/store.$1" \
		"$work/trace" >"$work/$1" 2>"$work/$1.err" || status=$?
	((status == 0 || status == 4)) ||
		fail "replay ended with $status: $(cat "$work/$1.err")"
}

# The root that a replay's summary names, wherever in it.
root_of() {
	python3 -c '
import re, sys
found = re.search(r"\"root\":\s*\"([0-9a-f]+)\"", open(sys.argv[1]).read())
print(found.group(1) if found else "")
' "$work/$1.err"
}

without_ledger() {
	python3 -c '
import json, sys
for line in open(sys.argv[1]):
    match = json.loads(line)
    match.pop("ledger", None)
    print(json.dumps(match))
' "$1"
}

sensor_start -r "$work/rules.sql" --store "$work/store.live" \
	--record "$work/trace" --ring 65536
load --count 10
load --count 50
kill -STOP "$sensor_pid"
load --count 5000
kill -CONT "$sensor_pid"
load --count 30
load --count 3 --port 5555
sensor_stop_with_loss
(($(summary streams/network.connect/lost) > 0)) || fail 'nothing was lost'
[[ $(rules_matched) == 'exec_then_connect many' ]] ||
	fail "live matched only: $(rules_matched)"

replay first
replay second
cmp "$work/first" "$work/second" || fail 'two replays differ'
[[ -n $(root_of first) ]] || fail 'the summary of a replay has no root'
[[ $(root_of first) == "$(root_of second)" ]] || fail 'the roots differ'
diff <(without_ledger "$sensor_out") <(without_ledger "$work/first") \
	>"$work/difference" ||
	fail "the replay is not the live run: $(cut -c 1-600 "$work/difference")"
"$SHRIKE" ledger verify --store "$work/store.first" >/dev/null ||
	fail 'the ledger of the replay does not verify'
echo "$(match_count) matches, live and twice replayed; root $(root_of first)"
