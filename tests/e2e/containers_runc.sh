#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What runc runs in a cgroup named as Docker names it is in that container.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/containers_lib.sh"
need_live
need_tool runc
rootfs_make

id=1111111111111111111111111111111111111111111111111111111111111111
cat >"$work/config.json" <<JSON
{"ociVersion": "1.0.2",
 "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/",
  "args": ["/bin/echo", "shrike-inside"], "env": ["PATH=/bin"]},
 "root": {"path": "$rootfs", "readonly": true},
 "hostname": "inside",
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
 "linux": {"cgroupsPath": "/docker/$id",
  "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "uts"},
   {"type": "ipc"}, {"type": "network"}]}}
JSON
runc --root "$work/state" run --bundle "$work" shrike-e2e-try \
	>"$work/try" 2>&1 || skip "runc runs nothing here: $(tail -n 1 "$work/try")"

sensor_start -r "$work/rules.sql" --no-store
runc --root "$work/state" run --bundle "$work" "shrike-e2e-$$"
sensor_stop_cleanly
[[ $(field_of container_id) == "$id" ]] ||
	fail "container_id is '$(field_of container_id)'"
[[ $(field_of container_runtime) == docker ]] ||
	fail "container_runtime is '$(field_of container_runtime)'"
[[ $(field_of ns_pid) == 1 ]] || fail "pid $(field_of ns_pid) inside, not 1"
echo "process $(field_of pid) is the container's first"
