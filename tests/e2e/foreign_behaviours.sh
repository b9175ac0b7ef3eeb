#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attack imitations that nobody here wrote: the shipped rules find those they
# are about, and the ones that none is about stay silent. The scripts are not
# part of the project: BEHAVIOURS names their folder, by default the one beside
# the checkout; without it the test is skipped.
. "$(dirname "$0")/lib.sh"
need_live
folder=${BEHAVIOURS:-$ROOT/../shared/data/behaviours}
[[ -d $folder ]] || skip "outside data: no attack scripts in $folder"

# script, then the rules that must be among the matches
expectations='
b01 reverse_shell reverse_shell_cmdline
b02 reverse_shell_spawned
b03 shell_from_tool
b05 exec_from_memfd
b06 exec_from_tmp
b10
b12
b18 cron_write
b19 systemd_unit_write
b20 shell_profile_write
b21 ld_preload_write
b22 ssh_key_write
'

# Run in a mount namespace of its own, so that nothing on the host changes.
# shellcheck disable=SC2016
attack='
set -e
mount --make-rprivate /
mount -t tmpfs none /run
for d in etc root var/log; do
	mkdir -p "/run/b/$d.u" "/run/b/$d.w"
	mount -t overlay o \
		-o "lowerdir=/$d,upperdir=/run/b/$d.u,workdir=/run/b/$d.w" "/$d"
done
mkdir -p "$2"
cd "$2"
exec bash "$1"
'

if command -v curl >/dev/null; then
	expectations+='b04 download_then_execute exec_from_tmp'
fi

wrong=0
while read -r script expected; do
	[[ -n $script ]] || continue
	sensor_start -r "$ROOT/rules" --store "$work/store.$script"
	timeout 30 unshare -m sh -c "$attack" sh "$folder/$script.sh" /tmp/w \
		>"$work/attack" 2>&1 </dev/null || true
	sensor_stop_cleanly
	matched=" $(rules_matched) "
	for rule in $expected; do
		if [[ $matched != *" $rule "* ]]; then
			echo "WRONG: $script: $rule did not fire; matched:$matched"
			sed 's/^/    /' "$work/attack"
			wrong=1
		fi
	done
	if [[ -z $expected && $matched != '  ' ]]; then
		echo "WRONG: $script: no rule is about it; matched:$matched"
		wrong=1
	fi
	echo "$script:$matched"
done <<<"$expectations"
rm -rf /tmp/w
((wrong == 0)) || fail 'the rules did not find what they are about'
