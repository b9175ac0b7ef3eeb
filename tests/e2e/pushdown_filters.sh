#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The kernel drops what no rule can use: of 100,000 connections that do not
# match none crosses the ring, of those that match none is missing. With
# --no-pushdown the same check must fail.
. "$(dirname "$0")/lib.sh"
need_live

count=100000
cat >"$work/rule.sql" <<'END'
CREATE RULE wanted WITH (severity = 'low') AS
SELECT n.pid, n.comm, n.uid
FROM network.connect n
WHERE n.comm = 'wanted' AND n.uid = 1000;
END

# watch NAME LOAD... -- ARGUMENT...: a sensor's life around one load.
watch() {
	local name=$1 load=()

	shift
	while [[ $1 != -- ]]; do
		load+=("$1")
		shift
	done
	shift
	sensor_start -r "$work/rule.sql" --store "$work/store.$name" "$@"
	"$TOOLS/load_connect" "${load[@]}" >/dev/null
	sensor_stop_with_loss
	delivered=$(summary streams/network.connect/delivered)
	filtered=$(summary streams/network.connect/filtered)
	lost=$(summary streams/network.connect/lost)
	echo "$name: filtered $filtered, delivered $delivered, lost $lost," \
		"matches $(match_count)"
}

all_filtered() {
	((delivered == 0 && lost == 0 && filtered >= count))
}

watch other_user --count $count --port 4444 --uid 1001 --comm wanted --
all_filtered || fail 'connections of another user crossed the ring'
watch other_comm --count $count --port 4444 --uid 1000 --comm unwanted --
all_filtered || fail 'connections of another program crossed the ring'
(($(match_count) == 0)) || fail 'something matched that must not'

watch wanted --count 500 --rate 5000 --port 4444 --uid 1000 --comm wanted --
((delivered == 500 && lost == 0)) || fail 'not all wanted rows were delivered'
(($(match_count) == 500)) || fail 'not all wanted rows matched'

watch no_pushdown --count $count --port 4444 --uid 1001 --comm wanted -- \
	--no-pushdown
if all_filtered; then
	fail 'the check holds without pushdown too, so it proves nothing'
fi
((delivered + lost >= count)) || fail 'without pushdown rows were dropped'
(($(match_count) == 0)) || fail 'without pushdown something else matched'
