#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A rule on a path is asked about the path's last component before the path is
# made. Each path that a rule names is found, also where the file has another name
# than its path, below a mount; opens of other names do not cross the ring.
. "$(dirname "$0")/lib.sh"
need_live

top=$work/top
mkdir -p "$top/tree/sub" "$top/mounted"
wanted=(tree/_b tree/a tree/exactly8 tree/made tree/of-many-letters
	tree/one.txt tree/outer tree/sub/ü mounted mounted/inside)
unwanted=(tree/exactly9x tree/of-many-others tree/inner)
for name in tree/outer "${unwanted[@]}"; do
	: >"$top/$name"
done

cat >"$work/rule.sql" <<END
CREATE RULE named WITH (severity = 'low') AS
SELECT f.path FROM file.open f
WHERE f.path = '$top/tree/a' OR f.path = '$top/tree/exactly8'
   OR f.path IN ('$top/tree/of-many-letters', '$top/tree/made')
   OR f.path LIKE '%/tree/sub/ü' OR f.path LIKE '$top/%/one.txt'
   OR f.path LIKE '%/top/tree/_b'
   OR f.path = '$top/tree/outer' OR f.path = '$top/mounted'
   OR f.path = '/' OR f.path = '$top/mounted/inside';
END

sensor_start -r "$work/rule.sql" --no-store
# shellcheck disable=SC2016 # the inner shell's own
unshare --mount --propagation private bash -euc '
	top=$1
	mount --bind "$top/tree/inner" "$top/tree/outer"
	mount -t tmpfs none "$top/mounted"
	for name in "${@:2}"; do
		if [[ -d $top/$name ]]; then
			exec 3<"$top/$name"
		else
			exec 3>>"$top/$name"
		fi
	done
	exec 3</
' opener "$top" "${wanted[@]}"
for ((i = 0; i < 2000; i++)); do
	: <"$top/${unwanted[i % 3]}"
done
sensor_stop_cleanly

python3 - "$sensor_out" "$top" "${wanted[@]}" <<'END'
import json, sys

top = sys.argv[2]
with open(sys.argv[1], errors="surrogateescape") as lines:
    found = {json.loads(line)["fields"]["path"] for line in lines}
wanted = {"%s/%s" % (top, name) for name in sys.argv[3:]} | {"/"}
for path in sorted(wanted ^ found):
    print("FAIL: %s %s" % (path, "is missing" if path in wanted
                           else "was not asked for"))
sys.exit(wanted != found)
END
delivered=$(summary streams/file.open/delivered)
filtered=$(summary streams/file.open/filtered)
echo "filtered $filtered, delivered $delivered"
((filtered >= 2000)) || fail 'the other opens were not filtered'
((delivered < 500)) || fail 'opens of other names crossed the ring'
