# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the end-to-end tests share. SHRIKE names the program under test, by
# default the release build's; TOOLS the folder with the built test tools. A
# test works in $work, which is removed at its end, and exits with 0 (pass), 77
# (skip, with the reason) or else.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SHRIKE=$(realpath "${SHRIKE:-$ROOT/build/release/shrike}")
TOOLS=$(realpath "${TOOLS:-$(dirname "$SHRIKE")/tests/tools}")
export SHRIKE ROOT TOOLS

work=$(mktemp -d "${TMPDIR:-/tmp}/shrike-e2e.XXXXXX")
sensor_out=$work/stdout # the sensor's matches
sensor_err=$work/stderr # what it said
sensor_pid=
sensor_launcher=
sensor_wrapper=() # a command that runs the sensor, such as strace
sensor_drain=
load_pid=

fail() {
	printf 'FAIL: %s\n' "$*" >&2
	exit 1
}

skip() {
	printf 'skip: %s\n' "$*"
	exit 77
}

cleanup() {
	local status=$? pid

	trap - EXIT
	for pid in "$load_pid" "$sensor_pid" "$sensor_launcher"; do
		[[ -z $pid ]] || kill -KILL "$pid" 2>/dev/null || true
	done
	if ((status != 0 && status != 77)) && [[ -s $sensor_err ]]; then
		echo "--- the sensor's standard error, its end:" >&2
		tail -n 30 "$sensor_err" >&2
	fi
	wait 2>/dev/null || true
	rm -rf "$work"
	exit "$status"
}
trap cleanup EXIT

# A live sensor needs root and a kernel that can say what its types are.
need_live() {
	((EUID == 0)) || skip 'needs root'
	[[ -r /sys/kernel/btf/vmlinux ]] || skip 'this kernel has no BTF'
}

need_tool() {
	command -v "$1" >/dev/null || skip "needs $1"
}

# sensor_start ARGUMENT...: `shrike run` until it says `ready`. Matches go to
# $sensor_out as JSON lines, or where SENSOR_STDOUT says.
sensor_start() {
	sensor_launch run -o json "$@"
}

# sensor_launch COMMAND ARGUMENT...: one that says `ready`, run or record.
sensor_launch() {
	local fifo line='' fd

	# LeakSanitizer does not work under strace.
	((${#sensor_wrapper[@]} == 0)) || export ASAN_OPTIONS=detect_leaks=0
	fifo=$work/stderr.fifo
	rm -f "$fifo"
	mkfifo "$fifo"
	: >"$sensor_err"
	"${sensor_wrapper[@]}" "$SHRIKE" "$@" \
		>"${SENSOR_STDOUT:-$sensor_out}" 2>"$fifo" &
	sensor_launcher=$!
	exec {fd}<"$fifo"
	while IFS= read -r -t 60 line <&"$fd"; do
		printf '%s\n' "$line" >>"$sensor_err"
		[[ $line != ready ]] || break
	done
	[[ $line == ready ]] || fail "the sensor did not get ready: $*"
	cat <&"$fd" >>"$sensor_err" &
	sensor_drain=$!
	exec {fd}<&-
	sensor_pid=$sensor_launcher
	if ((${#sensor_wrapper[@]})); then
		sensor_pid=$(pgrep -P "$sensor_launcher")
	fi
}

# Ask the sensor to end, wait for it; its exit code is in sensor_status.
sensor_stop() {
	kill -TERM "$sensor_pid"
	sensor_wait
}

sensor_wait() {
	sensor_status=0
	wait "$sensor_launcher" 2>/dev/null || sensor_status=$?
	wait "$sensor_drain"
	sensor_pid=
	sensor_launcher=
}

# sensor_stop, and it must have ended with 0.
sensor_stop_cleanly() {
	sensor_stop
	((sensor_status == 0)) || fail "the sensor ended with $sensor_status"
}

# The same where the test may have made it lose events: then it ends with 4.
sensor_stop_with_loss() {
	sensor_stop
	((sensor_status == 0 || sensor_status == 4)) ||
		fail "the sensor ended with $sensor_status"
}

# summary PATH: a number of the sensor's summary, the path's parts separated by
# slashes; 0 when it is not there.
summary() {
	python3 -c '
import json, sys
value = None
with open(sys.argv[1], errors="replace") as lines:
    for line in lines:
        if line.startswith("{\"summary\""):
            value = json.loads(line)["summary"]
if value is None:
    sys.exit("no summary on standard error")
for part in sys.argv[2].split("/"):
    value = value.get(part, 0)
    if value == 0:
        break
print(value)
' "$sensor_err" "$1"
}

# One number of a generator's line of JSON.
number_of() {
	python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' \
		"$2" "$1"
}

# The names of the rules that matched, sorted, each once, on one line.
rules_matched() {
	python3 -c '
import json, sys
with open(sys.argv[1]) as lines:
    print(*sorted({json.loads(line)["rule"] for line in lines}))
' "$sensor_out"
}

# rule_seen RULE: wait until the sensor has told of it.
rule_seen() {
	timeout 60 grep -q -m 1 "\"rule\":\"$1\"" \
		<(tail --pid="$sensor_pid" -n +1 -f "$sensor_out") ||
		fail "$1 did not match within a minute"
}

match_count() {
	wc -l <"$sensor_out"
}
