#!/bin/bash
# bench: exec_cost  time of a fork, exec and wait: bare, with exec rules, with every column of an exec
# SPDX-License-Identifier: Apache-2.0
#
# The three take turns, ROUNDS times (9), and each turn's ratio is to the bare
# loop just before it; the medians are printed. CPU time, of the loop and of its
# children, is what the kernel's hooks add to; a busy machine blurs the other.
# Exits with 1 when all columns cost more than 5 % of CPU time.
. "$(dirname "$0")/../e2e/lib.sh"
need_live

cat >"$work/exe.sql" <<'END'
CREATE RULE nothing WITH (severity = 'low') AS
SELECT e.pid FROM process.exec e WHERE e.exe = '/nowhere/program';
END
cat >"$work/all.sql" <<'END'
CREATE RULE nothing WITH (severity = 'low') AS
SELECT e.filename, e.interp, e.prev_exe, e.old_uid, e.old_euid, e.args_bytes,
       e.args, e.cwd, e.parent_cwd, e.env, e.exe_ino, e.exe_dev,
       e.exe_upper_layer, e.ancestors, e.session_leader_exe, e.entry_type
FROM process.exec e WHERE e.exe = '/nowhere/program';
END

# Microseconds of CPU and of the clock for one.
cat >"$work/loop.py" <<'END'
import resource, subprocess, sys, time

def cpu():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime

count = int(sys.argv[1])
before, start = cpu(), time.monotonic()
subprocess.run([sys.argv[2], "--count", str(count), "--program", "/bin/true"],
               check=True, stdout=subprocess.DEVNULL)
print((cpu() - before) / count * 1e6, (time.monotonic() - start) / count * 1e6)
END

execs()
{
	python3 "$work/loop.py" "${COUNT:-2000}" "$TOOLS/load_exec"
}

execs >/dev/null
for ((round = 0; round < ${ROUNDS:-9}; round++)); do
	for rules in exe all; do
		execs >>"$work/bare_$rules"
		sensor_start -r "$work/$rules.sql" --no-store
		execs >>"$work/with_$rules"
		sensor_stop_cleanly
	done
done

python3 - "$work" <<'END'
import statistics, sys

def rows(name):
    with open("%s/%s" % (sys.argv[1], name)) as lines:
        return [[float(n) for n in line.split()] for line in lines]

worst = 0
for rules, what in (("exe", "a rule on exe"), ("all", "every column")):
    pairs = list(zip(rows("bare_" + rules), rows("with_" + rules)))
    for i, clock in enumerate(("CPU", "wall")):
        ratio = statistics.median(w[i] / b[i] for b, w in pairs)
        print("%-16s %-4s %7.1f us, bare %7.1f us  %6.3f x" %
              (what, clock, statistics.median(w[i] for b, w in pairs),
               statistics.median(b[i] for b, w in pairs), ratio))
        if clock == "CPU":
            worst = max(worst, ratio)
sys.exit(worst > 1.05)
END
