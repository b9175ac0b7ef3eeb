#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A program, then a connection of it within a time: connections of processes
# that have executed something else do not leave the kernel, and those of the
# right one only within the time.
. "$(dirname "$0")/lib.sh"
need_live

cp "$(command -v bash)" "$work/caller"
cat >"$work/rule.sql" <<END
CREATE RULE calls WITH (severity = 'low') AS
SELECT e.pid, n.dst_port FROM process.exec e
JOIN network.connect n ON n.pid_key = e.pid_key
	AND n.ts BETWEEN e.ts AND e.ts + INTERVAL '2' SECOND
WHERE e.exe = '$work/caller' AND n.dst_port = 9;
END

call() { # PROGRAM SECONDS: exec it, and connect after so long
	"$1" -c "read -r -t $2 _ <>'$work/never'; : </dev/tcp/127.0.0.1/9" \
		2>/dev/null || :
}

mkfifo "$work/never"
sensor_start -r "$work/rule.sql" --no-store
# Until the time is over every process may have done the exec before.
call bash 5
"$TOOLS/load_connect" --count 1000 --port 9 >/dev/null
call "$work/caller" 0.1
call "$work/caller" 5
sensor_stop_cleanly
kept=$(summary streams/network.connect/delivered)
filtered=$(summary streams/network.connect/filtered)
echo "delivered $kept, filtered $filtered, matches $(match_count)"
((kept == 1)) || fail 'not just the one connection was delivered'
((filtered >= 1002)) || fail 'connections of others were not filtered'
(($(match_count) == 1)) || fail 'the connection did not match'
