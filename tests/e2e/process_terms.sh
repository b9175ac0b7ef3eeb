#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the kernel drops for a term on a process, the engine would have dropped:
# random rules on processes and their parents, random chains of forks and execs,
# of which some began before the sensor; two sensors, one without pushdown, must
# find the same. Then the rules are reloaded, and the same again. CHECK_SEED
# repeats a run.
. "$(dirname "$0")/lib.sh"
need_live

seed=${CHECK_SEED:-$RANDOM$RANDOM}
echo "CHECK_SEED=$seed"
RANDOM=$((seed % 32768))
names=(alpha beta gamma nothing)
mkdir "$work/bin" "$work/files"
for name in "${names[@]}"; do
	cp "$(command -v bash)" "$work/bin/$name"
done
mkfifo "$work/gate"

# Whoever waits behind it goes on, also when the test fails.
gate_open() {
	local status=$?

	exec 8<>"$work/gate"
	return $status
}
trap 'gate_open || cleanup; cleanup' EXIT

# Does its steps one by one: write a file; in a fork; as a fork that goes on;
# exec another program with another word; wait for the gate.
cat >"$work/worker.sh" <<'END'
id=$1 word=$2
shift 2
here=${BASH_SOURCE[0]%/*}
while (($#)); do
	step=$1
	shift
	case $step in
	write) : >"$here/files/$id.$#" ;;
	forked) (: >"$here/files/$id.$#") ;;
	fork) ("$BASH" -c ':'; exec "$BASH" "$here/worker.sh" "$id-$#" \
		"$word" forked write) ;;
	gate) read -r _ <"$here/gate" || : ;;
	exec:*) exec "$here/bin/${step#*:}" "$here/worker.sh" "$id" \
		"word-$#" "$@" ;;
	run:*) "$here/bin/${step#*:}" "$here/worker.sh" "$id+$#" \
		"child-$#" write forked ;;
	esac
done
END

rules() { # SEED: on standard output
	python3 - "$1" "$work" <<'END'
import random, sys
rng, work = random.Random(int(sys.argv[1])), sys.argv[2]
names = ["alpha", "beta", "gamma", "nothing"]
def term():
    whose = rng.choice(["f.", "f.", "f.parent_"])
    name = rng.choice(names)
    text = rng.choice(["%sexe LIKE '%%/{n}'", "%sexe = '{w}/bin/{n}'",
        "%sexe LIKE '{w}/bin/{p}%%'", "%sname = '{n}'", "%sname <> '{n}'",
        "%sname IN ('{n}', 'alpha')", "%scmdline LIKE '%%word-{d} %%'",
        "%scmdline LIKE '%%child-{d}%%'", "NOT (%sexe LIKE '%%/{n}')"])
    return text.format(n=name, w=work, p=name[:2], d=rng.randrange(9)) % whose
def condition(depth):
    if depth == 0 or rng.random() < 0.4:
        return term()
    return "(%s %s %s)" % (condition(depth - 1), rng.choice(["AND", "OR"]),
                           condition(depth - 1))
for i in range(rng.choice([1, 3, 30])):
    print("CREATE RULE r%d WITH (severity = 'low') AS SELECT f.path FROM "
          "file.open f WHERE f.path LIKE '%s/files/%%' AND f.is_write AND %s;"
          % (i, work, condition(2)))
END
}

steps() { # random ones
	local kinds=(write write forked fork exec: exec: run:) kind

	for ((n = 0; n < 8; n++)); do
		kind=${kinds[RANDOM % ${#kinds[@]}]}
		[[ $kind != *: ]] || kind+=${names[RANDOM % 4]}
		echo "$kind"
	done
}

waiting=()
worker() { # ID STEP...
	"$work/bin/${names[RANDOM % 4]}" "$work/worker.sh" "$1" "first" \
		"${@:2}" &
	waiting+=($!)
}

workers_wait() { # for those behind the gate, of the round
	exec 8<>"$work/gate"
	exec 8>&-
	wait "${waiting[@]}"
	waiting=()
}

# Written last: all that came before has been found when this has.
told() { # FILE
	timeout 20 grep -q -m 1 "files/$2\"" <(tail -n +1 -f "$1") ||
		fail "$1: no match of the last file"
}

found() { # SENSOR: rule and file of each match, sorted
	python3 - "$work/out.$1" <<'END'
import json, sys
for line in sorted({"%s %s" % (m["rule"], m["fields"]["path"]) for m in
                    map(json.loads, open(sys.argv[1]))}):
    print(line)
END
}

{
	rules "$seed"
	echo "CREATE RULE last WITH (severity = 'low') AS SELECT f.path FROM" \
		"file.open f WHERE f.path LIKE '$work/files/last.%';"
} >"$work/rules.sql"

for ((i = 0; i < 10; i++)); do
	mapfile -t list < <(steps)
	worker "before$i" gate write "${list[@]}"
done

sensor_out=$work/out.user sensor_err=$work/err.user
sensor_start -r "$work/rules.sql" --no-store --ring 67108864 \
	--no-pushdown
user_pid=$sensor_pid load_pid=$sensor_pid user_drain=$sensor_drain
sensor_out=$work/out.kernel sensor_err=$work/err.kernel
sensor_start -r "$work/rules.sql" --no-store --ring 67108864

round() { # NAME
	for ((i = 0; i < 20; i++)); do
		mapfile -t list < <(steps)
		worker "$1$i" "${list[@]}"
	done
	workers_wait
	: >"$work/files/last.$1"
	told "$work/out.user" "last.$1"
	told "$work/out.kernel" "last.$1"
}
round first

# Other rules, hence other bits, for processes that are there already.
for ((i = 0; i < 10; i++)); do
	mapfile -t list < <(steps)
	worker "reload$i" gate write "${list[@]}"
done
{
	rules $((seed + 1)) | sed 's/RULE r/RULE again/'
	grep 'RULE last' "$work/rules.sql"
} >"$work/new.sql"
mv "$work/new.sql" "$work/rules.sql"
for pid in "$user_pid" "$sensor_pid"; do
	kill -HUP "$pid"
done
for name in user kernel; do
	timeout 20 grep -q -m 1 '^reloaded' <(tail -n +1 -f "$work/err.$name") ||
		{ tail -n 3 "$work/err.$name" >&2; fail "$name: no reload"; }
done
round second

sensor_stop_cleanly
kept=$(summary streams/file.open/delivered)
kill -TERM "$user_pid"
wait "$user_pid" || fail 'the sensor without pushdown failed'
wait "$user_drain"
found user >"$work/found.user"
found kernel >"$work/found.kernel"
sensor_err=$work/err.user
all=$(summary streams/file.open/delivered)
echo "$(wc -l <"$work/found.user") matches, $kept of $all opens delivered"
diff "$work/found.user" "$work/found.kernel" ||
	fail 'the kernel has dropped what a rule can use'
[[ $(wc -l <"$work/found.user") -gt 2 ]] || fail 'nothing matched at all'
((kept < all)) || fail 'the kernel has dropped nothing'
