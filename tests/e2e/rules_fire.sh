#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each shipped rule fires when its behaviour happens while the sensor watches
# with all shipped rules, and no other rule does, but those that the behaviour
# names. Behaviours that say nothing of rules are for behaviour_events.
. "$(dirname "$0")/lib.sh"
need_live

while read -r rule; do
	[[ -e $ROOT/tests/behaviours/$rule.sh ]] ||
		fail "the rule $rule has no behaviour"
done < <(sed -n 's/^CREATE RULE \([a-z0-9_]*\).*/\1/p' "$ROOT"/rules/*.sql)

wrong=0
for behaviour in "$ROOT"/tests/behaviours/*.sh; do
	name=$(basename "$behaviour" .sh)
	expected=$(sed -n 's/^# expects: //p' "$behaviour")
	[[ -n $expected ]] || continue
	sensor_start -r "$ROOT/rules" --store "$work/store.$name"
	bash "$behaviour" >"$work/behaviour" 2>&1 ||
		fail "the behaviour $name failed: $(cat "$work/behaviour")"
	sensor_stop_cleanly
	matched=$(rules_matched)
	if [[ $matched == "$expected" ]]; then
		echo "ok: $name: $matched"
	else
		echo "WRONG: $name: expected $expected, matched ${matched:-none}"
		cut -c 1-1000 "$sensor_out"
		wrong=1
	fi
done
((wrong == 0)) || fail 'not exactly the right rules fired'
