# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# For tests with real container tools: a root file system of the host's busybox,
# and rules that tell what runs inside.

# Leaves it in $rootfs.
rootfs_make() {
	local name

	need_tool busybox
	rootfs=$work/rootfs
	mkdir -p "$rootfs"/{bin,proc,sys,dev,etc,tmp}
	cp "$(command -v busybox)" "$rootfs/bin/"
	for name in sh echo true; do
		ln -s busybox "$rootfs/bin/$name"
	done
	cat >"$work/rules.sql" <<'SQL'
CREATE RULE inside AS
SELECT args, pid_ns, ns_pid, pid, container_id, container_runtime,
       container_name
FROM process.exec WHERE name = 'busybox' AND 'shrike-inside' = ANY(args);
SQL
}

# Of the one match.
field_of() {
	grep '"rule":"inside"' "$sensor_out" | head -n 1 |
		grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2- | tr -d '"'
}
