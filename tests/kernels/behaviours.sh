#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/kernels/behaviours.sh BUILD FOLDER: record every behaviour of
# tests/behaviours with BUILD's program and check it against the table; the same
# with the scripts from outside, where there are any. FOLDER/NAME gets the rows
# of our own, as tests/kernels/rows.py writes them. scripts/check-kernels
# compares them.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
folder=$2

# The numbers of descriptors are told, so none may be inherited.
for fd in /proc/"$$"/fd/*; do
	fd=${fd##*/}
	((fd <= 2 || fd == 255)) || exec {fd}>&-
done

export SHRIKE=$PWD/$build/shrike TOOLS=$PWD/$build/tests/tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
# recorded NAME SCRIPT...: in $work/NAME, and checked.
recorded() {
	local name=$1

	shift
	bash tests/behaviours/record.bash "$work/$name" "$@" || status=1
	python3 tests/behaviours/check.py "$SHRIKE" \
		tests/e2e/behaviours.table "$work/$name" >&2 || status=1
}

recorded own tests/behaviours/*.sh
foreign=${BEHAVIOURS:-../shared/data/behaviours}
if [[ -d $foreign ]]; then
	recorded foreign "$(cd "$foreign" && pwd)"/*.sh
fi
mapfile -t streams < <(sed -n 's/^  \([a-z.]*\) *from .*/\1/p' "$work/own/said")
python3 tests/kernels/rows.py "$SHRIKE" "$work/own" "$folder" "${streams[@]}"
exit "$status"
