#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A kernel that lacks the hook of one rule's stream: that rule does not run, which
# is said at the start, by sensor.start, at the end and when rules are read
# again; the others do. For the sensor the kernel's description of its types is
# one without that tracepoint.
. "$(dirname "$0")/lib.sh"
need_live

python3 - "$work/types" <<'END'
import sys
with open("/sys/kernel/btf/vmlinux", "rb") as file:
    types = file.read()
name = b"\0btf_trace_task_rename\0"
if types.count(name) != 1:
    sys.exit("FAIL: this kernel's types do not name the tracepoint once")
with open(sys.argv[1], "wb") as file:
    file.write(types.replace(name, b"\0btf_trace_task_absent\0"))
END
cat >"$work/shrike" <<END
#!/bin/bash
exec unshare --mount sh -c \
	'mount --bind $work/types /sys/kernel/btf/vmlinux && exec "\$@"' \
	- $SHRIKE "\$@"
END
chmod +x "$work/shrike"
SHRIKE=$work/shrike

mkdir "$work/rules"
cat >"$work/rules/a.sql" <<END
CREATE RULE renamed WITH (severity = 'low') AS
SELECT r.comm FROM process.rename r;
CREATE RULE started WITH (severity = 'low') AS
SELECT st.rules, st.left_out, st.reload FROM sensor.start st;
CREATE RULE ran WITH (severity = 'low') AS
SELECT e.name FROM process.exec e WHERE e.name = 'hook$$';
END
cp "$(type -P true)" "$work/hook$$"

# All must run, or none is left: it does not start, and says why.
status=0
"$SHRIKE" run -r "$work/rules" --no-store --strict \
	2>"$work/strict" || status=$?
((status == 3)) || fail "--strict ended with $status"
grep -q 'error: does not run here: process.rename needs tp_btf/task_rename' \
	"$work/strict" || fail 'who does not run, and why, is not told'
echo 'SELECT comm FROM process.rename;' >"$work/one.sql"
status=0
"$SHRIKE" run -r "$work/one.sql" --no-store -q \
	2>"$work/none" || status=$?
((status == 3)) || fail "without any rule it ended with $status"
grep -q 'no rule is left' "$work/none" || fail 'that none is left is not told'

sensor_start -r "$work/rules" --no-store
grep -q 'warning: does not run here: process.rename needs tp_btf/task_rename' \
	"$sensor_err" || fail 'the rule that does not run is not named'
grep -q '^2 rules (1 more does not run here)' "$sensor_err" ||
	fail 'how many run is not told'
"$work/hook$$"
rule_seen ran
cat >"$work/rules/b.sql" <<END
CREATE RULE reader WITH (severity = 'low') AS
SELECT m.comm FROM matches.renamed m;
END
kill -HUP "$sensor_pid"
tries=600
until grep -q '^reloaded: 2 rules (2 more do not run here)' "$sensor_err"; do
	((tries-- > 0)) || fail 'the rules were not reloaded'
	sleep 0.1
done
# None is left: what runs goes on.
mv "$work/rules/a.sql" "$work/rules/b.sql" "$work"
mv "$work/one.sql" "$work/rules"
kill -HUP "$sensor_pid"
tries=600
until grep -q 'the rules stay as they were' "$sensor_err"; do
	((tries-- > 0)) || fail 'the rules that cannot run were not refused'
	sleep 0.1
done
sensor_stop_cleanly
(($(summary left_out) == 2)) || fail 'the summary does not count them'
python3 - "$sensor_out" <<'END'
import json, sys
with open(sys.argv[1]) as lines:
    starts = [tuple(m["fields"].values()) for m in map(json.loads, lines)
              if m["rule"] == "started"]
print(starts)
if starts != [(2, 1, False), (2, 2, True)]:
    sys.exit("FAIL: sensor.start tells otherwise")
END
