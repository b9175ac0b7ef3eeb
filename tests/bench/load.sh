#!/bin/bash
# bench: load  20,000 connects and 2,000 execs a second for 60 s: memory, loss, CPU, latency
# SPDX-License-Identifier: Apache-2.0
#
# The sensor runs with the shipped rules and one more, which matches 50
# connections a second and so shows how late a match is printed. LOAD_SECONDS,
# LOAD_CONNECTS and LOAD_EXECS change the load; arguments go to `shrike run`.
. "$(dirname "$0")/../e2e/lib.sh"
need_live

seconds=${LOAD_SECONDS:-60}
connects=${LOAD_CONNECTS:-20000}
execs=${LOAD_EXECS:-2000}
here=$(dirname "$0")
generators=()

cat >"$work/marker.sql" <<'END'
CREATE RULE marker WITH (severity = 'low') AS
SELECT n.pid, n.dst_port FROM network.connect n WHERE n.dst_port = 4444;
END

mkfifo "$work/matches"
python3 "$here/measure.py" latency "$work/latency" <"$work/matches" &
reader=$!
SENSOR_STDOUT=$work/matches sensor_start -r "$ROOT/rules" \
	-r "$work/marker.sql" --store "$work/store" "$@"
python3 "$here/measure.py" process "$sensor_pid" "$work/process" &
sampler=$!

# Two of them: one process alone does not start so many.
for half in 1 2; do
	"$TOOLS/load_exec" --count $((execs * seconds / 2)) \
		--rate $((execs / 2)) --program "$TOOLS/exit_zero" \
		>"$work/load_exec.$half" &
	generators+=($!)
done
"$TOOLS/load_connect" --count $((50 * seconds)) --rate 50 --port 4444 \
	>"$work/load_marker" &
generators+=($!)
"$TOOLS/load_connect" --count $((connects * seconds)) --rate "$connects" \
	--port 20001 --ports 1000 >"$work/load_connect"
wait "${generators[@]}"
sensor_stop_with_loss
wait "$reader" "$sampler"

python3 - "$work" "$sensor_err" <<'END'
import json, os, sys

def load(name):
    with open(os.path.join(sys.argv[1], name)) as file:
        return json.load(file)

summary = None
with open(sys.argv[2], errors="replace") as lines:
    for line in lines:
        if line.startswith('{"summary"'):
            summary = json.loads(line)["summary"]
connect, halves = load("load_connect"), (load("load_exec.1"),
                                         load("load_exec.2"))
execs = {"execs": sum(half["execs"] for half in halves),
         "seconds": max(half["seconds"] for half in halves)}
process, latency = load("process"), load("latency")
print("connects   %9.0f /s (%d in %.1f s)" % (
    connect["connects"] / connect["seconds"], connect["connects"],
    connect["seconds"]))
print("execs      %9.0f /s (%d in %.1f s)" % (
    execs["execs"] / execs["seconds"], execs["execs"], execs["seconds"]))
print("memory     %9.1f MiB median, %.1f MiB at most" % (
    process["memory_median_mib"], process["memory_max_mib"]))
print("CPU        %9.1f %% of one" % process["cpu_percent"])
for name, count in sorted(summary["streams"].items()):
    print("%-16s generated %9d  filtered %9d  delivered %9d  lost %7d  "
          "missed %d" % (name, count["generated"], count["filtered"],
                         count["delivered"], count["lost"], count["missed"]))
print("matches    %9d, latency p50 %.1f ms, p99 %.1f ms, max %.1f ms" % (
    latency["matches"], latency.get("p50_ms", 0), latency.get("p99_ms", 0),
    latency.get("max_ms", 0)))
END
