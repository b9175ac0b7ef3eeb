#!/bin/bash
# bench: process_terms  what a rule on a process's program adds to an open and close of others, beside a rule on a path
# SPDX-License-Identifier: Apache-2.0
#
# All take turns, ROUNDS times (7); the fastest of many short parts are compared.
# All rules reject: one by a bit of the process that was decided at its exec, the
# others by the path, of which the last component alone tells for those that end
# with a text. What an empty program on the same hook adds is taken off.
. "$(dirname "$0")/../e2e/lib.sh"
need_live

RULE="WITH (severity = 'low') AS SELECT f.pid, f.path FROM file.open f WHERE"
cat >"$work/term.sql" <<END
CREATE RULE nothing $RULE f.exe LIKE '%/nothing' AND f.is_write;
END
cat >"$work/term_only.sql" <<END
CREATE RULE nothing $RULE f.exe LIKE '%/nothing';
END
cat >"$work/parent.sql" <<END
CREATE RULE nothing $RULE f.parent_exe LIKE '%/nothing';
END
cat >"$work/path.sql" <<END
CREATE RULE nothing $RULE f.path = '/nowhere/program';
END
cat >"$work/begins.sql" <<END
CREATE RULE nothing $RULE f.path LIKE '/nowhere/%';
END
cat >"$work/suffix.sql" <<END
CREATE RULE nothing $RULE f.path LIKE '%/nothing';
END

opens() { # NAME
	for ((part = 0; part < 3; part++)); do
		number_of best_ns_per_open "$("$TOOLS/load_open" \
			--count 50000 --path /etc/passwd)" >>"$work/$1"
	done
}

with_sensor() { # NAME
	SENSOR_STDOUT=/dev/null sensor_start -r "$work/$1.sql" --no-store
	opens "$1"
	sensor_stop
}

with_empty() {
	local fd line=

	mkfifo "$work/in" "$work/out"
	"$TOOLS/empty_hook" sys_exit <"$work/in" >"$work/out" &
	load_pid=$!
	exec 9>"$work/in"
	exec {fd}<"$work/out"
	IFS= read -r -t 30 line <&"$fd" || fail 'the empty program is not ready'
	opens empty
	exec 9>&- {fd}<&-
	kill -TERM "$load_pid" 2>/dev/null || true
	wait "$load_pid" || true
	load_pid=
	rm "$work/in" "$work/out"
}

for ((round = 0; round < ${ROUNDS:-7}; round++)); do
	opens bare
	with_empty
	for name in term path term_only parent begins suffix; do
		with_sensor $name
	done
done

python3 - "$work" <<'END'
import sys

def best(name):
    with open("%s/%s" % (sys.argv[1], name)) as lines:
        return min(float(line) for line in lines)

bare = best("bare")
empty = best("empty") - bare
print("bare open and close         %6.0f ns" % bare)
print("empty program on sys_exit   %+6.0f ns" % empty)
above = {}
for name, what in (("begins", "path LIKE '/.../%'"), ("path", "path = ..."),
                   ("suffix", "path LIKE '%/...'"),
                   ("term", "exe LIKE '%/...' AND is_write"),
                   ("term_only", "exe LIKE '%/...'"),
                   ("parent", "parent_exe LIKE '%/...'")):
    above[name] = best(name) - bare - empty
    print("%-32s %+6.0f ns above an empty program" % (what, above[name]))
for name in ("begins", "path", "suffix"):
    print("term to %-8s ratio %.2f, at most 0.50"
          % (name, above["term"] / above[name]))
END
