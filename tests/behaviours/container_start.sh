#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1610
. "$(dirname "$0")/common.bash"

# A cgroup for a container, a process in it, and all away again.
mount=$(awk '$3 == "cgroup2" && !n++ { print $2 }' /proc/mounts)
[[ -n $mount ]] || exit 77
group=$mount/shrike-behaviour-$$
mkdir "$group" 2>/dev/null || exit 77
trap 'rmdir "$group" 2>/dev/null || true; rm -rf "$home"' EXIT
fact group "/shrike-behaviour-$$"
fact cgroup "$(stat -c %i "$group")"
sh -c 'echo 0 >"$1/cgroup.procs" && exec true' - "$group"
rmdir "$group"
