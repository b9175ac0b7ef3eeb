#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who reads the matches may be stuck or gone: the run still ends in good order,
# with its account and a verified store that holds every match.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rule.sql" <<'RULE'
SELECT e.pid, e.cmdline FROM process.exec e
WHERE e.cmdline LIKE '% reader-test %';
RULE

matches_make() {
	for ((i = 0; i < 200; i++)); do
		/bin/true reader-test "$i"
	done
}

stored() {
	"$SHRIKE" ledger verify --store "$1" >/dev/null ||
		fail "the store does not verify"
	"$SHRIKE" query --store "$1" --format csv \
		'SELECT COUNT(*) FROM matches' | tail -n 1 | tr -d '\r'
}

# Stuck: a pipe of one page that somebody holds open and nobody reads.
mkfifo "$work/stuck"
exec {stuck}<>"$work/stuck"
python3 -c 'import fcntl, sys; fcntl.fcntl(int(sys.argv[1]), 1031, 4096)' \
	"$stuck"
SENSOR_STDOUT=$work/stuck sensor_start -r "$work/rule.sql" \
	--store "$work/stuck.store"
matches_make
sensor_stop_cleanly
exec {stuck}>&-
[[ $(stored "$work/stuck.store") == 200 ]] ||
	fail 'matches are missing after a stuck reader'

# Gone: the only reader closes after the first bytes.
mkfifo "$work/gone"
head -c 10 "$work/gone" >/dev/null &
SENSOR_STDOUT=$work/gone sensor_start -r "$work/rule.sql" \
	--store "$work/gone.store"
matches_make
sensor_wait
((sensor_status == 5)) || fail "the sensor ended with $sensor_status, not 5"
grep -q 'cannot write matches: Broken pipe' "$sensor_err" ||
	fail 'the sensor did not say that its reader is gone'
[[ $(summary matches) -gt 0 ]] || fail 'no account at the end'
[[ $(stored "$work/gone.store") == "$(summary matches)" ]] ||
	fail 'matches are missing after a reader that went'
