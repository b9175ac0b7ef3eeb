#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules that are the first to ask for containers, loaded into a running sensor,
# know a container that was there before them.
. "$(dirname "$0")/lib.sh"
need_live

id=$(printf '%064x' $$)
mount=$(awk '$3 == "cgroup2" && !n++ { print $2 }' /proc/mounts)
[[ -n $mount ]] || skip 'no cgroup2 is mounted'
container=$mount/docker-$id.scope
mkdir "$container" 2>/dev/null || skip "no cgroup can be made in $mount"
remove_cgroup() {
	rmdir "$container" 2>/dev/null || true
	cleanup
}
trap remove_cgroup EXIT

cp "$(type -P true)" "$work/shrike_inside"
echo "CREATE RULE before AS
SELECT pid FROM process.exec WHERE name = 'shrike_inside';" >"$work/rules.sql"
sensor_start -r "$work/rules.sql" --no-store
echo "CREATE RULE after AS SELECT container_id FROM process.exec
WHERE name = 'shrike_inside' AND container_id IS NOT NULL;" >"$work/rules.sql"
kill -HUP "$sensor_pid"
timeout 60 grep -q -m 1 '^reloaded' \
	<(tail --pid="$sensor_pid" -n +1 -f "$sensor_err") ||
	fail 'the rules were not reloaded'
sh -c "echo 0 >'$container/cgroup.procs' && exec '$work/shrike_inside'"
sensor_stop_cleanly
(($(grep -c '"rule":"after"' "$sensor_out") == 1)) || fail 'not one match'
grep -q "\"container_id\":\"$id\"" "$sensor_out" || fail 'another container'
echo "the container was known to rules that came after it"
