#!/bin/bash
# bench: file_cost   what a file rule adds to an open and close, beside bpftrace doing the same
# SPDX-License-Identifier: Apache-2.0
#
# All take turns, ROUNDS times (7), so that a slow minute of the machine does not
# fall on one of them; the fastest of many short parts are compared. Opens come in
# bursts that fit the rings of both, with a pause after each: a record that is
# lost is cheap. What another sensor on the machine adds would be in the figures:
# a part during which one was there is measured again.
#
# Ours tells opens that succeeded, of the whole family of calls, by the file's
# own path. Of bpftrace there are:
#   opened   the same: the name at the entry of a call, as its own opensnoop.bt
#            keeps it, tested at the exit if the call succeeded
#   long     that, with names of up to 200 bytes, the most it can (default: 64)
#   family   at the entry alone, what was asked for: open, openat, openat2
#   entry    that, of openat alone
# The criterion is for the same filter, hence for `opened`.
. "$(dirname "$0")/../e2e/lib.sh"
need_live
need_tool bpftrace
need_tool bpftool

RULE="WITH (severity = 'low') AS SELECT"
cat >"$work/exec.sql" <<END
CREATE RULE nothing $RULE e.pid FROM process.exec e
WHERE e.exe = '/nowhere/program';
END
cat >"$work/reject.sql" <<END
CREATE RULE nothing $RULE f.pid FROM file.open f
WHERE f.path = '/nowhere/program';
END
cat >"$work/begins.sql" <<END
CREATE RULE nothing $RULE f.pid FROM file.open f
WHERE f.path LIKE '/nowhere/%';
END
cat >"$work/emit.sql" <<END
CREATE RULE opened $RULE f.pid, f.comm, f.path FROM file.open f
WHERE f.path = '/etc/passwd';
END
CALLS='openat open openat2'
# probes enter|exit CALL...: a list of tracepoints
probes() {
	printf "tracepoint:syscalls:sys_$1_%s\n" "${@:2}" | paste -sd,
}
TEST='str(args->filename) == "/nowhere/program"'
READY='interval:s:1 { printf("ready\n"); }'
entry_script="$(probes enter openat) /$TEST/ { printf(\"%d\\n\", pid); } $READY"
# shellcheck disable=SC2086
family_script="$(probes enter $CALLS) /$TEST/ { printf(\"%d\\n\", pid); } $READY"
# shellcheck disable=SC2086
opened_script="$(probes enter $CALLS) { @name[tid] = args->filename; }
$(probes exit $CALLS) /@name[tid]/ {
	if (args->ret >= 0 && str(@name[tid]) == \"/nowhere/program\") {
		printf(\"%d\\n\", pid);
	}
	delete(@name[tid]);
} $READY"
emit_script='tracepoint:syscalls:sys_enter_openat
/str(args->filename) == "/etc/passwd"/ {
	printf("%d %s %s\n", pid, comm, str(args->filename));
}
interval:s:1 { printf("ready\n"); }'

# How many programs are behind the hooks of all system calls.
hooked() {
	bpftool prog show | grep -cE \
		' name (hook_)?(raw_)?(sys_exit|sys_enter|empty_hook)' || true
}

# opens NAME BURSTS COUNT: our own are $expected of the programs.
opens() {
	local before best burst try

	for ((burst = 0; burst < $2; burst++)); do
		for ((try = 0; try < ${TRIES:-5}; try++)); do
			before=$(hooked)
			best=$(number_of best_ns_per_open "$("$TOOLS/load_open" \
				--alone --count "$3" --parts $(($3 / 100)) \
				--path /etc/passwd)")
			sleep 0.3
			if ((before == expected && $(hooked) == expected)); then
				break
			fi
		done
		((try < ${TRIES:-5})) || disturbed=1
		echo "$best" >>"$work/$1"
	done
}

disturbed=
expected=0
long() { opens "$1" 3 50000; }
short() { opens "$1" 8 6400; }

# with_sensor NAME RULES long|short PROGRAMS
with_sensor() {
	SENSOR_STDOUT=/dev/null sensor_start -r "$work/$2.sql" --no-store
	expected=$4
	"$3" "$1"
	sensor_stop
	expected=0
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

# with_bpftrace NAME SCRIPT long|short PROGRAMS [VARIABLE=VALUE]: in a mount
# namespace of its own, which has the tracepoints' file system.
with_bpftrace() {
	# shellcheck disable=SC2016 # the inner shell's own argument
	until_ready env BPFTRACE_PERF_RB_PAGES=4096 "${@:5}" unshare -m sh -c '
		mount -t tracefs t /sys/kernel/tracing &&
		mount -t debugfs d /sys/kernel/debug &&
		exec bpftrace -e "$0"' "$2"
	expected=$4
	"$3" "$1"
	until_done
	expected=0
}

with_empty() {
	until_ready "$TOOLS/empty_hook" sys_exit
	expected=1
	long empty
	until_done
	expected=0
}

for ((round = 0; round < ${ROUNDS:-7}; round++)); do
	long bare
	with_empty
	with_sensor exec exec long 0
	with_sensor reject reject long 1
	with_sensor begins begins long 1
	with_bpftrace opened "$opened_script" long 6
	with_bpftrace long "$opened_script" long 6 BPFTRACE_STRLEN=200
	with_bpftrace family "$family_script" long 3
	with_bpftrace entry "$entry_script" long 1
	short bare_short
	with_sensor emit emit short 1
	with_bpftrace emit_other "$emit_script" short 1
done

python3 - "$work" "$disturbed" <<'END'
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
ours = best("reject") - bare
print("path filter that rejects        %+6.0f ns  above an empty program %+.0f ns"
      % (ours, ours - empty))
begins = best("begins") - bare
print("  of a path's beginning         %+6.0f ns  above an empty program %+.0f ns"
      % (begins, begins - empty))
for name in ("opened", "long", "family", "entry"):
    theirs = best(name) - bare
    print("  bpftrace, %-20s  %+6.0f ns  ratio %.2f%s"
          % (name, theirs, ours / theirs,
             ", at most 0.70" if name == "opened" else ""))
ours, theirs = best("emit") - short, best("emit_other") - short
print("pid, comm and path emitted      %+6.0f ns  above an empty program %+.0f ns"
      % (ours, ours - empty))
print("  bpftrace                      %+6.0f ns  ratio %.2f, at most 0.12"
      % (theirs, ours / theirs))
if sys.argv[2]:
    print("Not quiet: other sensors ran meanwhile, the figures have their cost.")
END
