#!/bin/bash
# bench: rules      1,000 rules: time and memory to compile, time to load
# SPDX-License-Identifier: Apache-2.0
#
# The shapes are those of public rules: of the terms 60 % equal, 20 % contain,
# 10 % begin with and 10 % end with a text; 10 % of the rules join or count. One
# contains on its own makes a stream accept all, so what the kernel keeps of the
# other terms is told of the same rules without contains too.
. "$(dirname "$0")/../e2e/lib.sh"
need_live
need_tool python3

"$ROOT/tests/tools/make_rules.py" "${RULES:-1000}" >"$work/rules.sql"
"$ROOT/tests/tools/make_rules.py" "${RULES:-1000}" 1 0 >"$work/decidable.sql"

python3 - "$SHRIKE" "$work/rules.sql" "$work/decidable.sql" <<'END'
import os, re, statistics, subprocess, sys, time

shrike, rules, decidable = sys.argv[1:]

def measure(*command):
    started = time.monotonic()
    child = subprocess.Popen([shrike, *command], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit("%s: %s" % (" ".join(command), said))
    return time.monotonic() - started, usage.ru_maxrss / 1024, said

def report(what, *command):
    runs = [measure(*command) for _ in range(5)]
    seconds = statistics.median(run[0] for run in runs)
    print("%-28s %7.3f s   at most %5.1f MiB" %
          (what, seconds, max(run[1] for run in runs)))
    return seconds, runs[0][2]

def kept(what, file):
    """Of the terms on network.connect and file.open, by who decides them."""
    said = subprocess.run([shrike, "explain", file], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    terms = re.findall(r"^ +(kernel|user space) +[nf]\..*\n(?: +-- (.*))?",
                       said, re.M)
    exact = sum(who == "kernel" for who, _ in terms)
    part = sum("part of the text" in why or "of the pattern" in why
               for _, why in terms)
    lengths = re.findall(r"(\S+), kernel predicate .*: (\d+) instr", said)
    print("%s: of %d terms the kernel decides %.1f %%, in part %.1f %%; %s" %
          (what, len(terms), 100 * exact / len(terms),
           100 * part / len(terms),
           ", ".join("%s %s instructions" % length for length in lengths)))

count = open(rules).read().count("CREATE RULE")
print("%d rules, %d bytes" % (count, os.path.getsize(rules)))
check, _ = report("check (compile all)", "check", rules)
load, said = report("run --dry-run (and load)", "run", "-r", rules,
                    "--no-store", "--dry-run")
programs = len(re.findall(r" from ", said)) + 1
print("%-28s %7.3f s each, %d programs, attach and self-test included" %
      ("load", (load - check) / programs, programs))
kept("kernel", rules)
kept("kernel, without contains", decidable)
load, _ = report("run --dry-run, those", "run", "-r", decidable,
                 "--no-store", "--dry-run")
END
