#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sensor's own events: that it started and read other rules, what it lost
# and why, and which cgroup it held back.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rules.sql" <<'END'
CREATE RULE started AS
SELECT st.version, st.rules, st.reload FROM sensor.start st;
CREATE RULE lost AS
SELECT ls.lost_stream, ls.reason, ls.count, ls.from_ts, ls.to_ts
FROM sensor.loss ls;
CREATE RULE throttled AS
SELECT th.throttled_stream, th.begins, th.count, th.cgroup
FROM sensor.throttle th;
CREATE RULE clock AS SELECT ck.cause, ck.step FROM sensor.clock ck;
CREATE RULE opened WITH (severity = 'low') AS
SELECT COUNT(*) AS n FROM TUMBLE(TABLE file.open, DESCRIPTOR(ts),
                                 INTERVAL '1' HOUR)
WHERE path = '/etc/passwd';
END

# fields of the matches of a rule, as Python sees them
check() {
	python3 - "$sensor_out" "$@" <<'END'
import json, sys
with open(sys.argv[1]) as lines:
    matches = [json.loads(line) for line in lines]
def of(rule):
    return [m["fields"] for m in matches if m["rule"] == rule]
if not eval("(" + sys.argv[2] + ")"):
    print(*matches[:20], sep="\n")
    sys.exit(f"FAIL: not so: {sys.argv[2]}")
END
}

# A flood into the smallest ring.
sensor_start -r "$work/rules.sql" --no-store --ring 4K
"$TOOLS/load_open" --count 20000 --path /etc/passwd >/dev/null
kill -HUP "$sensor_pid"
tries=600
until grep -q '^reloaded: 5 rules' "$sensor_err"; do
	((tries-- > 0)) || fail 'the rules were not reloaded'
	sleep 0.1
done
sensor_stop_with_loss
check '[(s["rules"], s["reload"]) for s in of("started")] ==
       [(5, False), (5, True)]'
check 'all(s["version"] for s in of("started"))'
check 'any(l["lost_stream"] == "file.open" and l["reason"] == "ring"
           for l in of("lost"))'
check 'all(l["from_ts"] < l["to_ts"] for l in of("lost"))'
check 'sum(l["count"] for l in of("lost")
           if (l["lost_stream"], l["reason"]) == ("file.open", "ring")) ==
       '"$(summary streams/file.open/lost)"
check 'of("throttled") == [] and of("clock") == []'

# The same with a limit on what a cgroup may send.
sensor_start -r "$work/rules.sql" --no-store --throttle 1000
"$TOOLS/load_open" --count 20000 --path /etc/passwd >/dev/null
sensor_stop_with_loss
check 'of("throttled")[0]["begins"] is True'
check 'of("throttled")[0]["throttled_stream"] == "file.open"'
check 'any(l["reason"] == "throttle" for l in of("lost"))'
(($(summary streams/file.open/throttled) > 1000)) ||
	fail 'nothing was held back'
(($(summary streams/process.exec/throttled) == 0)) ||
	fail 'the lifecycle was held back'
echo "lost and held back: told"
