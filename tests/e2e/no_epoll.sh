#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sensor waits in io_uring only: under strace it calls io_uring_enter and
# none of epoll, poll and select.
. "$(dirname "$0")/lib.sh"
need_live
need_tool strace

mark=mark$$ # the name of this test's own connections
cat >"$work/rule.sql" <<END
CREATE RULE each WITH (severity = 'low') AS
SELECT n.pid, n.dst_port FROM network.connect n
WHERE n.dst_port = 4444 AND n.comm = '$mark';
END

calls=io_uring_enter,epoll_create,epoll_create1,epoll_ctl,epoll_wait
calls+=,epoll_pwait,epoll_pwait2,poll,ppoll,select,pselect6
sensor_wrapper=(strace -f -qq -o "$work/calls" -e "trace=$calls")
sensor_start -r "$work/rule.sql" --store "$work/store" --for 60s
"$TOOLS/load_connect" --count 200 --rate 400 --port 4444 --comm "$mark" \
	>/dev/null
sensor_stop_cleanly
(($(match_count) == 200)) || fail "$(match_count) matches of 200"
grep -q 'io_uring_enter(' "$work/calls" || fail 'io_uring_enter was not called'
if grep -E 'epoll|poll\(|select' "$work/calls"; then
	fail 'the sensor waits outside io_uring'
fi
echo "$(grep -c 'io_uring_enter(' "$work/calls") calls of io_uring_enter"
