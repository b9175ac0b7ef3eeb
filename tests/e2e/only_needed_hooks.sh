#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With rules on process.exec only, nothing is attached to files, sockets or
# system calls, and opening a file costs what it costs without a sensor.
. "$(dirname "$0")/lib.sh"
need_live
need_tool bpftool

# The programs of the kernel as lines `id name`, sorted.
programs() {
	bpftool prog show -j | python3 -c '
import json, sys
for program in json.load(sys.stdin):
    print(program["id"], program.get("name", ""))
' | sort
}

# Those that are there now and were not before.
new_programs() {
	programs | comm -13 "$work/before" - | cut -d ' ' -f 2 | sort
}

cat >"$work/exec.sql" <<'END'
CREATE RULE nothing WITH (severity = 'low') AS
SELECT e.pid FROM process.exec e WHERE e.exe = '/nowhere/program';
END
cat >"$work/all.sql" <<'END'
CREATE RULE no_connection WITH (severity = 'low') AS
SELECT n.pid FROM network.connect n WHERE n.dst_port = 1;
CREATE RULE no_file WITH (severity = 'low') AS
SELECT f.pid FROM file.open f WHERE f.path = '/nowhere/file';
END

foreign='open|connect|sock|inet|file_|sys_'

programs >"$work/before"
sensor_start -r "$work/exec.sql" --store "$work/store.exec"
new_programs >"$work/exec.programs"
[[ -s $work/exec.programs ]] || fail 'no program was loaded'
if grep -E "$foreign" "$work/exec.programs"; then
	fail 'exec rules loaded a program that they do not need'
fi
if sed '/^ready$/q' "$sensor_err" | grep -E 'sys_|inet_|file\.|network\.'; then
	fail 'exec rules attached a hook that they do not need'
fi

# The same look must find what other rules need, else it proves nothing.
sensor_stop_cleanly
(($(summary streams/file.open/generated) == 0)) || fail 'file.open was counted'
programs >"$work/before"
sensor_start -r "$work/all.sql" --store "$work/store.all"
new_programs >"$work/all.programs"
sensor_stop_cleanly
grep -qE "$foreign" "$work/all.programs" ||
	fail "rules on files and sockets loaded only: $(cat "$work/all.programs")"

echo "exec rules load: $(paste -sd ' ' "$work/exec.programs")"
echo "file and network rules load: $(paste -sd ' ' "$work/all.programs")"

opens() {
	number_of ns_per_open \
		"$("$TOOLS/load_open" --count 200000 --path /etc/passwd)"
}

bare=$(opens)
sensor_start -r "$work/exec.sql" --store "$work/store.exec"
watched=$(opens)
sensor_stop_cleanly
bare_again=$(opens)
echo "open and close: $bare and $bare_again ns bare," \
	"$watched ns with exec rules"
