#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules as an older generation wrote them, in their names for tables and without
# windows, compile and run as they stand: what they need is recorded while each
# behaviour happens, and all of them match. The same with nine that nobody here wrote, where
# they are: OLDER_RULES names the file, by default the one beside the checkout.
. "$(dirname "$0")/lib.sh"
need_live

folder=$(mktemp -d /tmp/older.XXXXXX)
clean_older() {
	rm -rf "$folder"
	cleanup
}
trap clean_older EXIT

cp "$(command -v sleep)" "$folder/xmrig"
printf '%s' "$folder" >>"$folder/xmrig" # a hash that no other program has
for name in nginx miner nc; do
	cp "$(command -v bash)" "$folder/$name"
done
hash=$(sha256sum <"$folder/xmrig" | cut -d ' ' -f 1)

cat >"$work/older.sql" <<END
SELECT pid, name, executable_path, collection_time FROM processes.snapshots
WHERE name = 'xmrig';
SELECT pid, name FROM processes.snapshots
WHERE command_line REGEXP '(?i)STRATUM\+tcp|cryptonight';
SELECT c.pid, c.name, p.pid AS parent_pid, p.name AS parent_name
FROM processes.snapshots c LEFT JOIN processes.snapshots p ON p.pid = c.ppid
WHERE c.name IN ('sh', 'dash', 'bash') AND p.name LIKE 'nginx%';
SELECT name, COUNT(*) AS launches FROM processes.snapshots
WHERE collection_time BETWEEN :t_start AND :t_end
GROUP BY name HAVING COUNT(*) > 50;
SELECT p.pid, p.name, n.dst_ip, n.dst_port
FROM processes.snapshots p
AUTO JOIN network.connections n ON n.pid = p.pid
  WHEN p.name LIKE '%miner%' OR p.cpu_usage > 80.0
WHERE n.dst_port <> 443;
SELECT p.pid, n.dst_ip, f.path
FROM processes.snapshots p
AUTO JOIN network.connections n ON n.pid = p.pid
  WHEN p.executable_path LIKE '/tmp/%'
AUTO JOIN fs.events f ON f.pid = p.pid WHEN p.executable_path LIKE '/tmp/%'
WHERE f.op = 'write' AND f.path LIKE '/etc/%';
SELECT p.pid, p.name, n.dst_ip, f.path FROM processes.snapshots p
WHERE p.name = 'nc' AND n.dst_port = 4444 AND f.path LIKE '%/tmp/%';
SELECT pid, HEX(name) AS name_hex, LENGTH(command_line) AS len,
       SUBSTR(command_line, 1, 80) AS head
FROM processes.snapshots
WHERE INSTR(command_line, 'base64') > 0 AND LENGTH(command_line) > 1000;
SELECT p.pid, p.executable_path FROM processes.snapshots p
WHERE p.executable_hash = '$hash';
SELECT pid, path FROM fs.events
WHERE op = 'delete' AND path LIKE '$folder/writ%';
SELECT pid, old_path FROM fs.events
WHERE f.op = 'rename' AND f.path LIKE '$folder/writ%';
END

# /etc is opened for writing, but nothing is written.
act() {
	local long miner

	long=$(head -c 1200 /dev/zero | tr '\0' a)
	"$folder/xmrig" 2 &
	miner=$!
	bash -c ': pool stratum+tcp://pool; exit 0'
	"$folder/nginx" -c 'bash -c "exit 0"; exit 0'
	for _ in {1..120}; do
		/bin/true
	done
	"$folder/miner" -c 'echo 3<>/dev/tcp/127.0.0.1/4444
		: 5>>/etc/hostname' 2>/dev/null || true
	"$folder/nc" -c "echo 3<>/dev/tcp/127.0.0.1/4444
		: >$folder/written" 2>/dev/null || true
	mv "$folder/written" "$folder/written.old"
	rm "$folder/written.old"
	bash -c ": base64 $long; exit 0"
	wait "$miner"
}

# record RULES-FILE: act while what the rules need is recorded.
record() {
	rm -f "$work/trace"
	sensor_launch record -r "$1" -o "$work/trace"
	act
	sensor_stop_cleanly
}

# expect NAME RULES-FILE NUMBER...: these of the file's rules matched. A replay
# tells, because at its end all windows are over.
expect() {
	local name=$1 rules=$2 expected=() number matched

	shift 2
	"$SHRIKE" check "$rules" || fail "$rules does not compile"
	for number; do
		expected+=("${name}_$number")
	done
	record "$rules"
	"$SHRIKE" replay -r "$rules" -o json "$work/trace" >"$sensor_out" \
		2>"$sensor_err" || fail "replay: exit $?"
	matched=$(rules_matched)
	[[ $matched == "${expected[*]}" ]] ||
		fail "$rules: expected ${expected[*]}; matched $matched"
	echo "$name: $matched"
}

expect older "$work/older.sql" 1 10 11 2 3 4 5 6 7 8 9

outside=${OLDER_RULES:-$ROOT/../shared/data/older-rules.sql}
if [[ -e $outside ]]; then
	# The ninth names a hash that no program can have here.
	expect older_rules "$outside" 1 2 3 4 5 6 7 8
else
	echo "outside data: no rules in $outside"
fi
