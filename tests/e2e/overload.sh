#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# More than the sensor can hold at once: thousands of processes with long
# arguments when it starts, and rings that hold more than it can put in order
# when it was stopped for seconds. It starts, and no match is missing.
. "$(dirname "$0")/lib.sh"
need_live

mark=over$$ # the name of this test's own connections
cat >"$work/rule.sql" <<END
CREATE RULE each WITH (severity = 'low') AS
SELECT n.pid, n.dst_port FROM network.connect n
WHERE n.dst_port = 4444 AND n.comm = '$mark';
END

# Children have their parent's arguments: 3,500 times 8 KiB and more.
processes=3500
mkfifo "$work/processes"
python3 - "$processes" "$(printf '%09000d' 0)" >"$work/processes" <<'END' &
import ctypes, os, signal, sys
parent = os.getpid()
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() == parent:
            signal.pause()
        os._exit(0)
print("started", flush=True)
signal.pause()
END
load_pid=$!
read -r -t "$((60 * ${SLOW:-1}))" _ <"$work/processes" || fail 'the processes did not start'
sensor_start -r "$work/rule.sql" --store "$work/store.start"
kill -KILL "$load_pid"
wait "$load_pid" 2>/dev/null || true
load_pid=
sensor_stop_cleanly
(($(summary rows) >= processes)) || fail 'the processes were not all listed'

sensor_start -r "$work/rule.sql" --store "$work/store.stop" --ring 67108864
kill -STOP "$sensor_pid"
"$TOOLS/load_exec" --count 14000 --rate 7000 --program "$TOOLS/exit_zero" \
	>"$work/execs" &
load_pid=$!
"$TOOLS/load_connect" --count 4000 --rate 1000 --port 4444 --comm "$mark" \
	>/dev/null
wait "$load_pid"
load_pid=
kill -CONT "$sensor_pid"
sensor_stop_cleanly
echo "stopped for seconds: $(summary rows) rows, $(summary late) late," \
	"$(match_count) matches of 4000"
(($(summary late) == 0)) || fail 'rows came too late for their turn'
(($(match_count) == 4000)) || fail 'matches are missing'
