#!/bin/bash
# bench: file_cost   what a file rule adds to an open and close, beside bpftrace doing the same
# SPDX-License-Identifier: Apache-2.0
#
# All take turns, ROUNDS times (7), so that a slow minute of the machine does not
# fall on one of them; the fastest of many short parts are compared. Opens come in bursts that fit
# the rings of both, with a pause after each: a record that is lost is cheap.
. "$(dirname "$0")/../e2e/lib.sh"
need_live
need_tool bpftrace

RULE="WITH (severity = 'low') AS SELECT"
cat >"$work/exec.sql" <<END
CREATE RULE nothing $RULE e.pid FROM process.exec e
WHERE e.exe = '/nowhere/program';
END
cat >"$work/reject.sql" <<END
CREATE RULE nothing $RULE f.pid FROM file.open f
WHERE f.path = '/nowhere/program';
END
cat >"$work/emit.sql" <<END
CREATE RULE opened $RULE f.pid, f.comm, f.path FROM file.open f
WHERE f.path = '/etc/passwd';
END
reject_script='tracepoint:syscalls:sys_enter_openat
/str(args->filename) == "/nowhere/program"/ { printf("%d\n", pid); }
interval:s:1 { printf("ready\n"); }'
emit_script='tracepoint:syscalls:sys_enter_openat
/str(args->filename) == "/etc/passwd"/ {
	printf("%d %s %s\n", pid, comm, str(args->filename));
}
interval:s:1 { printf("ready\n"); }'

# opens NAME BURSTS COUNT
opens() {
	for ((burst = 0; burst < $2; burst++)); do
		number_of best_ns_per_open \
			"$("$TOOLS/load_open" --count "$3" --path /etc/passwd)" \
			>>"$work/$1"
		sleep 0.3
	done
}

long() { opens "$1" 3 50000; }
short() { opens "$1" 8 6400; }

# with_sensor NAME RULES long|short
with_sensor() {
	SENSOR_STDOUT=/dev/null sensor_start -r "$work/$2.sql" --no-store
	"$3" "$1"
	sensor_stop
	((sensor_status == 0)) || echo "($1: ended with $sensor_status)"
}

# until_ready COMMAND...: runs it in the background until it says so
until_ready() {
	local fd line=

	mkfifo "$work/in" "$work/out"
	"$@" <"$work/in" >"$work/out" 2>>"$work/other_errors" &
	load_pid=$!
	exec 9>"$work/in"
	exec {fd}<"$work/out"
	while IFS= read -r -t 30 line <&"$fd"; do
		[[ $line != ready ]] || break
	done
	[[ $line == ready ]] || fail "$1 did not get ready"
	cat <&"$fd" >/dev/null 9>&- &
	exec {fd}<&-
	rm "$work/in" "$work/out"
}

until_done() {
	exec 9>&-
	kill -TERM "$load_pid" 2>/dev/null || true
	wait "$load_pid" || true
	load_pid=
}

# In a mount namespace of its own, which has the tracepoints' file system.
with_bpftrace() {
	# shellcheck disable=SC2016 # the inner shell's own argument
	until_ready env BPFTRACE_PERF_RB_PAGES=4096 unshare -m sh -c '
		mount -t tracefs t /sys/kernel/tracing &&
		mount -t debugfs d /sys/kernel/debug &&
		exec bpftrace -e "$0"' "$2"
	"$3" "$1"
	until_done
}

with_empty() {
	until_ready "$TOOLS/empty_hook" sys_exit
	long empty
	until_done
}

for ((round = 0; round < ${ROUNDS:-7}; round++)); do
	long bare
	with_empty
	with_sensor exec exec long
	with_sensor reject reject long
	with_bpftrace reject_other "$reject_script" long
	short bare_short
	with_sensor emit emit short
	with_bpftrace emit_other "$emit_script" short
done

python3 - "$work" <<'END'
import sys

def best(name):
    with open("%s/%s" % (sys.argv[1], name)) as lines:
        return min(float(line) for line in lines)

bare, short = best("bare"), best("bare_short")
empty = best("empty") - bare
print("bare open and close              %6.0f ns" % bare)
print("no file rule                     %+6.0f ns  (x %.3f)"
      % (best("exec") - bare, best("exec") / bare))
print("empty program on sys_exit        %+6.0f ns" % empty)
for name, base, limit, what in (
        ("reject", bare, 0.7, "path filter that rejects"),
        ("emit", short, 0.12, "pid, comm and path emitted")):
    ours = best(name) - base
    theirs = best(name + "_other") - base
    print("%-30s   %+6.0f ns  bpftrace %+6.0f ns  ratio %.2f, at most %.2f"
          % (what, ours, theirs, ours / theirs, limit))
    print("  above an empty program         %+6.0f ns" % (ours - empty))
END
