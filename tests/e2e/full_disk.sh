#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The disk fills while matches are stored: the sensor says so and ends with 5,
# what it printed is what is stored, and with room again the store goes on.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rule.sql" <<'END'
CREATE RULE each WITH (severity = 'low') AS
SELECT n.pid, n.dst_port FROM network.connect n WHERE n.dst_port = 4444;
END
small=$work/small
store=$small/store
mkdir "$small"
mount -t tmpfs -o size=2m tmpfs "$small"
trap 'umount -l "$small"; cleanup' EXIT

# The ids of the matches that are stored, sorted.
stored() {
	"$SHRIKE" query --store "$store" --format json \
		'SELECT match_id FROM matches' | grep -oE '[0-9a-f]{32}' | sort
}

printed() {
	python3 -c '
import json, sys
for line in open(sys.argv[1]):
    print(json.loads(line)["match_id"])
' "$sensor_out" | sort
}

sensor_start -r "$work/rule.sql" --store "$store"
"$TOOLS/load_connect" --port 4444 --count 10000000 --rate 2000 >/dev/null &
load_pid=$!
sensor_wait
kill -KILL "$load_pid"
wait "$load_pid" 2>/dev/null || true
load_pid=
((sensor_status == 5)) || fail "the sensor ended with $sensor_status"
grep -q 'no space left for the store' "$sensor_err" ||
	fail 'the sensor did not say why it ended'
"$SHRIKE" ledger verify --store "$store" >/dev/null ||
	fail "ledger verify ended with $? on a full disk"
printed >"$work/printed"
stored >"$work/stored"
[[ -s $work/printed ]] || fail 'nothing was printed'
cmp "$work/printed" "$work/stored" || fail 'printed and stored differ'

mount -o remount,size=20m "$small"
sensor_start -r "$work/rule.sql" --store "$store"
"$TOOLS/load_connect" --port 4444 --count 20 --rate 1000 >/dev/null
sensor_stop_cleanly
"$SHRIKE" ledger verify --store "$store" >/dev/null ||
	fail "ledger verify ended with $? after the disk was full"
before=$(wc -l <"$work/stored")
after=$(stored | wc -l)
((after == before + 20)) || fail "$after matches are stored, not $before and 20"
echo "$before matches until the disk was full, 20 after"
