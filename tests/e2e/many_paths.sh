#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Thousands of texts of paths, looked up in maps by the kernel: a rule fires for
# each kind of text, with what else it asks, and for nothing else; what no rule
# wants does not cross the ring.
. "$(dirname "$0")/lib.sh"
need_live

top=$work/files
mkdir -p "$top/d17/sub" "$top/d170" "$top/other"
long=$(printf 'x%.0s' {1..200})

python3 - "$top" "$long" >"$work/rules.sql" <<'END'
import sys

top, long = sys.argv[1:]


def rule(name, where):
    print(f"CREATE RULE {name} WITH (severity = 'low') AS "
          f"SELECT f.pid FROM file.open f WHERE {where};")


for i in range(1500):
    rule(f"prefix_{i}", f"f.path LIKE '{top}/d{i}/%' AND f.is_write")
    rule(f"whole_{i}", f"f.path = '{top}/other/whole-{i}'")
    rule(f"name_{i}", f"f.path LIKE '%/name-{i}.conf'")
rule("nested", f"f.path LIKE '{top}/d17/sub/%' AND NOT f.is_write")
rule("two_parts", "f.path LIKE '%/sub/two-parts'")
rule("long_name", f"f.path LIKE '%/{long}'")
END

"$SHRIKE" explain "$work/rules.sql" >"$work/explained"
(($(grep -c 'looked up in a map' "$work/explained") == 3)) ||
	fail 'the paths are not looked up in three maps'

sensor_start -r "$work/rules.sql" --no-store
: >"$top/d17/written"
: >"$top/d17/sub/written"
cat "$top/d17/sub/written" "$top/d17/written"
: >"$top/d170/written"
: >"$top/other/whole-1234"
: >"$top/other/whole-12345"
: >"$top/other/name-77.conf"
: >"$top/other/no-name-78.conf"
: >"$top/d17/sub/two-parts"
: >"$top/other/two-parts"
: >"$top/other/$long"
: >"$top/other/y$long"
for ((i = 0; i < 2000; i++)); do
	: >"$top/other/unwanted-$i"
done
sensor_stop_with_loss
wanted='long_name name_77 nested prefix_17 prefix_170 two_parts whole_1234'
[[ $(rules_matched) == "$wanted" ]] || fail "matched: $(rules_matched)"
# d17: written, sub/written, sub/two-parts; each other rule once.
(($(match_count) == 9)) || fail "$(match_count) matches"
((counted = $(summary streams/file.open/delivered)))
((counted < 100)) || fail "$counted opens crossed the ring"
(($(summary streams/file.open/filtered) >= 2000)) || fail 'nothing was filtered'
# The kernel tells which of the 4,503 rules may want what it lets through.
((asked = $(summary asked)))
((asked >= 9 && asked < counted * 600)) ||
	fail "$asked conditions were asked of $counted opens"
