#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A container's processes are told to be its own, by id, name and image, while a
# thousand other cgroups come and go: the same live and in a replay.
. "$(dirname "$0")/lib.sh"
need_live

id=4c01db0b339c2b7b9a3d1f6f1f2a9e5b7e8d1c2b3a4f5e6d7c8b9a0f1e2d3c4b
mount=$(awk '$3 == "cgroup2" && !n++ { print $2 }' /proc/mounts)
[[ -n $mount ]] || skip 'no cgroup2 is mounted'
mkdir "$mount/shrike-e2e-$$" 2>/dev/null || skip "no cgroup can be made in $mount"
parent=$mount/shrike-e2e-$$
mkdir "$parent/docker"
remove_cgroups() {
	find "$parent" -depth -type d -exec rmdir {} + 2>/dev/null || true
	cleanup
}
trap remove_cgroups EXIT

docker=$work/host/var/lib/docker/containers/$id
mkdir -p "$docker"
cat >"$docker/config.v2.json" <<'JSON'
{"Name":"/web","Config":{"Image":"nginx:1.27","Labels":
 {"io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop"}}}
JSON
cp "$(type -P true)" "$work/shrike_inside"
cat >"$work/rules.sql" <<'SQL'
CREATE RULE inside AS
SELECT name, container_id, container_runtime, container_name, container_image,
       k8s_pod, k8s_namespace
FROM process.exec WHERE container_id IS NOT NULL;
CREATE RULE outside AS
SELECT pid FROM process.exec
WHERE name = 'shrike_inside' AND container_id IS NULL;
CREATE RULE churn AS
SELECT op, cgroup FROM container.event WHERE path LIKE '%/churn-%';
CREATE RULE moved AS
SELECT op, container_name FROM container.event
WHERE op = 'attach' AND container_name = 'web';
SQL

count_of() {
	grep -c "\"rule\":\"$1\"" "$sensor_out" || true
}

sensor_start -r "$work/rules.sql" --no-store --host-root "$work/host" \
	--record "$work/trace"
"$work/shrike_inside"
(
	for ((i = 0; i < 1000; i++)); do
		echo "$parent/churn-$i"
	done | xargs -n 50 sh -c 'mkdir "$@" && rmdir "$@"' -
) &
load_pid=$!
mkdir "$parent/docker/$id" "$parent/docker/$id/below"
sh -c "echo 0 >'$parent/docker/$id/below/cgroup.procs' && exec '$work/shrike_inside'"
wait "$load_pid"
load_pid=
rmdir "$parent/docker/$id/below" "$parent/docker/$id"
sensor_stop_cleanly

(($(count_of inside) == 1)) || fail "$(count_of inside) programs inside, not 1"
for text in "\"container_id\":\"$id\"" '"container_runtime":"docker"' \
	'"container_name":"web"' '"container_image":"nginx:1.27"' \
	'"k8s_pod":"web-0"' '"k8s_namespace":"shop"'; do
	grep '"rule":"inside"' "$sensor_out" | grep -q "$text" ||
		fail "the match lacks $text"
done
(($(count_of outside) == 1)) || fail "$(count_of outside) programs outside, not 1"
(($(count_of moved) == 1)) || fail "$(count_of moved) moves into the container"
(($(count_of churn) == 2000)) ||
	fail "$(count_of churn) of 2000 events of cgroups that come and go"
"$SHRIKE" replay -q -r "$work/rules.sql" -o json "$work/trace" \
	>"$work/replayed" 2>/dev/null
cmp "$sensor_out" "$work/replayed" || fail 'the replay differs'
echo "1 program in its container, $(count_of churn) events of other cgroups"
