#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every example of docs/language.md finds something: a few commands are
# recorded once, and each example is run over that trace.
. "$(dirname "$0")/lib.sh"

need_live
need_tool base64

awk -v out="$work/example" '
	/^## / { title = tolower(substr($0, 4)); gsub(/[^a-z]+/, "_", title) }
	/^```/ { inside = /^```sql/; n += inside; next }
	inside { print > sprintf("%s.%02d.%s.sql", out, n, title) }
' "$ROOT/docs/language.md"

need_tool setpriv

# A cgroup that is named as a container's.
mount=$(awk '$3 == "cgroup2" && !n++ { print $2 }' /proc/mounts)
container=$mount/docker-$(printf '%064x' $$).scope
[[ -n $mount ]] || skip 'no cgroup2 is mounted'
mkdir "$container" 2>/dev/null || skip 'no cgroup can be made'
rmdir "$container"

folder=$(mktemp -d /tmp/guide.XXXXXX)
clean_guide() {
	rm -rf "$folder"
	[[ ! -d $container ]] || rmdir "$container" || true
	cleanup
}
trap clean_guide EXIT

act() {
	cp "$(type -P true)" "$folder/tool"
	"$folder/tool"
	"$folder/tool"
	chmod 4755 "$folder/tool"
	ln -s ../../etc/shadow "$folder/link"
	cat /etc/passwd >/dev/null
	setpriv --reuid 65534 --clear-groups cat /etc/shadow 2>/dev/null || true
	mkdir "$container"
	sh -c "echo 0 >'$container/cgroup.procs' && exec bash -c true"
	rmdir "$container"
	echo aGk= >"$folder/encoded"
	base64 -d "$folder/encoded" >/dev/null
	bash -c "echo x >'$folder/written'
		 for port in 4444 4445 4446; do
			echo 3<>/dev/tcp/127.0.0.1/\$port
		 done" 2>/dev/null || true
	bash -c '/bin/true; /bin/true; exit 0'
	for _ in {1..12}; do
		/bin/true
	done
	{
		for _ in 1 2 3 4 5; do
			echo "$now h sshd[1]: Failed password for root from 192.0.2.7 port 1 ssh2"
		done
		echo "$now h sshd[1]: Accepted password for root from 192.0.2.7 port 1 ssh2"
		echo "$now h sudo:  al : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/sbin/visudo"
	} >>"$work/auth.log"
	sleep 2
}

now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sensor_launch record -o "$work/trace" --log-file "$work/auth.log"
act
sensor_stop_cleanly

examples=0
for file in "$work"/example.*.sql; do
	"$SHRIKE" check "$file" 2>"$work/warned" ||
		fail "does not compile: $(cat "$work/warned" "$file")"
	[[ ! -s $work/warned ]] || fail "is warned of: $(cat "$work/warned")"
	status=0
	"$SHRIKE" replay -r "$file" "$work/trace" -o json \
		>"$work/matches" 2>"$work/replayed" || status=$?
	((status == 0)) || fail "replay: exit $status: $(cat "$work/replayed" "$file")"
	[[ -s $work/matches ]] || fail "finds nothing: $(cat "$file")"
	examples=$((examples + 1))
done
((examples >= 30)) || fail "only $examples examples"
echo "$examples examples, each finds something"
