#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `shrike probe` says a stream comes from is what a sensor attaches.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rules.sql" <<'END'
CREATE RULE opened WITH (severity = 'low') AS
SELECT f.path FROM file.open f WHERE f.path = '/nowhere';
CREATE RULE connected WITH (severity = 'low') AS
SELECT n.dst_ip FROM network.connect n WHERE n.dst_port = 1;
END
"$SHRIKE" probe -o json -r "$work/rules.sql" >"$work/probe.json" ||
	fail 'a rule cannot run here'
"$SHRIKE" probe -r "$work/rules.sql" >"$work/probe.txt"
grep -q "^Linux $(uname -r), " "$work/probe.txt" || fail 'which kernel is it?'
"$SHRIKE" run -r "$work/rules.sql" --no-store --dry-run 2>"$work/attached"

python3 - "$work/probe.json" "$work/attached" <<'END'
import json, sys
with open(sys.argv[1]) as file:
    probe = json.load(file)
attached = 0
with open(sys.argv[2]) as lines:
    for line in lines:
        stream, found, sources = line.strip().partition(" from ")
        if not found:
            continue
        stream = stream.strip()
        of = probe["streams"][stream]
        there = {s["name"] for s in of["sources"] if s["there"]}
        told = set(sources.strip().split(", "))
        # What no rule asks for is not attached; of a cgroup the names differ.
        told = {s for s in told if s.startswith("tp_btf/")}
        if not told or not told <= there or not of["served"]:
            sys.exit(f"FAIL: {stream}: attached {told}, told {there}")
        attached += 1
# What it says of the kernel is what it says of the stream.
uring = any(s["there"] for s in probe["streams"]["file.open"]["sources"]
            if "io_uring_submit" in s["name"])
if probe["kernel"]["io_uring requests"] != uring:
    sys.exit(f"FAIL: files that io_uring opens are seen: {uring}, "
             f"told {probe['kernel']['io_uring requests']}")
if attached < 5 or not probe["kernel"]["load programs"]:
    sys.exit(f"FAIL: {attached} streams are attached")
if not all(rule["runs"] for rule in probe["rules"].values()):
    sys.exit("FAIL: a rule does not run")
print(f"{attached} streams come from where probe says")
END

# Others may ask, too; a wrong line is a usage error.
if command -v setpriv >/dev/null; then
	setpriv --reuid 65534 --clear-groups "$SHRIKE" probe |
		grep -q 'load programs  *no: ' ||
		fail 'who is not root is told that he may load programs'
fi
status=0
"$SHRIKE" probe extra 2>/dev/null || status=$?
((status == 2)) || fail "a wrong line ends with $status"
