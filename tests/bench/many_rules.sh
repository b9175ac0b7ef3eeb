#!/bin/bash
# bench: many_rules  kernel time per open and connect with 10, 1,000 and 10,000 constants, by kind
# SPDX-License-Identifier: Apache-2.0
#
# The kernel's own statistics (kernel.bpf_stats_enabled) of the stubs, divided by
# the events of a load that no rule matches. Of each kind of constant there are
# COUNTS ("10 1000 10000") rules; "all" has a third of its rules of each kind.
# The kinds take turns, ROUNDS times (3); the least time counts.
. "$(dirname "$0")/../e2e/lib.sh"
need_live

read -ra counts <<<"${COUNTS:-10 1000 10000}"
stats=$(sysctl -n kernel.bpf_stats_enabled)
trap 'sysctl -qw kernel.bpf_stats_enabled=$stats; cleanup' EXIT
sysctl -qw kernel.bpf_stats_enabled=1

rules() { # KIND COUNT
	awk -v kind="$1" -v count="$2" 'BEGIN {
		split("prefix name whole port", kinds, " ")
		for (i = 0; i < count; i++) {
			k = kind == "all" ? kinds[i % 4 + 1] : kind
			where = k == "prefix" ? \
				"f.path LIKE '\''/usr/share/d" i "/%'\''" : \
				k == "name" ? \
				"f.path LIKE '\''%/some-name-" i "'\''" : \
				k == "whole" ? \
				"f.path = '\''/usr/share/d" i "/file-" i "'\''" : \
				"n.dst_port = " 20000 + i
			from = k == "port" ? "network.connect n" : "file.open f"
			printf "CREATE RULE r%d WITH (severity = '\''low'\'') AS " \
				"SELECT %s.pid FROM %s WHERE %s;\n", i, \
				k == "port" ? "n" : "f", from, where
		}
	}'
}

run_time() { # ns that the sensor's programs have run so far
	awk 'FNR == 1 { id = "" }
	     $1 == "prog_id:" { id = $2 }
	     $1 == "run_time_ns:" && !seen[id]++ { sum += $2 }
	     END { printf "%d\n", sum }' "/proc/$sensor_pid/fdinfo/"*
}

measure() { # KIND COUNT
	local before after events=200000

	sensor_start -r "$work/$1.$2.sql" --no-store
	before=$(run_time)
	if [[ $1 == port ]]; then
		events=50000
		"$TOOLS/load_connect" --count $events --port 4444 >/dev/null
	else
		"$TOOLS/load_open" --count $events \
			--path /usr/share/doc/coreutils/copyright >/dev/null
	fi
	after=$(run_time)
	sensor_stop_with_loss
	echo $(((after - before) / events)) >>"$work/$1.$2"
}

for kind in prefix name whole port all; do
	for count in "${counts[@]}"; do
		rules $kind "$count" >"$work/$kind.$count.sql"
	done
done
for ((round = 0; round < ${ROUNDS:-3}; round++)); do
	for kind in prefix name whole port all; do
		for count in "${counts[@]}"; do
			measure $kind "$count"
		done
	done
done
for kind in prefix name whole port all; do
	first=
	for count in "${counts[@]}"; do
		ns=$(sort -n "$work/$kind.$count" | head -n 1)
		first=${first:-$ns}
		awk -v k=$kind -v c="$count" -v ns="$ns" -v first="$first" \
			'BEGIN { printf "%-7s %6d rules %6d ns an event %5.2f x\n",
			         k, c, ns, ns / first }'
	done
done
