# SPDX-License-Identifier: Apache-2.0
"""What a sensor uses, and how late its matches are.

measure.py latency FILE   reads matches as JSON lines from standard input; for
                          each the time from its last event, on the boot-time
                          clock, to the moment its line was read
measure.py process PID FILE
                          samples a process until it ends: memory of its own
                          (anonymous and shared), and CPU time

Both write one JSON object to FILE.
"""
import json
import os
import sys
import time


def quantile(ordered, share):
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def latency(path):
    lines = []
    for line in sys.stdin.buffer:
        lines.append((time.clock_gettime_ns(time.CLOCK_BOOTTIME), line))
    late_ms = sorted(
        (read_ns - json.loads(line)["events"][-1]["id"]["ts"]) / 1e6
        for read_ns, line in lines)
    result = {"matches": len(late_ms)}
    if late_ms:
        result.update(p50_ms=quantile(late_ms, 0.50),
                      p99_ms=quantile(late_ms, 0.99), max_ms=late_ms[-1])
    with open(path, "w") as out:
        json.dump(result, out)


def memory_kb(pid):
    """VmRSS without file pages, which are the program and the store's cache."""
    wanted = ("RssAnon:", "RssShmem:")
    with open(f"/proc/{pid}/status") as status:
        return sum(int(line.split()[1]) for line in status
                   if line.startswith(wanted))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def process(pid, path):
    memory = []
    start = time.monotonic()
    cpu_start = cpu = cpu_seconds(pid)
    end = start
    while True:
        try:
            memory.append(memory_kb(pid))
            cpu = cpu_seconds(pid)
        except (FileNotFoundError, ProcessLookupError):
            break
        if not memory[-1]:  # a zombie has no memory
            memory.pop()
            break
        end = time.monotonic()
        time.sleep(0.2)
    memory.sort()
    with open(path, "w") as out:
        json.dump({
            "memory_median_mib": quantile(memory, 0.5) / 1024,
            "memory_max_mib": memory[-1] / 1024,
            "cpu_percent": 100 * (cpu - cpu_start) / max(end - start, 0.001),
        }, out)


if sys.argv[1] == "latency":
    latency(sys.argv[2])
else:
    process(int(sys.argv[2]), sys.argv[3])
