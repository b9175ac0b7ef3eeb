#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SIGHUP: the rules are read again. Rules with an error change nothing; new ones
# take over without losing or doubling an event, and what a rule that stays has
# muted is still so.
. "$(dirname "$0")/lib.sh"
need_live

reloads=6
[[ ${CHECK_FULL:-0} != 1 ]] || reloads=40

# wait_for TEXT COUNT: until standard error has that many such lines.
wait_for() {
	local tries=1200

	until (($(grep -c "$1" "$sensor_err") >= $2)); do
		((tries-- > 0)) || fail "no line '$1' ($2 times)"
		kill -0 "$sensor_pid" || fail 'the sensor is gone'
		sleep 0.05
	done
}

mkdir "$work/rules" "$work/files"
cat >"$work/rules/opened.sql" <<END
CREATE RULE opened WITH (severity = 'low') AS
SELECT f.path FROM file.open f
WHERE f.path LIKE '$work/files/%' AND f.is_write;
CREATE RULE new_program WITH (severity = 'low') AS
SELECT e.exe FROM process.exec e
WHERE e.name = 'shrike_reload' AND FIRST_SEEN(e.exe, INTERVAL '1' DAY);
END
cp "$(type -P true)" "$work/shrike_reload"

sensor_start -r "$work/rules" --store "$work/store"
"$work/shrike_reload"

# A rule with an error: it is said, and nothing changes.
echo 'CREATE RULE broken AS SELECT nothing' >"$work/rules/zz.sql"
kill -HUP "$sensor_pid"
wait_for 'the rules stay as they were' 1
grep -q 'zz.sql:' "$sensor_err" || fail 'the error does not name the file'

# Files are opened all the while, each once.
cat >"$work/open_numbers.py" <<'END'
import os, sys
n = 0
while not os.path.exists(sys.argv[1] + "/stop"):
    os.close(os.open(f"{sys.argv[1]}/{n}", os.O_CREAT | os.O_WRONLY))
    os.unlink(f"{sys.argv[1]}/{n}")
    n += 1
    if n % 20 == 0:
        import time
        time.sleep(0.01)
print(n)
END
python3 "$work/open_numbers.py" "$work/files" >"$work/opened" &
load_pid=$!
for ((i = 1; i <= reloads; i++)); do
	cat >"$work/rules/zz.sql" <<END
CREATE RULE turn_$i WITH (severity = 'low') AS
SELECT n.pid FROM network.connect n WHERE n.dst_port = $i;
END
	((i % 2)) || rm "$work/rules/zz.sql"
	kill -HUP "$sensor_pid"
	wait_for '^reloaded: ' "$i"
done
touch "$work/files/stop"
wait "$load_pid"
load_pid=

# The old rules are gone, the new are there.
cat >"$work/rules/opened.sql" <<END
CREATE RULE opened WITH (severity = 'low') AS
SELECT f.path FROM file.open f
WHERE f.path LIKE '$work/files/%' AND f.is_write;
CREATE RULE new_program WITH (severity = 'low') AS
SELECT e.exe FROM process.exec e
WHERE e.name = 'shrike_reload' AND FIRST_SEEN(e.exe, INTERVAL '1' DAY);
CREATE RULE ran_again WITH (severity = 'low') AS
SELECT e.exe FROM process.exec e WHERE e.name = 'shrike_reload';
END
kill -HUP "$sensor_pid"
wait_for '^reloaded: ' $((reloads + 1))
"$work/shrike_reload"
sensor_stop_cleanly

python3 - "$sensor_out" "$work/files" "$(cat "$work/opened")" <<'END'
import collections, json, sys
out, folder, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(out) as lines:
    matches = [json.loads(line) for line in lines]
rules = collections.Counter(m["rule"] for m in matches)
if rules["new_program"] != 1 or rules["ran_again"] != 1:
    sys.exit(f"FAIL: {rules}")
times = collections.Counter(
    m["fields"]["path"] for m in matches if m["rule"] == "opened")
times.pop(folder + "/stop", None)
wrong = [i for i in range(n) if times[f"{folder}/{i}"] != 1]
if wrong or len(times) != n:
    sys.exit(f"FAIL: {len(wrong)} of {n} files were not matched once, "
             f"{len(times)} are known")
print(f"{n} files, each matched once")
END
"$SHRIKE" ledger verify --store "$work/store" >/dev/null ||
	fail 'the ledger does not verify'
echo "$reloads reloads"
