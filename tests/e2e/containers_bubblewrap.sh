#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bubblewrap makes namespaces, but no cgroup: its processes are in no container,
# and their namespaces are not the host's.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/containers_lib.sh"
need_live
need_tool bwrap
rootfs_make

inside=(bwrap --bind "$rootfs" / --proc /proc --unshare-all)
"${inside[@]}" /bin/true >"$work/try" 2>&1 ||
	skip "bwrap runs nothing here: $(tail -n 1 "$work/try")"

sensor_start -r "$work/rules.sql" --no-store
"${inside[@]}" /bin/echo shrike-inside
sensor_stop_cleanly
[[ $(field_of container_id) == null ]] ||
	fail "container_id is '$(field_of container_id)'"
[[ $(field_of pid_ns) != "$(stat -Lc %i /proc/self/ns/pid)" ]] ||
	fail 'the pid namespace is the host'"'"'s'
[[ $(field_of ns_pid) != "$(field_of pid)" ]] || fail 'the pid is the host'"'"'s'
echo "process $(field_of pid) is $(field_of ns_pid) in its namespace"
