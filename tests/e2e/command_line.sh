#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How the commands answer a wrong line, and what happens when their output
# cannot be written.
. "$(dirname "$0")/lib.sh"

wrong=0
store=$work/store

# says CODE PATTERN ARGUMENT...: the exit code, and one message that names what
# is wrong.
says() {
	local code=$1 pattern=$2 status=0

	shift 2
	"$SHRIKE" "$@" >"$work/out" 2>"$work/err" || status=$?
	if ((status != code)) || ! grep -q -- "$pattern" "$work/err"; then
		echo "WRONG: exit $status instead of $code: $*" >&2
		cat "$work/err" >&2
		wrong=$((wrong + 1))
	fi
}

# ends CODE COMMAND...
ends() {
	local code=$1 status=0

	shift
	"$@" 2>"$work/err" || status=$?
	if ((status != code)); then
		echo "WRONG: exit $status instead of $code: $*" >&2
		cat "$work/err" >&2
		wrong=$((wrong + 1))
	fi
}

usage() {
	while read -r command; do
		says 2 "^shrike $command: .*'--nope'" "$command" --nope
		grep -q "^Try 'shrike $command --help'" "$work/err" ||
			fail "$command --nope has no hint"
		(($(wc -l <"$work/err") == 2)) ||
			fail "$command --nope says it twice"
		ends 0 "$SHRIKE" "$command" -h >"$work/help"
		grep -q "^usage: shrike $command" "$work/help" ||
			fail "$command -h has no usage"
	done < <("$SHRIKE" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
	says 2 "no command 'bogus'" bogus
	says 2 "no command 'bogus'" help bogus
	says 2 '^usage: shrike'
	says 2 "shrike run: option '--store' requires" run --store
	says 2 "shrike run: option requires an argument -- 'r'" run -r
	says 2 'no rules' run
	says 2 "'x' is no duration" run -r "$ROOT/rules" --for x
	says 2 "'extra' is no option" run -r "$ROOT/rules" extra
	says 2 'two rules named' check -r "$ROOT/rules" -r "$ROOT/rules"
	says 2 "no stream ''" record -o "$work/none" --streams '' --for 1s
	says 2 "no stream 'nope'" streams nope
	says 2 'one of verify' ledger
	says 1 "'--nope'" ledger verify --nope
	[[ ! -e $work/none ]] || fail 'a refused record made a file'
}

# What could not be printed is an error.
lost_output() {
	while read -r -a words; do
		ends 5 "$SHRIKE" "${words[@]}" >/dev/full
		grep -q 'No space left' "$work/err" ||
			fail "${words[*]}: no reason"
		ends 5 "$SHRIKE" "${words[@]}" >&-
		grep -q 'cannot write' "$work/err" ||
			fail "${words[*]}: closed, no reason"
	done <<-END
		--version
		--help
		run --help
		check $ROOT/rules
		explain $ROOT/rules
		streams
	END
}

# With standard output closed, what is printed must not go into a file that was
# opened in its place.
closed_output() {
	printf '%s\n' "CREATE RULE tick WITH (severity = 'low') AS
		SELECT e.pid, e.cmdline FROM process.exec e
		WHERE e.name = 'exit_zero';" >"$work/tick.sql"
	sensor_start -r "$work/tick.sql" --no-store --record "$work/trace"
	for _ in {1..50}; do
		"$TOOLS/exit_zero"
	done
	sensor_stop_cleanly
	(($(match_count) >= 50)) || fail 'too few matches to print'
	"$SHRIKE" replay -q -r "$work/tick.sql" --store "$store" \
		"$work/trace" >&- 2>"$work/err" || true
	ends 0 "$SHRIKE" ledger verify --store "$store" >"$work/verdict"
	ends 1 "$SHRIKE" ledger verify --store "$store" >/dev/full
	ends 1 "$SHRIKE" ledger verify --store "$store" >&-
	rm -rf "$store"
	ends 0 "$SHRIKE" replay -q -r "$work/tick.sql" --store "$store" \
		"$work/trace" >"$work/replayed"
}

answers() {
	local id

	says 2 'syntax error' query --store "$store" SELEC
	says 2 'no such column' query --store "$store" 'SELECT x FROM matches'
	says 2 'one statement' query --store "$store" 'SELECT 1; SELECT 2'
	says 2 'only read' query --store "$store" 'DROP TABLE matches'
	says 2 'one argument' query --store "$store" SELECT 1
	says 5 'no store' query --store "$work/none" 'SELECT 1'
	ends 0 "$SHRIKE" query --store "$store" \
		"SELECT 'a' AS first, 12345 AS n UNION ALL SELECT 'bcdefgh', 7" \
		>"$work/out"
	diff "$work/out" - <<-END || fail 'a table is not aligned'
		first    n
		a        12345
		bcdefgh  7
	END
	# A reader that leaves is no message.
	"$SHRIKE" query --store "$store" 'WITH RECURSIVE t(x) AS
		(VALUES (1) UNION ALL SELECT x + 1 FROM t) SELECT x FROM t' \
		2>"$work/err" | head -n 1 >"$work/out" ||
		((PIPESTATUS[0] == 5)) || fail 'a reader left: the exit code'
	[[ ! -s $work/err ]] || fail "a reader left: $(cat "$work/err")"
	id=$("$SHRIKE" query --store "$store" --format csv \
		'SELECT match_id FROM matches LIMIT 1' | tail -n 1 | tr -d '\r')
	ends 0 "$SHRIKE" show --store "$store" "${id^^}" >"$work/out"
	grep -q "match $id" "$work/out" || fail 'show shows another match'
	says 2 'is no match id' show --store "$store" "${id:0:7}"
	says 2 'no such match' show --store "$store" 00000000
}

usage
lost_output
need_live
closed_output
answers
((wrong == 0)) || fail "$wrong answers"
