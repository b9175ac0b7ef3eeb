#!/bin/bash
# bench: max_rate   all that one core can open, execute and connect, 30 s each: is a row lost?
# SPDX-License-Identifier: Apache-2.0
#
# The generator has one CPU, the sensor the others. It has rings of the default
# size and ten rules, which the kernel cannot decide for what the generator
# does: each row comes up to the engine, to be counted, joined, or searched with
# a pattern. It fails when one was lost, late, or skipped by the kernel.
# RATE_SECONDS changes the time, RATE_CALLS which calls are made.
. "$(dirname "$0")/../e2e/lib.sh"
need_live
(($(nproc) > 1)) || skip 'needs two CPUs'

seconds=${RATE_SECONDS:-30}
read -ra calls <<<"${RATE_CALLS:-open exec connect}"
cpus=$(python3 -c 'import os
print(*sorted(os.sched_getaffinity(0)), sep=",")')
generator_cpu=${cpus##*,}
sensor_cpus=${cpus%,*}

cat >"$work/rules.sql" <<'END'
CREATE RULE open_odd WITH (severity = 'low') AS
SELECT f.pid FROM file.open f
WHERE f.path REGEXP '^/etc/p[a-s]+wd$' AND f.comm = 'nobody';
CREATE RULE open_often WITH (severity = 'low') AS
SELECT f.pid, COUNT(*) AS n
FROM TUMBLE(TABLE file.open, DESCRIPTOR(ts), INTERVAL '10' SECOND) f
WHERE f.path LIKE '/etc/%'
GROUP BY f.window_start, f.window_end, f.pid
HAVING COUNT(*) > 1000000000;
CREATE RULE open_writes WITH (severity = 'low') AS
SELECT f.pid FROM file.open f
WHERE f.is_write AND f.path LIKE '/etc/shrike%';
CREATE RULE exec_odd WITH (severity = 'low') AS
SELECT e.pid FROM process.exec e
WHERE e.cmdline REGEXP 'nobody +--writes +this';
CREATE RULE exec_often WITH (severity = 'low') AS
SELECT e.ppid, COUNT(*) AS n
FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '10' SECOND) e
GROUP BY e.window_start, e.window_end, e.ppid
HAVING COUNT(*) > 1000000000;
CREATE RULE exit_often WITH (severity = 'low') AS
SELECT x.uid, COUNT(*) AS n
FROM TUMBLE(TABLE process.exit, DESCRIPTOR(ts), INTERVAL '10' SECOND) x
GROUP BY x.window_start, x.window_end, x.uid
HAVING COUNT(*) > 1000000000;
CREATE RULE connect_often WITH (severity = 'low') AS
SELECT n.pid, COUNT(*) AS n
FROM TUMBLE(TABLE network.connect, DESCRIPTOR(ts), INTERVAL '10' SECOND) n
GROUP BY n.window_start, n.window_end, n.pid
HAVING COUNT(*) > 1000000000;
CREATE RULE connect_most WITH (severity = 'low') AS
SELECT t.pid, t.n
FROM (SELECT n.pid, COUNT(*) OVER (PARTITION BY n.pid_key ORDER BY n.ts
             RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW) AS n
      FROM network.connect n) t
WHERE t.n >= 1000000;
CREATE RULE exec_connects WITH (severity = 'low') AS
SELECT e.pid, n.dst_port
FROM process.exec e JOIN network.connect n
  ON n.pid_key = e.pid_key
 AND n.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND
WHERE n.dst_port = 1;
CREATE RULE nowhere WITH (severity = 'low') AS
SELECT f.pid FROM file.open f WHERE f.path = '/nowhere/program';
END

cpu_ms() {
	local stat

	read -ra stat <"/proc/$sensor_pid/stat"
	echo $(((stat[13] + stat[14]) * 1000 / $(getconf CLK_TCK)))
}

# generate CALL: one after the other until the time is over; a line of JSON each.
generate() {
	local end=$((${EPOCHREALTIME/./} + seconds * 1000000))

	while ((${EPOCHREALTIME/./} < end)); do
		case $1 in
		open) "$TOOLS/load_open" --count 200000 --path /etc/passwd ;;
		exec) "$TOOLS/load_exec" --count 1000 \
			--program "$TOOLS/exit_zero" ;;
		connect) "$TOOLS/load_connect" --count 50000 --port 20001 \
			--ports 1000 ;;
		*) fail "no such call: $1" ;;
		esac
	done
}

for call in "${calls[@]}"; do
	sensor_start -r "$work/rules.sql" --no-store
	taskset -apc "$sensor_cpus" "$sensor_pid" >/dev/null
	cpu=$(cpu_ms)
	start=${EPOCHREALTIME/./}
	(
		taskset -pc "$generator_cpu" "$BASHPID" >/dev/null
		generate "$call"
	) >"$work/made"
	us=$((${EPOCHREALTIME/./} - start))
	cpu=$(($(cpu_ms) - cpu))
	sensor_stop_with_loss
	python3 - "$call" "$work/made" "$sensor_err" "$us" "$cpu" <<'END'
import json, sys

call, made, said, us, cpu_ms = sys.argv[1:]
stream, counted = {"open": ("file.open", "opens"),
                   "exec": ("process.exec", "execs"),
                   "connect": ("network.connect", "connects")}[call]
with open(made) as lines:
    made = sum(json.loads(line)[counted] for line in lines)
with open(said, errors="replace") as lines:
    summary = [json.loads(line)["summary"] for line in lines
               if line.startswith('{"summary"')][-1]
count = summary["streams"][stream]
bad = {key: sum(each[key] for each in summary["streams"].values())
       for key in ("lost", "throttled", "missed", "damaged")}
bad["late"] = summary["late"]
rows = summary["rows"]
print("%-8s %9.0f /s; %9d rows, %5.0f ns of CPU each; %s" % (
    call, made / (int(us) / 1e6), rows, int(cpu_ms) * 1e6 / rows,
    ", ".join("%s %d" % item for item in bad.items())), flush=True)
if count["delivered"] < made:
    sys.exit("%s: %d were made, %d came" % (call, made, count["delivered"]))
if any(bad.values()):
    sys.exit("rows are missing")
END
done
