#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/run counts what it ran: skips inside a program are seen, REQUIRE_LIVE=1
# makes them failures, and a run without a test is none that passed.
. "$(dirname "$0")/lib.sh"

# program NAME COMMAND
program() {
	mkdir -p "$work/build/tests/fake"
	printf '#!/bin/sh\n%s\n' "$2" >"$work/build/tests/fake/$1_test"
	chmod +x "$work/build/tests/fake/$1_test"
}

# counts EXIT LAST-LINE ENVIRONMENT... -- NAME...
counts() {
	local code=$1 line=$2 status=0 words=()

	shift 2
	while [[ $1 != -- ]]; do
		words+=("$1")
		shift
	done
	shift
	env REQUIRE_LIVE=0 "${words[@]}" "$ROOT/tests/run" "$work/build" "$@" \
		>"$work/out" 2>&1 || status=$?
	[[ $(tail -n 1 "$work/out") == "$line" && $status == "$code" ]] ||
		fail "$*: exit $status: $(cat "$work/out")"
}

program good 'exit 0'
program bad 'exit 3'
program skipped 'echo "skip: no kernel"; exit 77'
program outside 'echo "skip: outside data: none"; exit 77'
program some 'echo "[  PASSED  ] 1 test(s)."; echo "[  SKIPPED ] a__b__c"'
program lacking 'echo "[ RUN      ] a__b__c"; echo "skip: no clock"
echo "[  SKIPPED ] a__b__c"; echo "[ RUN      ] d__e__f"
echo "[  PASSED  ] 1 test(s)."; echo "[  SKIPPED ] a__b__c"'
program none 'echo "[  PASSED  ] 0 test(s)."; echo "[  SKIPPED ] a__b__c"'
program slow 'sleep 60'

counts 0 '1 passed, 0 failed, 0 skipped' -- good
counts 1 '0 passed, 1 failed, 0 skipped' -- bad
counts 0 '0 passed, 0 failed, 1 skipped' -- skipped
counts 1 '0 passed, 1 failed, 0 skipped' REQUIRE_LIVE=1 -- skipped
counts 0 '0 passed, 0 failed, 1 skipped' REQUIRE_LIVE=1 -- outside
counts 0 '1 passed, 0 failed, 1 skipped' -- some
grep -q 'a__b__c' "$work/out" || fail 'the skipped test has no name'
counts 1 '0 passed, 1 failed, 0 skipped' REQUIRE_LIVE=1 -- some
counts 1 '0 passed, 1 failed, 0 skipped' REQUIRE_LIVE=1 -- lacking
grep -q 'a__b__c (no clock)' "$work/out" || fail 'the skip has no reason'
counts 1 '0 passed, 1 failed, 0 skipped' REQUIRE_LIVE=1 MAY_SKIP='no clocks
clock' -- lacking
counts 0 '1 passed, 0 failed, 1 skipped' REQUIRE_LIVE=1 MAY_SKIP='no sun
no clock' -- lacking
counts 0 '0 passed, 0 failed, 1 skipped' REQUIRE_LIVE=1 \
	MAY_SKIP='no kernel' -- skipped
counts 0 '0 passed, 0 failed, 1 skipped' -- none
counts 1 '0 passed, 1 failed, 0 skipped' TEST_TIMEOUT=1 -- slow
counts 1 '0 passed, 1 failed, 0 skipped' -- nosuch
counts 1 '2 passed, 1 failed, 2 skipped' -- good bad skipped some
