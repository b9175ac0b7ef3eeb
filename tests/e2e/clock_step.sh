#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The clock is set an hour forward and back, and the machine sleeps: each is told
# once, with how much; what counts and joins by time does not notice; and what is
# shown from then on has the time that the clock was set to, in a replay too. The
# machine's own clocks stay as they are: the sensor is lied to. Sleep is as it
# is for a program: it stands still, then the boot-time clock has gone further
# than the monotonic one.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rules.sql" <<END
CREATE RULE clock WITH (severity = 'low') AS
SELECT ck.cause, ck.step FROM sensor.clock ck;
CREATE RULE five WITH (severity = 'low') AS
SELECT t.n
FROM (SELECT n.pid, n.dst_port, COUNT(*) OVER (PARTITION BY n.dst_port
             ORDER BY n.ts RANGE BETWEEN INTERVAL '10' MINUTE PRECEDING
             AND CURRENT ROW) AS n
      FROM network.connect n
      WHERE n.dst_port = 4444 AND n.comm = 'clock$$') t
WHERE t.n >= 5;
CREATE RULE both WITH (severity = 'low') AS
SELECT a.pid
FROM network.connect a JOIN network.connect b
  ON b.comm = a.comm
 AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '10' MINUTE
WHERE a.comm = 'clock$$' AND a.dst_port = 4501 AND b.dst_port = 4502;
CREATE RULE each WITH (severity = 'low') AS
SELECT n.dst_port, n.ts FROM network.connect n
WHERE n.dst_port BETWEEN 4601 AND 4604 AND n.comm = 'clock$$';
END

# shift REAL_NS MONOTONIC_NS: what is added to the sensor's clocks from now on
shift_clocks() {
	python3 - "$work/shift" "$@" <<'END'
import mmap, os, struct, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.ftruncate(file, 16)
struct.pack_into("qq", mmap.mmap(file, 16), 0, *map(int, sys.argv[2:]))
END
}

# told COUNT: wait until the sensor has told of so many changes.
told() {
	local tries=600

	until (($(grep -c '"rule":"clock"' "$sensor_out") >= $1)); do
		((tries-- > 0)) || fail "$1 changes of clocks were not told"
		sleep 0.1
	done
}

connects() {
	"$TOOLS/load_connect" --comm "clock$$" --port "$1" --count "$2" \
		>/dev/null
}

hour=3600000000000
shift_clocks 0 0
export CLOCK_SHIFT=$work/shift ASAN_OPTIONS=verify_asan_link_order=0
LD_PRELOAD=$TOOLS/clock_shift.so sensor_start -r "$work/rules.sql" \
	--store "$work/store" --record "$work/trace"
connects 4501 1
connects 4601 1
connects 4444 2
shift_clocks $hour 0
told 1
connects 4444 1
connects 4602 1
shift_clocks 0 0
told 2
connects 4444 1
connects 4603 1
kill -STOP "$sensor_pid"
sleep 2
shift_clocks 0 -1500000000
kill -CONT "$sensor_pid"
told 3
shift_clocks $((2 * hour)) -1500000000
told 4
connects 4444 1
connects 4502 1
connects 4604 1
sensor_stop_cleanly
"$SHRIKE" replay -r "$work/rules.sql" -o json "$work/trace" >"$work/replayed" \
	2>"$work/replay.err" || fail "replay: $(cat "$work/replay.err")"

python3 - "$sensor_out" "$work/replayed" <<'END'
import datetime, json, sys, time
def read(name):
    with open(name) as lines:
        matches = [json.loads(line) for line in lines]
    for match in matches:
        match.pop("ledger", None)
    return matches
matches = read(sys.argv[1])
if matches != read(sys.argv[2]):
    sys.exit("FAIL: the replay tells otherwise")
clock = [(m["fields"]["cause"], m["fields"]["step"]) for m in matches
         if m["rule"] == "clock"]
print(*clock, sep=", ")
want = [("step", 3600e9), ("step", -3600e9), ("suspend", 1.5e9),
        ("step", 7200e9)]
if len(clock) != len(want) or any(
        cause != wanted or abs(ns - wanted_ns) > 50e6
        for (cause, ns), (wanted, wanted_ns) in zip(clock, want)):
    sys.exit("FAIL: other changes were told")
others = sorted(m["rule"] for m in matches if m["rule"] in ("both", "five"))
if others != ["both", "five"]:
    sys.exit("FAIL: matches: %s" % others)
order = [m["events"][-1]["id"]["ts"] for m in matches]
if order != sorted(order):
    sys.exit("FAIL: matches are not in the order of their time")
# By how much each was shown off: the whole test takes less than ten minutes.
def off(text):
    text = text.replace("Z", "")[:26] + "+00:00"
    shown = datetime.datetime.fromisoformat(text).timestamp()
    return round((shown - time.time()) / 1200) * 1200
for shown in ("time", "field", "event"):
    shifts = {m["fields"]["dst_port"]: off(
        m["time"] if shown == "time" else m["fields"]["ts"]
        if shown == "field" else m["events"][-1]["time"])
        for m in matches if m["rule"] == "each"}
    print(shown, shifts)
    if shifts != {4601: 0, 4602: 3600, 4603: 0, 4604: 7200}:
        sys.exit("FAIL: another time is shown")
END
(($(summary late) == 0)) || fail 'rows came too late for their turn'
