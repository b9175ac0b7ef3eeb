#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# record.bash FOLDER SCRIPT...: record all streams while each script runs, one
# after the other. SHRIKE names the program, TOOLS the folder with the built test
# tools. FOLDER gets
#
#	trace    the recording
#	roots    a line `NAME PID SCRIPT` for each script that ran
#	facts    lines `NAME WHAT VALUE`, see common.bash
#	skipped  the names of those that this machine cannot show
#	said     what the recorder said
#
# A script from elsewhere (not of this folder) runs in a mount namespace where
# what it writes to /etc, /root, /var/log and /tmp/w is gone afterwards. SLOW=N
# makes the sleep and timeout of those N times as long, for slow machines.
set -euo pipefail

# What somebody put before the distribution's programs is slow, or another.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
own=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
: >"$folder/roots"
: >"$folder/facts"
: >"$folder/skipped"
: >"$folder/auth.log"

recorder=
trap '[[ -z $recorder ]] || kill "$recorder" 2>/dev/null' EXIT

mkfifo "$folder/ready"
"$SHRIKE" record -o "$folder/trace" --ring 67108864 \
	--log-file "$folder/auth.log" 2>"$folder/ready" &
recorder=$!
exec {said}<"$folder/ready"
line=
while IFS= read -r -t 600 line <&"$said"; do
	printf '%s\n' "$line" >>"$folder/said"
	[[ $line != ready ]] || break
done
if [[ $line != ready ]]; then
	echo 'the recorder did not get ready' >&2
	[[ ! -s $folder/said ]] || cat "$folder/said" >&2
	exit 1
fi
cat <&"$said" >>"$folder/said" &
drain=$!

# shellcheck disable=SC2016
elsewhere='
set -e
mount --make-rprivate /
mount -t tmpfs none /run
for d in etc root var/log; do
	mkdir -p "/run/b/$d.u" "/run/b/$d.w"
	mount -t overlay o \
		-o "lowerdir=/$d,upperdir=/run/b/$d.u,workdir=/run/b/$d.w" "/$d"
done
mkdir -p /tmp/w
mount -t tmpfs none /tmp/w
cd /tmp/w
exec bash "$1"
'

# slow PROGRAM: one that takes its first argument SLOW times.
# shellcheck disable=SC2016 # the program's, not ours
slow() {
	mkdir -p "$folder/slow"
	printf '#!/bin/sh\nseconds=$(echo "$1" | awk "{ print \\$1 * %d }")\n' \
		"$SLOW" >"$folder/slow/$1"
	printf 'shift\nexec %s "$seconds" "$@"\n' "$(type -P "$1")" \
		>>"$folder/slow/$1"
	chmod 755 "$folder/slow/$1"
}
if ((${SLOW:-1} > 1)); then
	slow sleep
	slow timeout
fi

export FACTS=$folder/facts AUTH_LOG=$folder/auth.log
failed=0
for script; do
	name=$(basename "$script" .sh)
	status=0
	run=(bash "$script")
	path=$PATH
	if [[ $(cd "$(dirname "$script")" && pwd) != "$own" ]]; then
		run=(unshare -m sh -c "$elsewhere" sh "$script")
		path=$folder/slow:$PATH
	fi
	# The shell that writes its pid becomes the script's.
	# shellcheck disable=SC2016
	PATH=$path timeout 960 setsid -w bash -c '
		echo "$1 $$ $2" >>"$3"
		shift 3
		exec "$@"' \
		root "$name" "$script" "$folder/roots" "${run[@]}" \
		>"$folder/out" 2>&1 </dev/null || status=$?
	if ((status == 77)); then
		echo "$name" >>"$folder/skipped"
	elif ((status)); then
		echo "$name ended with $status:" >&2
		cat "$folder/out" >&2
		failed=1
	fi
done

kill -TERM "$recorder"
status=0
wait "$recorder" || status=$?
recorder=
wait "$drain"
if ((status == 4)); then
	echo 'others kept this machine so busy that events were lost' >&2
elif ((status)); then
	echo "the recorder ended with $status:" >&2
	tail -n 40 "$folder/said" >&2
	exit 1
fi
exit "$failed"
