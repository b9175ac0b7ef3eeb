#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the compiler gives as files and as text: compile, check --format json,
# --dump. Needs no privileges.
. "$(dirname "$0")/lib.sh"

out=$work/out

cat >"$work/good.sql" <<-'END'
	CREATE RULE shell_out WITH (severity = 'high') AS
	SELECT e.pid, e.exe, c.dst_port FROM process.exec e
	JOIN network.connect c ON c.pid_key = e.pid_key
	AND c.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND
	WHERE e.exe LIKE '%/bash' AND c.dst_port = 4444;
END
printf '%s\n' 'SELECT exe FROM process.fork WHERE uid = 0;' >"$work/plain.sql"
printf '%s\n' "SELECT exe FROM process.fork WHERE exe = '/tmp/%';" \
	>"$work/warned.sql"
printf 'SELECT "p\xc3\xa9d" FROM process.exec;\nSELECT pdi\nFROM process.exec;' \
	>"$work/bad"$'\xff.sql'

products() {
	"$SHRIKE" compile -r "$work/good.sql" -o "$out"
	for name in rules.bpf.o plan.txt subscriptions.txt tasks.txt tasks.pb; do
		[[ -s $out/$name ]] || fail "no $name"
	done
	(($(find "$out" -mindepth 1 | wc -l) == 5)) || fail 'other files'
	"$SHRIKE" check --dump plan "$work/good.sql" | diff - "$out/plan.txt" ||
		fail 'plan.txt is another plan'
	"$SHRIKE" check --dump tasks "$work/good.sql" | diff - "$out/tasks.txt" ||
		fail 'tasks.txt are other tasks'
	grep -q '^  predicate c.dst_port = 4444$' "$out/tasks.txt" ||
		fail 'a task without its predicate'
}

# The same rules give the same bytes; others replace them.
again() {
	cp -r "$out" "$work/before"
	"$SHRIKE" compile -r "$work/good.sql" -o "$out"
	diff -r "$work/before" "$out" || fail 'compiling twice differs'
	"$SHRIKE" compile -o "$out" "$work/plain.sql"
	[[ ! -e $out/rules.bpf.o ]] || fail 'the object of other rules is left'
	grep -q 'task plain_1/' "$out/tasks.txt" || fail 'not replaced'
}

tools_read_them() {
	need_tool protoc
	need_tool llvm-objdump-14
	protoc --decode=shrike.CollectionTasks --proto_path="$ROOT/user/event" \
		shrike.proto <"$work/before/tasks.pb" >"$work/tasks"
	grep -q 'id: "shell_out/c"' "$work/tasks" || fail 'no task in tasks.pb'
	grep -q 'columns: "dst_port"' "$work/tasks" || fail 'no column'
	llvm-objdump-14 -d "$work/before/rules.bpf.o" >"$work/insns"
	grep -q '<predicate_network_connect>:' "$work/insns" ||
		fail 'llvm-objdump finds no predicate'
	bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)
	[[ -x $bpftool ]] || skip 'needs bpftool'
	"$bpftool" gen object "$work/linked.o" "$work/before/rules.bpf.o" ||
		fail 'bpftool does not read the object'
}

refused() {
	local status=0

	"$SHRIKE" compile -r "$work/plain.sql" -o "$work/none/below" \
		2>"$work/err" || status=$?
	((status == 5)) || fail "a folder that cannot be made: exit $status"
	grep -q 'none/below: No such file' "$work/err" || fail 'no reason'
	status=0
	"$SHRIKE" compile -r "$work/plain.sql" 2>"$work/err" || status=$?
	((status == 2)) || fail "no -o: exit $status"
	grep -q 'no folder' "$work/err" || fail 'no -o: no reason'
	status=0
	"$SHRIKE" compile -o "$work/bad" "$work"/bad*.sql 2>"$work/err" ||
		status=$?
	((status == 2)) || fail "wrong rules: exit $status"
	[[ ! -e $work/bad ]] || fail 'wrong rules made a folder'
}

json() {
	local status=0

	"$SHRIKE" check --format json "$work"/bad*.sql \
		>"$work/json" 2>"$work/err" || status=$?
	((status == 2)) || fail "json: exit $status"
	[[ ! -s $work/err ]] || fail "json and text: $(cat "$work/err")"
	python3 - "$work/json" <<-'END' || fail "json: $(cat "$work/json")"
		import json, sys
		text = open(sys.argv[1], encoding="utf-8").read()
		d = json.loads(text)
		first, second = d["diagnostics"]
		assert d["errors"] == 2 and d["warnings"] == 0
		assert text.count("\n") == 1 and first["rule"].endswith("_1")
		assert first["message"].startswith("double quotes")
		assert (first["column"], first["end_column"]) == (8, 13)
		assert first["file"].endswith("bad\ufffd.sql")
		assert (second["line"], second["column"]) == (2, 8)
		assert (second["end_line"], second["end_column"]) == (2, 11)
		assert second["level"] == "error"
		assert second["message"].startswith("unknown column 'pdi'")
		assert second["suggestion"] == "did you mean 'pid'?"
	END
	"$SHRIKE" check --format json "$work/good.sql" >"$work/json"
	grep -qx '{"diagnostics":\[\],"errors":0,"warnings":0}' "$work/json" ||
		fail 'good rules as json'
	status=0
	"$SHRIKE" check --format xml "$work/good.sql" 2>"$work/err" || status=$?
	((status == 2)) || fail "an unknown format: exit $status"
	grep -q 'text or json' "$work/err" || fail 'an unknown format'
}

# Every pass that the message lists gives something, twice the same.
dumps() {
	local status=0 pass passes

	"$SHRIKE" check --dump nope "$work/good.sql" 2>"$work/err" || status=$?
	((status == 2)) || fail "an unknown pass: exit $status"
	passes=$(sed -n "s/.*no pass 'nope': one of //p" "$work/err" | tr -d ,)
	for pass in lex parse expand bind type fold plan bounds share pushdown \
		kernel-ir regalloc ebpf subscriptions tasks; do
		[[ " $passes " == *" $pass "* ]] || fail "$pass is not listed"
	done
	for pass in $passes; do
		"$SHRIKE" check --dump "$pass" "$work/good.sql" >"$work/dump"
		[[ $pass == share || -s $work/dump ]] || fail "$pass is empty"
		"$SHRIKE" explain --dump "$pass" "$work/good.sql" |
			diff "$work/dump" - || fail "$pass differs"
		"$SHRIKE" compile --dump "$pass" "$work/good.sql" |
			diff "$work/dump" - || fail "compile: $pass differs"
	done
	"$SHRIKE" check --dump parse "$work/good.sql" >"$work/parsed.sql"
	"$SHRIKE" check --dump parse "$work/parsed.sql" |
		diff "$work/parsed.sql" - || fail 'the parsed text reads otherwise'
	# What was read before an error is shown.
	status=0
	"$SHRIKE" check --dump parse "$work/good.sql" "$work"/bad*.sql \
		>"$work/dump" 2>"$work/err" || status=$?
	((status == 2)) || fail "a dump with errors: exit $status"
	grep -q 'shell_out' "$work/dump" || fail 'what was read is not shown'
	grep -q '2 errors' "$work/err" || fail 'a dump hides the errors'
}

# Colours for a terminal that does not refuse them, for nothing else.
colours() {
	local escape=$'\033'

	"$SHRIKE" check "$work/warned.sql" 2>"$work/err"
	grep -q "$escape" "$work/err" && fail 'colours in a file'
	python3 - "$SHRIKE" "$work/warned.sql" >"$work/said" <<-'END' ||
		import os, pty, sys
		def said(env):
		    told = b""
		    def read(fd):
		        nonlocal told
		        data = os.read(fd, 4096)
		        told += data
		        return data
		    os.environ.pop("NO_COLOR", None)
		    os.environ.update(env)
		    status = pty.spawn([sys.argv[1], "check", sys.argv[2]], read)
		    assert os.waitstatus_to_exitcode(status) == 0
		    return told
		assert b"\033[1;33mwarning" in said({})
		assert b"warning" in said({"NO_COLOR": ""})
		plain = said({"NO_COLOR": "1"})
		assert b"warning" in plain and b"\033" not in plain
	END
		fail "colours: $(cat "$work/said")"
}

products
again
colours
refused
json
dumps
tools_read_them
