#!/bin/bash
# bench: open_close  time of an open and close: bare, with exec rules only, with a file rule
# SPDX-License-Identifier: Apache-2.0
#
# The three take turns, ROUNDS times (5), so that a slow minute of the machine
# does not fall on one of them; the medians are compared.
. "$(dirname "$0")/../e2e/lib.sh"
need_live

cat >"$work/exec.sql" <<'END'
CREATE RULE nothing WITH (severity = 'low') AS
SELECT e.pid FROM process.exec e WHERE e.exe = '/nowhere/program';
END
cat >"$work/file.sql" <<'END'
CREATE RULE nothing WITH (severity = 'low') AS
SELECT f.pid FROM file.open f WHERE f.path LIKE '/nowhere/%';
END

opens()
{
	number_of ns_per_open \
		"$("$TOOLS/load_open" --count 500000 --path /etc/passwd)"
}

for ((round = 0; round < ${ROUNDS:-5}; round++)); do
	opens >>"$work/bare"
	for rules in exec file; do
		sensor_start -r "$work/$rules.sql" --no-store
		opens >>"$work/$rules"
		sensor_stop_cleanly
	done
done

python3 - "$work" <<'END'
import statistics, sys

def median(name):
    with open("%s/%s" % (sys.argv[1], name)) as lines:
        return statistics.median(float(line) for line in lines)

bare = median("bare")
for name, what in (("bare", "no sensor"), ("exec", "exec rules only"),
                   ("file", "a file rule, nothing matches")):
    print("%-30s %6.0f ns  %5.2f x" % (what, median(name),
                                       median(name) / bare))
END
