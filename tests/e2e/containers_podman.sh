#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What podman runs is told by id and by the name that it was given.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/containers_lib.sh"
need_live
need_tool podman
rootfs_make

# Which way of running one works here: none, on some hosts.
options=()
for runtime in crun runc; do
	command -v "$runtime" >/dev/null || continue
	for manager in systemd cgroupfs; do
		((${#options[@]} == 0)) || break
		try=(--runtime "$runtime" --cgroup-manager "$manager" run --rm
			--network none --ulimit nofile=1024:1024
			--ulimit nproc=1024:1024)
		timeout 60 podman "${try[@]}" --rootfs "$rootfs" /bin/true \
			>"$work/try" 2>&1 && options=("${try[@]}")
	done
done
((${#options[@]})) || skip "podman runs nothing here: $(tail -n 1 "$work/try")"

sensor_start -r "$work/rules.sql" --no-store
podman "${options[@]}" --name "shrike-e2e-$$" --rootfs "$rootfs" \
	/bin/echo shrike-inside
sensor_stop_cleanly
[[ $(field_of container_runtime) == podman ]] ||
	fail "container_runtime is '$(field_of container_runtime)'"
[[ $(field_of container_id) =~ ^[0-9a-f]{64}$ ]] ||
	fail "container_id is '$(field_of container_id)'"
[[ $(field_of container_name) == "shrike-e2e-$$" ]] ||
	fail "container_name is '$(field_of container_name)'"
echo "podman's $(field_of container_name), $(field_of container_id)"
