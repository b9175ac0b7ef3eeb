#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules in older names that nobody here wrote compile as they stand. They are
# not part of the project: OLDER_RULES names their file, by default the one
# beside the checkout; without it the test is skipped.
. "$(dirname "$0")/lib.sh"
rules=${OLDER_RULES:-$ROOT/../shared/data/older-rules.sql}
[[ -f $rules ]] || skip "outside data: no rules in $rules"

statements=$(sed 's/--.*//' "$rules" | grep -c ';$')
"$SHRIKE" check "$rules" >"$work/check" 2>&1 || fail "$(cat "$work/check")"
grep -q "^$statements rules in 1 file: good" "$work/check" ||
	fail "$statements statements, but: $(cat "$work/check")"
"$SHRIKE" explain "$rules" >"$work/explain"
(($(grep -c '^  stands for$' "$work/explain") == statements)) ||
	fail "explain does not show what each rule stands for"
