#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py EXPECTED FOUND: say where two folders of rows.py differ.

A row that is there with another value in some columns is one line that names
them; exit status 1 when anything differs.
"""

import collections
import os
import re
import sys

COLUMN = re.compile(r' (?=[a-z_0-9]+=)')
# What tells a reader which row is meant.
KEYS = ("exe", "comm", "path", "filename", "args")


def rows(path):
    try:
        with open(path) as file:
            return collections.Counter(file.read().splitlines())
    except FileNotFoundError:
        return collections.Counter()


def columns(row):
    stream, *rest = COLUMN.split(row)
    return stream, dict(part.split("=", 1) for part in rest)


def short(row):
    stream, values = columns(row)
    return " ".join([stream] + [f"{key}={values[key]}" for key in KEYS
                                if key in values])[:160]


def differing(one, other):
    """The columns in which two rows of a stream differ; None: streams do."""
    stream, values = columns(one)
    other_stream, others = columns(other)
    if stream != other_stream:
        return None
    return [key for key in sorted(values.keys() | others.keys())
            if values.get(key) != others.get(key)]


def compare(expected, found):
    """Lines that say how the rows of one behaviour differ."""
    missing = list((expected - found).elements())
    extra = list((found - expected).elements())
    lines = []
    for row in missing:
        pairs = [(len(keys), other, keys) for other in extra
                 if (keys := differing(row, other)) is not None]
        best = min(pairs, default=None)
        if best is None or best[0] > 4:
            lines.append("missing: " + short(row))
            continue
        extra.remove(best[1])
        values, others = columns(row)[1], columns(best[1])[1]
        lines.append("differs: " + short(row))
        lines += [f"         {key}: {values.get(key)} -> {others.get(key)}"
                  for key in best[2]]
    return lines + ["extra:   " + short(row) for row in extra]


def main():
    wrong = 0
    for name in sorted(set(os.listdir(sys.argv[1])) |
                       set(os.listdir(sys.argv[2]))):
        lines = compare(rows(os.path.join(sys.argv[1], name)),
                        rows(os.path.join(sys.argv[2], name)))
        if lines:
            wrong = 1
            print(f"{name}:")
            print("\n".join("  " + line for line in lines))
    sys.exit(wrong)


if __name__ == "__main__":
    main()
