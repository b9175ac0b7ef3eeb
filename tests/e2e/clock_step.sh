#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The clock is set an hour forward and back, and the machine sleeps: each is told
# once, with how much, and what counts and joins by time does not notice. The
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
	--store "$work/store"
connects 4501 1
connects 4444 2
shift_clocks $hour 0
told 1
connects 4444 1
shift_clocks 0 0
told 2
connects 4444 1
kill -STOP "$sensor_pid"
sleep 2
shift_clocks 0 -1500000000
kill -CONT "$sensor_pid"
told 3
connects 4444 1
connects 4502 1
sensor_stop_cleanly

python3 - "$sensor_out" <<'END'
import json, sys
with open(sys.argv[1]) as lines:
    matches = [json.loads(line) for line in lines]
clock = [(m["fields"]["cause"], m["fields"]["step"]) for m in matches
         if m["rule"] == "clock"]
print(*clock, sep=", ")
want = [("step", 3600e9), ("step", -3600e9), ("suspend", 1.5e9)]
if len(clock) != len(want) or any(
        cause != wanted or abs(ns - wanted_ns) > 50e6
        for (cause, ns), (wanted, wanted_ns) in zip(clock, want)):
    sys.exit("FAIL: other changes were told")
others = sorted(m["rule"] for m in matches if m["rule"] != "clock")
if others != ["both", "five"]:
    sys.exit("FAIL: matches: %s" % others)
times = [m["events"][-1]["id"]["ts"] for m in matches]
if times != sorted(times):
    sys.exit("FAIL: matches are not in the order of their time")
END
(($(summary late) == 0)) || fail 'rows came too late for their turn'
