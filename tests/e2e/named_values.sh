#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Columns with named values ('tcp', 'fork') are told by name: in text, in JSON,
# in SQL over the store, in the key, and to rules that read a rule's matches.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rules.sql" <<'END'
CREATE RULE connects WITH (dedup_key = 'family') AS
SELECT proto, family, CAST(proto AS TEXT) || '/' || CAST(dst_port AS TEXT) AS at
FROM network.connect WHERE dst_port = 4471 AND proto = 'tcp'
EMIT ON EVERY MATCH SUPPRESS FOR INTERVAL '1' SECOND;

CREATE RULE reader AS
SELECT m.family, m.at FROM matches.connects m WHERE m.family IN ('inet');

CREATE RULE counted AS
SELECT window_start, family, COUNT(*) AS n, MIN(proto) AS least
FROM TUMBLE(TABLE network.connect, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
WHERE dst_port = 4471 GROUP BY window_start, family;
END

sensor_launch record -o "$work/trace"
bash -c 'echo 3<>/dev/tcp/127.0.0.1/4471' 2>/dev/null || true
sensor_stop_cleanly

"$SHRIKE" replay -r "$work/rules.sql" "$work/trace" -o text \
	>"$work/text" 2>"$work/err" || fail "replay: $(cat "$work/err")"
grep -q ' connects: proto=tcp family=inet at=tcp/4471$' "$work/text" ||
	fail "as text: $(cat "$work/text")"
grep -q ' reader: family=inet at=tcp/4471$' "$work/text" ||
	fail "to a rule: $(cat "$work/text")"
grep -q ' counted: .* family=inet n=1 least=tcp$' "$work/text" ||
	fail "of a group: $(cat "$work/text")"

"$SHRIKE" replay -r "$work/rules.sql" "$work/trace" -o json \
	--store "$work/store" >"$work/json" 2>"$work/err" ||
	fail "replay: $(cat "$work/err")"
python3 - "$work/json" <<-'END' || fail "as JSON: $(cat "$work/json")"
	import json, sys
	m = {d["rule"]: d for d in map(json.loads, open(sys.argv[1]))}
	assert m["connects"]["fields"]["proto"] == "tcp"
	assert m["connects"]["key"] == {"family": "inet"}
	assert m["counted"]["key"] == {"family": "inet"}
	assert m["connects"]["events"][0]["family"] == "inet"
END

query() {
	"$SHRIKE" query --store "$work/store" --format csv "$1" |
		tail -n 1 | tr -d '\r'
}
[[ $(query "SELECT fields ->> 'proto' FROM matches
	WHERE rule = 'connects'") == tcp ]] || fail 'in SQL, a match'
[[ $(query "SELECT proto || family FROM evidence
	WHERE rule = 'connects'") == tcpinet ]] || fail 'in SQL, its evidence'
