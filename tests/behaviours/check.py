#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check.py SHRIKE TABLE FOLDER: is what the table names in the trace?

FOLDER is one that record.bash filled. The table has lines

    SCRIPT STREAM ROWS CONDITION

that lines with leading space continue. CONDITION is SQL over the columns of the
stream; each line is compiled as a rule and run over the trace. Of its matches,
those of the script's own process and its descendants count. ROWS is how many
there must be: N exactly, N+ at least. A + before the STREAM leaves only rows of
a process that has one of the line before, and not before it. In CONDITION,
{root} is the script's own pid and {NAME} what it told by `fact NAME VALUE`.
Streams of log lines belong to no process. Lines of scripts that did not run are
left out; a script that ran must have a line; # begins a comment line. Exit status 1 when a line is wrong.
"""

import collections
import json
import os
import re
import subprocess
import sys

OF_NO_PROCESS = re.compile(r"security\..*|sensor\..*")
LINE = re.compile(r"(\S+)\s+(\+?)([a-z.]+)\s+(\d+)(\+?)\s+(.*)", re.DOTALL)
# What a row is shown by when no line of the table finds it.
CONTEXT = ["pid", "ppid", "name", "retval"]
SHOWN = 4

Expectation = collections.namedtuple(
    "Expectation", "script then stream count more condition")
Row = collections.namedtuple("Row", "key ns fields")


def table_read(path):
    joined = []
    with open(path) as file:
        for line in file.read().splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if line[0].isspace():
                joined[-1] += " " + line.strip()
            else:
                joined.append(line)
    table = []
    for line in joined:
        match = LINE.fullmatch(line)
        if not match:
            sys.exit(f"check.py: not a line of the table: {line}")
        script, then, stream, count, more, condition = match.groups()
        table.append(Expectation(script, bool(then), stream, int(count),
                                 bool(more), condition))
    return table


def replay(shrike, trace, rules):
    """rules: name -> (columns, stream, condition); yields (name, Row)."""
    path = trace + ".sql"
    with open(path, "w") as file:
        for name, (columns, stream, condition) in rules.items():
            own = [] if OF_NO_PROCESS.fullmatch(stream) else ["pid_key"]
            columns = dict.fromkeys(own + ["mono_ns", "seq", "cpu"] + columns)
            file.write(f"CREATE RULE {name} AS SELECT {', '.join(columns)} "
                       f"FROM {stream} WHERE ({condition});\n")
    out = subprocess.run([shrike, "replay", "-q", "-o", "json", "-r", path,
                          trace], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    if out.returncode not in (0, 4):
        sys.exit("check.py: " + out.stderr.decode(errors="replace"))
    for line in out.stdout.decode(errors="replace").splitlines():
        match = json.loads(line)
        fields = match["fields"]
        yield match["rule"], Row(fields.get("pid_key"), fields["mono_ns"],
                                 fields)


class Scripts:
    """The scripts that ran, and whose process is of which."""

    def __init__(self, folder):
        self.pids, self.paths, self.facts = {}, {}, {}
        with open(os.path.join(folder, "skipped")) as file:
            self.skipped = set(file.read().split())
        with open(os.path.join(folder, "roots")) as file:
            for line in file:
                name, pid, path = line.rstrip("\n").split(" ", 2)
                if name not in self.skipped:
                    self.pids[name], self.paths[name] = pid, path
                    self.facts[name] = {"root": pid}
        with open(os.path.join(folder, "facts")) as file:
            for line in file:
                name, what, value = line.rstrip("\n").split(" ", 2)
                if name in self.facts:
                    self.facts[name][what] = value
        self.by_key = {}

    def rules(self):
        rules = {"forks": (["child_key"], "process.fork", "child_pid > 0")}
        for name, pid in self.pids.items():
            path = self.paths[name].replace("'", "''")
            rules["root_" + name] = (
                [], "process.exec", f"pid = {pid} AND '{path}' = ANY(args)")
        return rules

    def find(self, found):
        """Fills by_key from what the rules() found."""
        for name in self.pids:
            for row in found["root_" + name]:
                self.by_key[row.key] = name
        for row in sorted(found["forks"], key=lambda row: row.ns):
            if row.key in self.by_key:
                self.by_key[row.fields["child_key"]] = self.by_key[row.key]

    def condition(self, expectation):
        facts = self.facts[expectation.script]

        def value(match):
            if match[1] not in facts:
                sys.exit(f"check.py: {expectation.script} told no {match[1]}")
            return facts[match[1]]

        return re.sub(r"\{(\w+)\}", value, expectation.condition)


def after(rows, before):
    """Those of a process that has a row before, and not before that."""
    first = {}
    for row in before:
        first[row.key] = min(row.ns, first.get(row.key, row.ns))
    return [row for row in rows if row.key in first and
            row.ns >= first[row.key]]


def own_columns(shrike, stream):
    out = subprocess.run([shrike, "streams"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    inside, columns = False, []
    for line in out.splitlines():
        if not line.startswith(" "):
            inside = line.startswith(stream + " ")
        elif inside and (column := re.match(r"  ([a-z_0-9]+) +[A-Z]", line)):
            columns.append(column[1])
    return columns


def likeness(row, condition):
    """How many of the condition's literals a row has."""
    values = {str(value) for value in row.fields.values()}
    return sum(literal.strip("'%") in values
               for literal in re.findall(r"'[^']*'|\b\d+\b", condition))


def show(shrike, trace, scripts, wrong):
    """Say what there is in place of what the lines want."""
    rules = {}
    for expectation, _ in wrong:
        stream = expectation.stream
        context = [] if OF_NO_PROCESS.fullmatch(stream) else CONTEXT
        # Naming the columns asks for the rows that come only so.
        rules["all_" + stream.replace(".", "_")] = (
            own_columns(shrike, stream) + context, stream, "seq >= 0")
    found = collections.defaultdict(list)
    for name, row in replay(shrike, trace, rules):
        found[name].append(row)
    for expectation, count in wrong:
        stream, condition = expectation.stream, scripts.condition(expectation)
        print(f"WRONG: {expectation.script}: {count} rows of {stream}, not "
              f"{expectation.count}{' or more' if expectation.more else ''}: "
              f"{condition}")
        rows = [row for row in found["all_" + stream.replace(".", "_")]
                if OF_NO_PROCESS.fullmatch(stream) or
                scripts.by_key.get(row.key) == expectation.script]
        rows.sort(key=lambda row: -likeness(row, condition))
        for row in rows[:SHOWN]:
            text = " ".join(f"{key}={value}" for key, value in
                            row.fields.items()
                            if key not in ("pid_key", "mono_ns", "seq", "cpu")
                            and value is not None)
            print(f"    {text[:300]}")
        print(f"    of {len(rows)} rows")


def main():
    shrike, table_path, folder = sys.argv[1:]
    trace = os.path.join(folder, "trace")
    scripts = Scripts(folder)
    table = [expectation for expectation in table_read(table_path)
             if expectation.script in scripts.pids]
    rules = scripts.rules()
    for i, expectation in enumerate(table):
        rules[f"line_{i}"] = ([], expectation.stream,
                              scripts.condition(expectation))
    found = collections.defaultdict(list)
    for name, row in replay(shrike, trace, rules):
        found[name].append(row)
    scripts.find(found)
    wrong, rows = [], []
    for i, expectation in enumerate(table):
        before = rows
        rows = [row for row in found[f"line_{i}"]
                if OF_NO_PROCESS.fullmatch(expectation.stream) or
                scripts.by_key.get(row.key) == expectation.script]
        if expectation.then:
            rows = after(rows, before)
        if (len(rows) < expectation.count or
                len(rows) > expectation.count and not expectation.more):
            wrong.append((expectation, len(rows)))
    if wrong:
        show(shrike, trace, scripts, wrong)
    lineless = set(scripts.pids) - {line.script for line in table}
    for name in sorted(lineless):
        print(f"WRONG: {name} has no line in the table")
    for name in sorted(scripts.skipped):
        print(f"skipped, this machine cannot show it: {name}")
    print(f"{len(table)} lines about {len(scripts.pids)} scripts, "
          f"{len(wrong)} wrong")
    sys.exit(bool(wrong or lineless))


if __name__ == "__main__":
    main()
