#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What rules are told of a process's directory, ancestors and way in, live and
# again from the recording.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rules.sql" <<'END'
CREATE RULE where_it_runs WITH (severity = 'low') AS
SELECT e.name, e.cwd, e.parent_cwd, e.prev_exe, e.ancestors, e.entry_type,
       e.session_leader_exe, e.host
FROM process.exec e
WHERE e.name = 'true' AND 'MARK' = ANY(e.args);
CREATE RULE tried WITH (severity = 'low') AS
SELECT e.filename, e.exe, e.args, e.retval FROM process.exec e
WHERE e.retval < 0 AND e.filename = '/no/such/MARK';
CREATE RULE preloaded WITH (severity = 'low') AS
SELECT e.exe, e.env FROM process.exec e
WHERE 'HISTFILE=/MARK' = ANY(e.env);
END
sed -i "s/MARK/mark$$/" "$work/rules.sql"

sensor_start -r "$work/rules.sql" --no-store --record "$work/trace"
(
	cd /usr/share || exit 1
	bash -c "cd doc; /bin/true mark$$; :"
	env HISTFILE="/mark$$" SECRET=abc /bin/true
	bash -c "/no/such/mark$$ 'a b'; :" 2>"$work/bash.err" || :
)
sensor_stop_cleanly

"$SHRIKE" replay -r "$work/rules.sql" -o json "$work/trace" \
	>"$work/again" 2>"$work/again.err" || fail "$(cat "$work/again.err")"

python3 - "$sensor_out" "$work/again" "$$" "$(uname -n)" <<'END'
import json, os, sys

live, again = ([json.loads(line) for line in open(path)]
               for path in sys.argv[1:3])
mark, host = "mark" + sys.argv[3], sys.argv[4]

def fields(matches):
    return [(m["rule"], m["match_id"], m["fields"]) for m in matches]

assert fields(live) == fields(again), "the replay differs"
found = {}
for rule, _, row in fields(live):
    found.setdefault(rule, []).append(row)

(row,) = found["where_it_runs"]
assert row["cwd"] == row["parent_cwd"] == os.path.realpath("/usr/share/doc")
assert row["prev_exe"].endswith("/bash"), row
assert row["ancestors"][:2] == ["bash", "bash"], row
assert row["host"] == host, row

(row,) = found["tried"]
assert row["filename"] == row["exe"] == "/no/such/" + mark, row
assert row["args"] == ["/no/such/" + mark, "a b"], row
assert row["retval"] == -2, row

rows = found["preloaded"]
assert any(r["exe"].endswith("/true") for r in rows), rows
assert not any("SECRET=abc" in r["env"] for r in rows), rows
END
