#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One byte of the database file is flipped, in a key or a value of each table:
# `ledger verify` ends with 2 and names the sequence. Its other exit codes come
# from stores that were rolled back, signed by another, lost events, and so on.
. "$(dirname "$0")/lib.sh"
need_live

cat >"$work/rule.sql" <<'END'
CREATE RULE each WITH (severity = 'low') AS
SELECT n.pid, n.dst_port FROM network.connect n WHERE n.dst_port = 4444;
END

# run COUNT STORE OPTION...: a run that stores COUNT matches.
run() {
	local count=$1 store=$2

	shift 2
	sensor_start -r "$work/rule.sql" --store "$store" "$@"
	"$TOOLS/load_connect" --port 4444 --count "$count" --rate 2000 >/dev/null
	sensor_stop_cleanly
}

# expect CODE PATTERN OPTION...: how `ledger verify` ends and what it says.
expect() {
	local code=$1 pattern=$2 status=0

	shift 2
	"$SHRIKE" ledger verify "$@" >"$work/said" 2>&1 || status=$?
	if ((status != code)) || ! grep -qE "$pattern" "$work/said"; then
		head -c 1000 "$work/said"
		fail "exit $status, not $code with '$pattern': verify $*"
	fi
}

store=$work/store
run 150 "$store"
"$SHRIKE" ledger checkpoint --store "$store" >"$work/early"
"$SHRIKE" ledger key --store "$store" >"$work/key"
cp -a "$store" "$work/rolled-back"
run 150 "$store"
"$SHRIKE" ledger checkpoint --store "$store" >"$work/late"

run 5 "$work/other"
"$SHRIKE" ledger key --store "$work/other" >"$work/other-key"

expect 0 '^verified: ' --store "$store"
expect 0 '^verified: ' --store "$store" --key "$work/key" \
	--checkpoint "$work/early"
expect 0 '^verified: ' --store "$store" --checkpoint "$work/late"
expect 0 'truncation cannot be excluded' --store "$work/rolled-back"
expect 1 'no store' --store "$work/nowhere"
expect 1 'no-file' --store "$store" --checkpoint "$work/no-file"
expect 3 'not the trusted one' --store "$store" --key "$work/other-key"
expect 5 'rolled back' --store "$work/rolled-back" --checkpoint "$work/late"
expect 5 'another ledger' --store "$work/other" --checkpoint "$work/late"
cp -a "$store" "$work/cut"
truncate -s 12288 "$work/cut/data.mdb"
expect 6 'cut short' --store "$work/cut"

sensor_start -r "$work/rule.sql" --store "$work/lossy" --ring 65536
kill -STOP "$sensor_pid"
"$TOOLS/load_connect" --port 4444 --count 5000 >/dev/null
kill -CONT "$sensor_pid"
sensor_stop_with_loss
expect 0 '[1-9][0-9]* events lost' --store "$work/lossy"
expect 7 'lost events' --store "$work/lossy" --fail-on-loss

# While a sensor writes, a snapshot is verified.
sensor_start -r "$work/rule.sql" --store "$store"
"$TOOLS/load_connect" --port 4444 --count 10000000 --rate 500 >/dev/null &
load_pid=$!
for _ in {1..10}; do
	expect 0 '^verified: ' --store "$store" --checkpoint "$work/late"
done
kill -KILL "$load_pid"
wait "$load_pid" 2>/dev/null || true
load_pid=
sensor_stop_cleanly

python3 - "$SHRIKE" "$store" "${CHECK_FULL:-0}" <<'END'
import re, struct, subprocess, sys

PAGE = 4096
OVERFLOW, SUBDATA = 1, 2 # flags of a node
BRANCH, LEAF = 1, 2      # flags of a page
program, store, full = sys.argv[1], sys.argv[2], sys.argv[3] == "1"
path = store + "/data.mdb"
data = open(path, "rb").read()


def main_root():
    """Of the newer of the two meta pages (lmdb.h's MDB_meta)."""
    metas = []
    for at in (16, PAGE + 16):
        magic, version = struct.unpack_from("<II", data, at)
        assert magic == 0xbeefc0de and version == 1
        root = struct.unpack_from("<Q", data, at + 24 + 48 + 40)[0]
        txn = struct.unpack_from("<Q", data, at + 24 + 96 + 8)[0]
        metas.append((txn, root))
    return max(metas)[1]


def records(root):
    """(key offset, key length, value offset, value length, flags)"""
    if root == 2**64 - 1:
        return
    at = root * PAGE
    flags, lower = struct.unpack_from("<HH", data, at + 10)
    for i in range((lower - 16) // 2):
        node = at + struct.unpack_from("<H", data, at + 16 + 2 * i)[0]
        low, high, node_flags, key = struct.unpack_from("<HHHH", data, node)
        value = node + 8 + key
        if flags & BRANCH:
            yield from records(low | high << 16 | node_flags << 32)
        elif flags & LEAF:
            if node_flags & OVERFLOW:
                page = struct.unpack_from("<Q", data, value)[0]
                value = page * PAGE + 16
            yield node + 8, key, value, low | high << 16, node_flags


def number(key):
    """The integer that a tuple begins with."""
    size = key[0] - 0x14
    return int.from_bytes(key[1:1 + size], "big")


def sequence(table, key, value):
    """The ledger sequence that a record is of, None: of none or of many."""
    if table in ("ledger", "match"):
        return number(key)
    if table in ("match_id", "match_time", "match_rule"):
        return int.from_bytes(value, "big")
    return None


def verify():
    done = subprocess.run([program, "ledger", "verify", "--store", store],
                          capture_output=True, text=True, errors="replace")
    return done.returncode, done.stdout + done.stderr


tried = 0
tables = {}
for k, kl, v, vl, flags in records(main_root()):
    assert flags & SUBDATA
    tables[data[k:k + kl].decode()] = struct.unpack_from("<Q", data, v + 40)[0]
for table, root in sorted(tables.items()):
    found = list(records(root))
    assert found, table + " is empty"
    chosen = sorted({0, len(found) // 3, len(found) // 2, len(found) - 1})
    if table == "meta":
        chosen = range(len(found))
    for k, kl, v, vl, _ in (found[i] for i in chosen):
        key, value = data[k:k + kl], data[v:v + vl]
        seq = sequence(table, key, value)
        step = 1 if full else 5
        places = [("key", k + i) for i in range(0, kl, 1 if full else 2)]
        places += [("key", k + kl - 1)]
        places += [("value", v + i)
                   for i in range(0, vl, step * max(1, vl // 40))]
        places += [("value", v + vl - 1)]
        for part, at in places:
            with open(path, "r+b") as file:
                file.seek(at)
                file.write(bytes([data[at] ^ 0x04]))
                file.flush()
                code, said = verify()
                file.seek(at)
                file.write(data[at:at + 1])
            tried += 1
            where = "%s of table %s, byte %d" % (part, table, at)
            if code != 2:
                sys.exit("%s: exit %d: %s" % (where, code, said))
            # An index's value is the sequence: a flip names another one too.
            if seq is not None and not (part == "value" and table in (
                    "match_id", "match_time", "match_rule")):
                if not re.search(r"\b%d\b" % seq, said):
                    sys.exit("%s: sequence %d is not named: %s"
                             % (where, seq, said))
code, said = verify()
if code:
    sys.exit("the restored store does not verify: " + said)
print(tried, "bytes flipped in", len(tables), "tables, each found")
END
