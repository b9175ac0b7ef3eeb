#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The shipped rules are quiet while a host does ordinary things: 10 seconds, 60
# with CHECK_FULL=1.
. "$(dirname "$0")/lib.sh"
need_live

seconds=10
[[ ${CHECK_FULL:-0} != 1 ]] || seconds=60

ordinary_work() {
	ls -la /usr/bin
	git -C "$ROOT" status --short
	printf 'int main(void) { return 0; }\n' >"$work/small.c"
	if command -v cc; then
		cc -o "$work/small" "$work/small.c"
	fi
	for option in m r s v p n; do
		uname -$option
	done
	find /etc -maxdepth 1 -type f -exec sh -c ':' {} +
	tar -cf "$work/some.tar" -C /usr share/common-licenses
	sh -c 'id -u; ps ax; df'
	python3 -c 'import socket, subprocess
subprocess.run("true", shell=True)
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()'
	awk 'BEGIN { system("true") }'
	env true
	date
	grep -r nothing_like_this /usr/share/common-licenses
	crontab -l
	passwd --status root
} >/dev/null 2>&1

sensor_start -r "$ROOT/rules" --store "$work/store"
rounds=0
end=$((SECONDS + seconds))
while ((SECONDS < end)); do
	ordinary_work || true
	rounds=$((rounds + 1))
done
sensor_stop_cleanly
if (($(match_count) != 0)); then
	cut -c 1-2000 "$sensor_out"
	fail "a quiet host matched: $(rules_matched)"
fi
execs=$(summary streams/process.exec/generated)
((execs >= rounds * 10)) || fail "the sensor saw only $execs execs"
echo "$seconds seconds, $rounds rounds, $execs execs: no match"
