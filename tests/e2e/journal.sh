#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A journald of the test's own: its journal is read without being asked for, and
# tells who really sent a line that claims to be of sshd.
if [[ -z ${OWN_MOUNTS:-} ]] && ((EUID == 0)); then
	OWN_MOUNTS=1 exec unshare --mount "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need_live
need_tool logger
need_tool setpriv

journald=/lib/systemd/systemd-journald
[[ -x $journald ]] || skip "needs $journald"
[[ -s /etc/machine-id ]] || skip 'needs /etc/machine-id'
mount -t tmpfs none /run
mount -t tmpfs none /var/log
mkdir -p /run/systemd/journal /run/log/journal
"$journald" >"$work/journald" 2>&1 &
load_pid=$!
for _ in {1..100}; do
	[[ -S /run/systemd/journal/dev-log ]] && break
	kill -0 "$load_pid" 2>/dev/null ||
		skip "journald does not run here: $(tail -n 1 "$work/journald")"
	sleep 0.1
done

cat >"$work/rules.sql" <<'SQL'
CREATE RULE said AS
SELECT auth_user, uid, comm, sender_exe, origin FROM security.auth
WHERE result = 'failure' AND uid = 0;
CREATE RULE forged AS
SELECT auth_user, uid, comm, sender_exe, origin FROM security.auth
WHERE result = 'failure' AND uid <> 0;
SQL

# say USER COMMAND...: one line, sent by `COMMAND logger`, which stays: journald
# looks at it when the line arrives.
senders=()
say() {
	local user=$1 fd

	shift
	exec {fd}> >(exec "$@" logger --tag sshd \
		--socket /run/systemd/journal/dev-log)
	senders+=("$fd")
	echo "Failed password for $user from 198.51.100.7 port 1 ssh2" >&"$fd"
}

logger --socket /run/systemd/journal/dev-log --tag sshd \
	'Failed password for eve from 198.51.100.7 port 1 ssh2'
timeout 20 grep -q -m 1 'for eve' <(journalctl --follow --no-pager -n all) ||
	fail 'journald did not take a line'
sensor_start -r "$work/rules.sql" --no-store
grep -q 'security.*the journal' "$sensor_err" || fail 'the journal is not read'
say alice env
rule_seen said
say bob setpriv --reuid 65534 --regid 65534 --clear-groups
rule_seen forged
for fd in "${senders[@]}"; do
	exec {fd}>&-
done
sensor_stop_cleanly

python3 - "$sensor_out" <<'PYTHON' || fail 'not what was sent'
import json
import sys
with open(sys.argv[1]) as lines:
    matches = [json.loads(line) for line in lines]
got = {m["rule"]: m["fields"] for m in matches}
for rule, user, uid in ("said", "alice", 0), ("forged", "bob", 65534):
    want = {"auth_user": user, "uid": uid, "comm": "logger",
            "sender_exe": "/usr/bin/logger", "origin": "journal"}
    if got.get(rule) != want:
        sys.exit(f"{rule}: {got.get(rule)}")
if len(matches) != 2:
    sys.exit(f"{len(matches)} matches")
PYTHON
echo "$(match_count) matches, of lines that journald vouches for"
