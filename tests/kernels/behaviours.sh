#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/kernels/behaviours.sh BUILD FOLDER: record every behaviour of
# tests/behaviours with BUILD's program; FOLDER/NAME gets the rows, as
# tests/kernels/rows.py writes them. scripts/check-kernels compares them.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
folder=$2

export TOOLS=$PWD/$build/tests/tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkfifo "$work/ready"
"$build/shrike" record -o "$work/trace" --ring 67108864 2>"$work/ready" &
recorder=$!
exec {said}<"$work/ready"
while IFS= read -r -t 120 line <&"$said"; do
	printf '%s\n' "$line" >>"$work/said"
	[ "$line" != ready ] || break
done
cat <&"$said" >>"$work/said" &
if [ "$line" != ready ]; then
	cat "$work/said" >&2
	exit 1
fi

status=0
for behaviour in tests/behaviours/*.sh; do
	name=$(basename "$behaviour" .sh)
	# The shell that writes its pid becomes the behaviour's.
	# shellcheck disable=SC2016
	timeout 120 setsid -w bash -c 'echo "$1 $$" >>"$2"; exec bash "$3"' \
		root "$name" "$work/roots" "$behaviour" >"$work/out" 2>&1 </dev/null || {
		echo "$name failed:" >&2
		cat "$work/out" >&2
		status=1
	}
done
kill -TERM "$recorder"
wait "$recorder" || {
	tail -n 40 "$work/said" >&2
	exit 1
}
wait
mapfile -t streams < <(sed -n 's/^  \([a-z.]*\) *from .*/\1/p' "$work/said")
python3 tests/kernels/rows.py "$build/shrike" "$work/trace" "$work/roots" \
	"$folder" "${streams[@]}"
exit "$status"
