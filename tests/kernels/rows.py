#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rows.py SHRIKE RECORDED FOLDER STREAM...: the rows of recorded behaviours, as text.

RECORDED is a folder that tests/behaviours/record.bash filled; FOLDER gets a file
NAME for each behaviour that the machine could show, with the rows of its process
and the descendants, one a line and sorted. What is
different each time is left out or replaced: numbers of processes by who is
meant, times, inodes, free ports, names of temporary files.
"""

import json
import os
import re
import subprocess
import sys

# Different in every run, or on every machine, by their nature.
OMITTED = re.compile(
    r"ts|mono_ns|seq|cpu|tid|.*_key|.*_ts|.*_ns|.*_ms|ino|dev|cookie|"
    r"cgroup_id|cgroup|container_.*|inode.*|source|truncated_path|tty|"
    r"cpu_usage|memory_usage|status|executable_hash|.*_ino|.*_dev|prog_id|"
    r"addr|address|args_bytes|exe_upper_layer|old_pid|mnt_id|ancestors|runtime|host|boot_id|"
    r"(parent_)?(cmdline|name)"  # exe and args say it
)
# The parent may end just before.
OMITTED_AT_EXIT = re.compile(r"ppid|parent_.*")
PIDS = re.compile(r"(.*_)?(pid|ppid|sid|pgid)")
NOISE = (
    (re.compile(r"/proc/\d+"), "/proc/PID"),
    (re.compile(r"(tmp|behaviour)\.\w{6,10}"), r"\1.XXXXXX"),
    (re.compile(r"\b(3[2-9]|4\d|5\d|60)\d{3}\b"), "PORT"),
    (re.compile(r"\.pyc\.\d+"), ".pyc.N"),
    (re.compile(r"/sys/fs/cgroup/unified\b"), "/sys/fs/cgroup"),
    (re.compile(r"shrike-behaviour-\d+"), "shrike-behaviour-N"),
    (re.compile(r"[0-9a-f]{20,}\.x\d+\."), "HEX.xN."),
    (re.compile(r'("--target", )"\d+"'), r'\1"PID"'),
)


def own_caps():
    with open("/proc/self/status") as file:
        return int(re.search(r"CapEff:\s*(\w+)", file.read())[1], 16)


OWN_CAPS = own_caps()


def catalog(shrike, recorded):
    """The recorded streams and their columns, from `shrike streams`."""
    streams, every, stream = {}, [], None
    out = subprocess.run([shrike, "streams"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    for line in out.splitlines():
        if head := re.match(r"([a-z.]+) \(\w+\):", line):
            stream = streams.setdefault(head[1], [])
        elif line == "every stream:":
            stream = every
        elif column := re.match(r"  ([a-z_0-9]+) +[A-Z]", line):
            stream.append(column[1])
    return {name: sorted(set(own + every)) for name, own in streams.items()
            if name in recorded}


def rules(streams):
    text = []
    for name, columns in streams.items():
        wanted = [c for c in columns if not OMITTED.fullmatch(c)]
        text.append("CREATE RULE {} AS SELECT {} FROM {} e;\n".format(
            name.replace(".", "_"), ", ".join("e." + c for c in wanted), name))
    return "".join(text)


def matches(shrike, trace, streams):
    """What replaying the trace gives: a stream's name and its columns."""
    path = trace + ".sql"
    with open(path, "w") as file:
        file.write(rules(streams))
    out = subprocess.run([shrike, "replay", "-q", "-o", "json", "-r", path,
                          trace], text=True, errors="replace",
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if out.returncode not in (0, 4):
        sys.exit("rows.py: " + out.stderr)
    names = {name.replace(".", "_"): name for name in streams}
    for line in out.stdout.splitlines():
        match = json.loads(line)
        yield names[match["rule"]], match


class Processes:
    """Who is whose child, from process.fork."""

    def __init__(self, roots):
        self.behaviour = {pid: name for name, pid in roots.items()}
        self.exe = {}

    def fork(self, fields):
        if fields["pid"] in self.behaviour:
            self.behaviour[fields["child_pid"]] = self.behaviour[fields["pid"]]
            self.exe[fields["child_pid"]] = fields.get("exe")

    def who(self, pid, fields):
        """What a column means by a number of a process."""
        if pid == fields.get("pid"):
            return "self"
        return "kin" if pid in self.behaviour else "other"


def value_text(column, value, processes, fields):
    if value is None:
        return None
    if PIDS.fullmatch(column):
        return processes.who(value, fields)
    if column == "caps_eff" and value == OWN_CAPS:
        return "all"
    text = json.dumps(value, ensure_ascii=True, sort_keys=True)
    if column.endswith("port"):
        return "PORT" if value and value >= 32768 else text
    for pattern, instead in NOISE:
        text = pattern.sub(instead, text)
    return text


def main():
    shrike, behaviours, folder, *recorded = sys.argv[1:]
    trace = os.path.join(behaviours, "trace")
    with open(os.path.join(behaviours, "skipped")) as file:
        skipped = set(file.read().split())
    with open(os.path.join(behaviours, "roots")) as file:
        lines = [line.split(" ", 2) for line in file]
    roots = {name: int(pid) for name, pid, _ in lines if name not in skipped}
    streams = catalog(shrike, recorded)
    found = list(matches(shrike, trace, streams))
    processes = Processes(roots)
    for stream, match in found:
        if stream == "process.fork":
            processes.fork(match["fields"])
    rows = {name: [] for name in roots}
    for stream, match in found:
        fields = match["fields"]
        name = processes.behaviour.get(fields.get("pid"))
        if name is None:
            continue
        columns = []
        for column, value in sorted(fields.items()):
            if (stream == "process.exit" and
                    OMITTED_AT_EXIT.fullmatch(column)):
                continue
            text = value_text(column, value, processes, fields)
            if text is not None and column != "pid":
                columns.append(f"{column}={text}")
        rows[name].append(stream + " " + " ".join(columns))
    os.makedirs(folder, exist_ok=True)
    for name, lines in rows.items():
        with open(os.path.join(folder, name), "w") as file:
            file.writelines(line + "\n" for line in sorted(lines))


if __name__ == "__main__":
    main()
