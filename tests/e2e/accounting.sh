#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A sensor that is stopped under load loses events, and says how many: for every
# stream generated = filtered + delivered + lost + throttled + missed, and for
# connections generated is what the generator made. A match whose window saw the
# loss says so.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rule.sql" <<'END'
CREATE RULE many WITH (severity = 'low') AS
SELECT t.pid, t.n
FROM (SELECT n.pid_key, n.pid, COUNT(*) OVER (PARTITION BY n.pid_key
             ORDER BY n.ts RANGE BETWEEN INTERVAL '30' SECOND PRECEDING
             AND CURRENT ROW) AS n
      FROM network.connect n WHERE n.dst_port = 4444) t
WHERE t.n >= 5
EMIT ON FIRST MATCH;
END

load() {
	number_of connects "$("$TOOLS/load_connect" --port 4444 "$@")"
}

# One life: some load, much load while stopped, some load.
live() {
	sensor_start -r "$work/rule.sql" --store "$work/store.$1" --ring 65536
	made=$((1 + $(load --count 100 --rate 1000))) # one is the self-test's
	kill -STOP "$sensor_pid"
	made=$((made + $(load --count 30000 --rate 20000)))
	kill -CONT "$sensor_pid"
	made=$((made + $(load --count 100 --rate 1000)))
	sensor_stop_with_loss
	generated=$(summary streams/network.connect/generated)
}

# Somebody else may have connected meanwhile; then generated is larger.
for attempt in 1 2 3; do
	live "$attempt"
	((generated > made)) || break
	echo "attempt $attempt: other connections, $generated of $made"
done
((generated == made)) ||
	fail "$made connections were made, $generated were generated"

python3 - "$sensor_err" <<'END'
import json, sys
summary = None
for line in open(sys.argv[1], errors="replace"):
    if line.startswith('{"summary"'):
        summary = json.loads(line)["summary"]
for name, count in sorted(summary["streams"].items()):
    # What was missed has no CPU.
    if count["generated"] != count["missed"] + sum(
            cpu["generated"] for cpu in count.get("cpus", [])):
        sys.exit(f"FAIL: {name}: the CPUs do not add up: {count}")
    total = sum(count[k] for k in ("filtered", "delivered", "lost", "throttled",
                                     "missed"))
    print(name, count)
    if count["generated"] != total:
        sys.exit("%s: generated %d, accounted for %d"
                 % (name, count["generated"], total))
if summary["streams"]["network.connect"]["lost"] == 0:
    sys.exit("nothing was lost: the load was too small to show anything")
END

python3 - "$sensor_out" <<'END'
import json, sys
matches = [json.loads(line) for line in open(sys.argv[1])]
if not matches:
    sys.exit("no match")
if matches[0]["coverage"] != "complete" or matches[0]["lost"] != 0:
    sys.exit("the match before the loss is not complete")
if matches[-1]["coverage"] != "gap" or matches[-1]["lost"] == 0:
    sys.exit("the match after the loss does not say so: %s, %s"
             % (matches[-1]["coverage"], matches[-1]["lost"]))
END
