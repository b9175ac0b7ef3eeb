#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sensor is killed again and again while it stores matches. What it printed
# is in the store, and the ledger verifies.
. "$(dirname "$0")/lib.sh"
need_live

kills=8
[[ ${CHECK_FULL:-0} != 1 ]] || kills=30
cat >"$work/rule.sql" <<'END'
CREATE RULE each WITH (severity = 'low') AS
SELECT n.pid, n.dst_port FROM network.connect n WHERE n.dst_port = 4444;
END

"$TOOLS/load_connect" --count 10000000 --rate 1000 --port 4444 >/dev/null &
load_pid=$!
mkfifo "$work/matches"
exec {keep}<>"$work/matches" # neither side blocks when it opens the fifo
: >"$work/printed"
for ((i = 0; i < kills; i++)); do
	SENSOR_STDOUT=$work/matches sensor_start -r "$work/rule.sql" \
		--store "$work/store"
	exec {matches}<"$work/matches" {keep}<&-
	# Another number of lines each time, so that kills fall anywhere.
	for ((line = 0; line < 1 + i * 7 % 40; line++)); do
		IFS= read -r -t 60 text <&"$matches" || fail 'no matches'
		printf '%s\n' "$text" >>"$work/printed"
	done
	kill -KILL "$sensor_pid"
	sensor_wait
	cat <&"$matches" >"$work/rest"
	# A line that was cut by the kill was never printed.
	if [[ -s $work/rest ]]; then
		python3 -c '
import sys
rest = open(sys.argv[1], "rb").read()
sys.stdout.buffer.write(rest[:rest.rfind(b"\n") + 1])
' "$work/rest" >>"$work/printed"
	fi
	exec {keep}<>"$work/matches" {matches}<&-
done
kill -KILL "$load_pid"
wait "$load_pid" 2>/dev/null || true
load_pid=

"$SHRIKE" ledger verify --store "$work/store" >"$work/verified" 2>&1 ||
	fail "ledger verify ended with $?: $(cat "$work/verified")"
"$SHRIKE" query --store "$work/store" --format json \
	'SELECT match_id FROM matches' >"$work/stored"
python3 - "$work/printed" "$work/stored" <<'END'
import json, re, sys
printed = [json.loads(line)["match_id"] for line in open(sys.argv[1])]
stored = set(re.findall(r"\b[0-9a-f]{32}\b", open(sys.argv[2]).read()))
missing = [m for m in printed if m not in stored]
print(len(printed), "printed,", len(stored), "stored")
if not printed:
    sys.exit("nothing was printed")
if len(set(printed)) != len(printed):
    sys.exit("a match was printed twice")
if missing:
    sys.exit("%d printed matches are not stored, such as %s"
             % (len(missing), missing[0]))
END
