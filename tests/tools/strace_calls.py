# SPDX-License-Identifier: Apache-2.0
"""Reads what `strace -ff -yy -xx -X raw -v` wrote: one file per thread.

A call is (time, tid, name, arguments, result). Texts are bytes; a descriptor is
an Fd, an int that knows the path behind it; a number that was given in another
pid namespace is the one of the tracer's. An argument that could not be read is
its address: an int where a text is expected.
"""

import os
import re
import signal

import errno as errno_names


class Fd(int):
    """A descriptor and what it led to, b'' when nothing is known."""

    path = b""


class Prefix(bytes):
    """The beginning of a text that strace did not read to its end."""


class Call:
    __slots__ = ("time", "tid", "name", "args", "result", "unfinished")

    def __init__(self, time, tid, name, args, result, unfinished=False):
        self.time, self.tid, self.name = time, tid, name
        self.args, self.result, self.unfinished = args, result, unfinished


STRING = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
NUMBER = re.compile(rb"-?(?:0x[0-9a-f]+|[0-9]+)")
WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9]*")
COMMENT = re.compile(rb" ?/\* (.*?) \*/")
ELSEWHERE = re.compile(rb"(\d+) in strace's PID NS")
# What the kernel puts behind the name of a folder that was removed. Strace moves
# it out of the name itself, but not for the working directory; no name of the
# generator's ends so.
AT_FDCWD, DELETED = -100, b" (deleted)"
BEHIND = re.compile(rb"<((?:->|[^<>])*)>(?:\(deleted\))?")


def text(escaped):
    return bytes.fromhex(escaped.replace(b"\\x", b"").decode())


def number(digits):
    negative = digits.startswith(b"-")
    digits = digits.lstrip(b"-")
    if digits.startswith(b"0x"):
        value = int(digits, 16)
    elif len(digits) > 1 and digits.startswith(b"0"):
        value = int(digits, 8)
    else:
        value = int(digits)
    return -value if negative else value


class Parser:
    def __init__(self, line, at=0):
        self.line, self.at = line, at

    def sees(self, what):
        if self.line.startswith(what, self.at):
            self.at += len(what)
            return True
        return False

    def take(self, pattern):
        found = pattern.match(self.line, self.at)
        if found:
            self.at = found.end()
        return found

    def value(self):
        value = self.plain()
        while True:
            found = self.take(COMMENT)
            if found:
                other = ELSEWHERE.search(found[1])
                if other:
                    value = int(other[1])
            elif self.sees(b"|"):
                value |= self.plain()
            elif self.sees(b" => "):
                self.value()
            else:
                return value

    def plain(self):
        found = self.take(STRING)
        if found:
            return Prefix(text(found[1])) if found[2] else text(found[1])
        if self.sees(b"["):
            return self.items(b"]")
        if self.sees(b"{"):
            return self.members()
        found = self.take(NUMBER)
        if found:
            return self.descriptor(number(found[0]))
        if self.sees(b"NULL"):
            return None
        if self.sees(b"htons("):
            swapped = number(self.take(NUMBER)[0])
            self.sees(b")")
            return swapped >> 8 | (swapped & 0xff) << 8
        if self.take(WORD):
            return None
        raise ValueError(f"at {self.line[self.at:self.at + 80]!r}")

    def descriptor(self, value):
        found = self.take(BEHIND)
        if not found:
            return value
        fd = Fd(value)
        fd.path = text(found[1]) if found[1][:2] == b"\\x" else found[1]
        if fd == AT_FDCWD and fd.path.endswith(DELETED):
            fd.path = fd.path[:-len(DELETED)]
        return fd

    def items(self, end):
        items = []
        while not self.sees(end):
            if self.sees(b"..."):
                continue
            items.append(self.value())
            self.sees(b", ")
        return items

    def members(self):
        members = {}
        while not self.sees(b"}"):
            name = self.take(WORD)
            if name and self.sees(b"="):
                members[name[0].decode()] = self.value()
            elif name:
                members[name[0].decode()] = None
                self.sees(b"(")
                self.sees(b")")
            else:
                members.setdefault("rest", []).append(self.value())
            self.sees(b", ")
        return members

    def arguments(self):
        """Those of clone() have names: they come as one dict, last."""
        args, named = [], {}
        while not self.sees(b")"):
            if self.sees(b" <") or self.at >= len(self.line):
                # <unfinished ...>, or <pid changed to N ...>
                return args, named, True
            before = self.at
            name = self.take(WORD)
            if name and self.sees(b"="):
                named[name[0].decode()] = self.value()
            else:
                self.at = before
                args.append(self.value())
            self.sees(b", ")
        return args, named, False

    def result(self):
        """None when the call did not return."""
        while self.sees(b" "):
            pass
        if not self.sees(b"= ") or self.sees(b"?"):
            return None
        if self.sees(b"-1 E"):
            name = b"E" + self.take(WORD)[0]
            return -getattr(errno_names, name.decode(), 512)
        return self.value()


LINE = re.compile(rb"(\d+)\.(\d{9}) (.*)", re.S)
NAME = re.compile(rb"([a-z_0-9]+)\(")
RESUMED = re.compile(rb"<\.\.\. ([a-z_0-9]+) resumed>\)?")
ENDED = re.compile(rb"\+\+\+ exited with (\d+)")
KILLED = re.compile(rb"\+\+\+ killed by (SIG[A-Z0-9_+]+)")
SUPERSEDED = re.compile(rb"\+\+\+ superseded by execve in pid (\d+)")


def signal_number(name):
    name = name.decode()
    if name.startswith("SIGRT_"):
        return 32 + int(name[6:])
    return int(getattr(signal, name))


def read_line(line, tid, wanted):
    """The Call of a line, or None when it tells nothing that is wanted."""
    found = LINE.match(line)
    if not found:
        return None
    time = int(found[1]) * 10**9 + int(found[2])
    rest = found[3]
    name = NAME.match(rest)
    if name:
        if name[1].decode() not in wanted:
            return None
        parser = Parser(rest, name.end())
        args, named, unfinished = parser.arguments()
        if named:
            args.append(named)
        result = None if unfinished else parser.result()
        return Call(time, tid, name[1].decode(), args, result, unfinished)
    for pattern, kind in ((ENDED, "+exited"), (SUPERSEDED, "+superseded")):
        found = pattern.match(rest)
        if found:
            return Call(time, tid, kind, [int(found[1])], None)
    found = KILLED.match(rest)
    if found:
        return Call(time, tid, "+killed", [signal_number(found[1])], None)
    found = RESUMED.match(rest)
    if found and found[1].startswith(b"execve"):
        parser = Parser(rest, found.end())
        return Call(time, tid, "+resumed", [], parser.result())
    return None


def read_folder(folder, wanted):
    """Every call of every thread, in the order in which they began."""
    calls = []
    for name in os.listdir(folder):
        tid = int(name.rsplit(".", 1)[1])
        with open(os.path.join(folder, name), "rb") as lines:
            for line in lines:
                call = read_line(line.rstrip(b"\n"), tid, wanted)
                if call:
                    calls.append(call)
    # Stable: lines of one thread stay in their order.
    calls.sort(key=lambda call: call.time)
    return calls
