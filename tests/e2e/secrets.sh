#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A password in a command line, of a process that was there at start and of one
# that comes, is in no output, no store and no trace; the masked form is.
. "$(dirname "$0")/lib.sh"
need_live

secret=hunter2-$RANDOM$RANDOM
cat >"$work/rule.sql" <<'END'
CREATE RULE each WITH (severity = 'low') AS
SELECT e.pid, e.cmdline, e.parent_cmdline FROM process.exec e
WHERE e.exe LIKE '%/exit_zero' AND e.cmdline LIKE '%--password=***%';
END

mkfifo "$work/go"
# shellcheck disable=SC2016 # the arguments are the inner shell's
bash -c 'read -r _ <"$1" && "$2" "--password=$4" && :' \
	sh "$work/go" "$TOOLS/exit_zero" --token "$secret" &
load_pid=$!
sensor_start -r "$work/rule.sql" --store "$work/store" --record "$work/trace"
echo >"$work/go"
wait "$load_pid"
load_pid=
sensor_stop_cleanly

(($(match_count) == 1)) || fail "$(match_count) matches, not 1"
grep -q -- '--token \*\*\*' "$sensor_out" ||
	fail 'the parent has no masked arguments'
"$SHRIKE" query --store "$work/store" 'SELECT * FROM evidence' \
	>"$work/evidence"
"$SHRIKE" replay -r "$work/rule.sql" -q -o json "$work/trace" >"$work/replayed"
(($(wc -l <"$work/replayed") == 1)) || fail 'the replay has another result'
rm -f "$work/go"
! grep -raqF "$secret" "$work" ||
	fail "the secret is in $(grep -ralF "$secret" "$work" | tr '\n' ' ')"
echo 'masked live, stored, recorded and replayed'
