#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Passwords are tried and one is right: told from a log file that is rotated
# meanwhile, not of the user who only mistyped; a name that imitates a line
# accuses nobody; the recorded run, replayed, says the same.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rules.sql" <<'SQL'
CREATE RULE guessing AS
SELECT src_ip, n
FROM (SELECT a.src_ip, COUNT(*) OVER (PARTITION BY a.src_ip ORDER BY a.ts
             RANGE BETWEEN INTERVAL '60' SECOND PRECEDING AND CURRENT ROW) AS n
      FROM security.auth a WHERE a.result = 'failure') t
WHERE n >= 5;

CREATE RULE guessed WITH (severity = 'high') AS
SELECT s.src_ip, s.auth_user, s.method
FROM matches.guessing g
JOIN security.auth s
  ON s.src_ip = g.src_ip
 AND s.ts BETWEEN g.ts AND g.ts + INTERVAL '60' SECOND
WHERE s.result = 'success';

CREATE RULE forged AS
SELECT src_ip, auth_user FROM security.auth WHERE src_ip = '203.0.113.9';

CREATE RULE wiped AS
SELECT program, message FROM security.log WHERE message LIKE '%last words%';
SQL

log=$work/auth.log
line=0

# say MESSAGE: a line of sshd.
say() {
	line=$((line + 1))
	printf '%s host sshd[%d]: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%S+00:00)" \
		"$((1000 + line))" "$1" >>"$log"
}

say 'Failed password for root from 198.51.100.7 port 1 ssh2'
sensor_start -r "$work/rules.sql" --log-file "$log" --record "$work/trace" \
	--store "$work/store"
for i in 1 2 3; do
	say "Failed password for invalid user u$i from 198.51.100.7 port $i ssh2"
done
say 'Failed password for alice from 192.0.2.1 port 9 ssh2'
say 'Accepted password for alice from 192.0.2.1 port 9 ssh2'
mv "$log" "$log.1"
say 'message repeated 2 times: [ Failed password for root from 198.51.100.7 port 4 ssh2]'
say 'Invalid user x from 203.0.113.9 port 1 from 198.51.100.7 port 5'
printf 'no line of any form\n\0\xff\n' >>"$log"
rule_seen guessing
say 'Accepted password for root from 198.51.100.7 port 6 ssh2'
rule_seen guessed
say 'last words --password=hunter2'
rule_seen wiped
sensor_stop_cleanly
grep -q hunter2 "$sensor_out" && fail 'a password was shown'
[[ $(rules_matched) == 'guessed guessing wiped' ]] ||
	fail "matched: $(rules_matched)"
(($(summary streams/security.auth/delivered) == 9)) ||
	fail "$(summary streams/security.auth/delivered) log-ins of 9"
(($(summary streams/security.log/delivered) == 11)) ||
	fail "$(summary streams/security.log/delivered) lines of 11"

without_ledger() {
	python3 -c '
import json, sys
for line in open(sys.argv[1]):
    match = json.loads(line)
    match.pop("ledger", None)
    print(json.dumps(match))
' "$1"
}
"$SHRIKE" replay -r "$work/rules.sql" -o json --store "$work/replayed" \
	"$work/trace" >"$work/replay.out" 2>"$work/replay.err" ||
	fail "the replay failed: $(cat "$work/replay.err")"
diff <(without_ledger "$sensor_out") <(without_ledger "$work/replay.out") \
	>"$work/difference" ||
	fail "the replay is not the live run: $(cut -c 1-600 "$work/difference")"

# Who empties the file is told of, too: what was in it is lost.
sensor_start -r "$work/rules.sql" --log-file "$log" --store "$work/store"
: >"$log"
say 'last words'
rule_seen wiped
sensor_stop
((sensor_status == 4)) || fail "ended with $sensor_status, though lines are lost"
(($(summary streams/security.log/lost) == 1)) || fail 'no line was lost'

# Recorded without rules.
sensor_launch record -o "$work/all" --streams security.log,security.auth \
	--log-file "$log"
say 'Accepted password for root from 198.51.100.7 port 6 ssh2'
say 'last words'
sensor_stop_cleanly
"$SHRIKE" replay -r "$work/rules.sql" -o json --store "$work/second" \
	"$work/all" >"$work/replay.out" 2>"$work/replay.err" ||
	fail "the replay failed: $(cat "$work/replay.err")"
grep -q '"rule":"wiped"' "$work/replay.out" || fail 'record left a line out'

# Rules that come later read the log from then on.
mkdir "$work/later"
echo "SELECT pid FROM process.exec WHERE name = 'no such name';" \
	>"$work/later/rules.sql"
sensor_start -r "$work/later" --log-file "$log" --no-store
say 'last words that no rule asked for'
cp "$work/rules.sql" "$work/later/rules.sql"
kill -HUP "$sensor_pid"
timeout 60 grep -q -m 1 '^reloaded' \
	<(tail --pid="$sensor_pid" -n +1 -f "$sensor_err") ||
	fail 'the rules were not reloaded within a minute'
say 'last words'
rule_seen wiped
sensor_stop_cleanly
(($(match_count) == 1)) || fail "$(match_count) lines told after a reload"

status=0
"$SHRIKE" run -r "$work/rules.sql" --no-store --dry-run \
	--log-file "$work/no/such" 2>"$work/err" || status=$?
((status == 2)) || fail "a log file without a folder: exit $status"
grep -q "its folder is not there" "$work/err" || fail "$(cat "$work/err")"
echo "log-ins told live and replayed, one loss noticed"
