#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bad rules, stores, traces, privileges and machines: each ends with its exit
# code and a message that says what is wrong, and never with a signal.
. "$(dirname "$0")/lib.sh"

cases=0
wrong=0

# expect CODE PATTERN COMMAND...: the exit code, and what standard error says.
expect() {
	local code=$1 pattern=$2 status=0

	shift 2
	timeout 60 "$@" >"$work/said.out" 2>"$work/said" </dev/null || status=$?
	cases=$((cases + 1))
	if ((status != code)); then
		echo "WRONG: exit $status instead of $code: $*"
	elif ! grep -qaiE "$pattern" "$work/said"; then
		echo "WRONG: nothing about '$pattern': $*"
	elif (($(wc -c <"$work/said") > 65536)); then
		echo "WRONG: $(wc -c <"$work/said") bytes of messages: $*"
	elif LC_ALL=C grep -qa $'[\x01-\x08\x0e-\x1f\x7f]' "$work/said"; then
		echo "WRONG: control characters in a message: $*"
	else
		return 0
	fi
	head -c 600 "$work/said"
	wrong=$((wrong + 1))
}

good=$work/good.sql
cat >"$good" <<'END'
CREATE RULE good WITH (severity = 'low') AS
SELECT n.pid, n.dst_port FROM network.connect n WHERE n.dst_port = 4444;
END

bad_usage() {
	expect 2 'usage' "$SHRIKE"
	expect 2 'no command' "$SHRIKE" nonsense
	expect 2 'option' "$SHRIKE" run --nonsense
	expect 2 'rules' "$SHRIKE" run
	expect 2 'duration' "$SHRIKE" run -r "$good" --for soon
	expect 2 'ring' "$SHRIKE" run -r "$good" --ring 5000
	expect 2 'format' "$SHRIKE" run -r "$good" -o nonsense
	expect 2 'trace' "$SHRIKE" replay -r "$good"
	expect 2 'statement' "$SHRIKE" query
}

bad_rules() {
	local i

	expect 2 'missing\.sql' "$SHRIKE" check "$work/missing.sql"
	: >"$work/empty.sql"
	expect 2 'no rule' "$SHRIKE" check "$work/empty.sql"
	mkdir "$work/no-rules"
	expect 2 'no-rules|no rule' "$SHRIKE" check "$work/no-rules"
	head -c 4096 "$SHRIKE" >"$work/binary.sql"
	expect 2 'binary\.sql' "$SHRIKE" check "$work/binary.sql"
	head -c 10485760 /dev/zero | tr '\0' ' ' >"$work/large.sql"
	expect 2 'large\.sql.*(large|long|big|MiB|bytes)' \
		"$SHRIKE" check "$work/large.sql"
	printf "SELECT e.pid FROM process.exec e WHERE e.exe = '\377\376';\n" \
		>"$work/latin.sql"
	expect 2 'UTF-8' "$SHRIKE" check "$work/latin.sql"
	for ((i = 0; i < 1000; i++)); do
		echo "SELECT e.nothing_$i FROM process.exec e;"
	done >"$work/errors.sql"
	expect 2 '1,?000 errors' "$SHRIKE" check "$work/errors.sql"
	echo 'SELECT e.pid FROM process.exce e;' >"$work/stream.sql"
	expect 2 'process\.exec\b' "$SHRIKE" check "$work/stream.sql"
	expect 2 'stream\.sql:1:' "$SHRIKE" check "$work/stream.sql"
	echo 'SELECT n.dst_prt FROM network.connect n;' >"$work/column.sql"
	expect 2 'dst_port' "$SHRIKE" check "$work/column.sql"
	printf "SELECT e.pid FROM process.exec e WHERE e.exe = '\033[31m" \
		>"$work/escape.sql"
	expect 2 'escape\.sql:1:' "$SHRIKE" check "$work/escape.sql"
	printf 'SELECT e.pid FROM process.exec e WHERE %s1 = 1%s;\n' \
		"$(printf '(%.0s' {1..5000})" "$(printf ')%.0s' {1..5000})" \
		>"$work/deep.sql"
	expect 2 'deep\.sql:1:' "$SHRIKE" check "$work/deep.sql"
	expect 2 'two rules named' "$SHRIKE" check "$good" "$good"
}

bad_stores() {
	local store=$work/store

	expect 5 'nowhere' "$SHRIKE" query --store "$work/nowhere" 'SELECT 1'
	mkdir "$work/foreign"
	echo hello >"$work/foreign/letter"
	expect 5 'foreign' "$SHRIKE" query --store "$work/foreign" 'SELECT 1'
	expect 5 'foreign' "$SHRIKE" replay -r "$good" \
		--store "$work/foreign" "$work/trace"
	[[ $(ls "$work/foreign") == letter ]] ||
		fail 'something was written to a folder that is not ours'

	cp -a "$store" "$work/newer"
	echo 'shrike store 99' >"$work/newer/format"
	expect 5 'newer' "$SHRIKE" query --store "$work/newer" 'SELECT 1'
	# shellcheck disable=SC2016 # the arguments are the inner shell's
	expect 6 'newer' bash -c '"$@" >&2' verdict \
		"$SHRIKE" ledger verify --store "$work/newer"

	cp -a "$store" "$work/garbage"
	head -c 8192 "$SHRIKE" >"$work/garbage/data.mdb"
	expect 5 'garbage' "$SHRIKE" query --store "$work/garbage" \
		'SELECT * FROM matches'

	expect 2 'nothing' "$SHRIKE" query --store "$store" \
		'SELECT * FROM nothing'
	expect 2 'may not be modified|read-only|not authorized' \
		"$SHRIKE" query --store "$store" 'DELETE FROM matches'
	expect 2 'no such match' "$SHRIKE" show --store "$store" \
		0123456789abcdef0123456789abcdef
}

bad_traces() {
	local trace=$work/trace size

	size=$(stat -c %s "$trace")
	: >"$work/empty"
	expect 5 'empty' "$SHRIKE" replay -r "$good" "$work/empty"
	expect 5 'not-there' "$SHRIKE" replay -r "$good" "$work/not-there"
	cp "$SHRIKE" "$work/program"
	expect 5 'program' "$SHRIKE" replay -r "$good" "$work/program"
	head -c $((size * 2 / 3)) "$trace" >"$work/short"
	expect 4 'short' "$SHRIKE" replay -r "$good" "$work/short"
	python3 - "$trace" "$work/flipped" <<-'END'
		import sys
		trace = bytearray(open(sys.argv[1], "rb").read())
		trace[len(trace) * 2 // 3] ^= 0x10
		open(sys.argv[2], "wb").write(trace)
	END
	expect 4 'flipped' "$SHRIKE" replay -r "$good" "$work/flipped"
	python3 - "$trace" "$work/version" <<-'END'
		import sys
		trace = bytearray(open(sys.argv[1], "rb").read())
		trace[8] = 77
		crc = 0xffffffff # CRC-32C of the head
		for byte in trace[:12]:
		    crc ^= byte
		    for _ in range(8):
		        crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
		trace[12:16] = (crc ^ 0xffffffff).to_bytes(4, "little")
		open(sys.argv[2], "wb").write(trace)
	END
	expect 5 'version' "$SHRIKE" replay -r "$good" "$work/version"
}

# shellcheck disable=SC2016 # the arguments are the inner shell's
bad_machines() {
	local run=("$SHRIKE" run -r "$good" --no-store --for 1s)

	# The program is copied to where anybody may execute it.
	chmod 755 "$work"
	install -m 755 "$SHRIKE" "$work/shrike"
	chmod 644 "$good"
	expect 3 'root|CAP_|capabilit|permi|privileg' \
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$work/shrike" run -r "$good" --no-store --for 1s
	expect 3 'root|CAP_|capabilit|permi|privileg' \
		setpriv --bounding-set -sys_admin,-bpf,-perfmon "${run[@]}"
	expect 3 'BTF' unshare --mount --propagation private -- bash -c '
		mount -t tmpfs tmpfs /sys/kernel/btf && exec "$@"' no_btf \
		"${run[@]}"

	mkdir -p "$work/mounted"
	expect 5 'read-only|cannot' unshare --mount --propagation private -- \
		bash -c 'mount -t tmpfs -o ro tmpfs "$1" && shift && exec "$@"' \
		read_only "$work/mounted" \
		"$SHRIKE" replay -r "$good" --store "$work/mounted/store" \
		"$work/trace"
	expect 5 'space|full' unshare --mount --propagation private -- \
		bash -c 'mount -t tmpfs -o size=64k tmpfs "$1" && shift &&
			exec "$@"' \
		full "$work/mounted" \
		"$SHRIKE" replay -r "$good" --store "$work/mounted/store" \
		"$work/trace"
}

bad_usage
bad_rules
if ((EUID == 0)) && [[ -r /sys/kernel/btf/vmlinux ]]; then
	sensor_start -r "$good" --store "$work/store" --record "$work/trace"
	"$TOOLS/load_connect" --count 2000 --rate 4000 --port 4444 >/dev/null
	sensor_stop_cleanly
	bad_stores
	bad_traces
	bad_machines
else
	echo 'without root only command lines and rules were tried'
fi
((wrong == 0)) || fail "$wrong of $cases cases"
echo "$cases cases"
