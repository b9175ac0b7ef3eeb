#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""witness.py CALLS ROWS PROGRAM-FOLDER CWD: are the sensor's rows what strace saw?

CALLS is a folder that `strace -ff -yy -xx -X raw` filled, ROWS what trace_rows
made of the sensor's trace of the same time. From the calls it derives which
rows there should be, stream by stream and thread by thread in their order, and
compares. What both cannot tell alike is one of DIFFERENCES, which are counted;
any other difference is printed and ends with 1.
"""

import collections
import ipaddress
import json
import os
import re
import sys

import strace_calls
from strace_calls import Fd, Prefix

DIFFERENCES = {
    "cut": "a name that cannot be read, is empty, is longer than a path may "
    "be, or is relative to a descriptor that is not open: the row's path is "
    "not whole and `truncated` says so",
    "script": "a script's arguments are those the interpreter gets: strace "
    "sees what was asked for",
    "deferred": "a child of a process that asked for a new pid namespace "
    "before is the first in it: strace sees a plain fork",
    "requeued": "a signal that a tracer let through is made again, by who gets "
    "it, when another signal ends the process at that moment",
    "argv": "arguments longer than a record keep head and tail, and "
    "`truncated` says so",
}

PATH_MAX = 4096
PART_ARGS, PART_PATH, PART_OLD_PATH = 2, 4, 16

CLONE_VM, CLONE_FS, CLONE_THREAD = 0x100, 0x200, 0x10000
CLONE_SHOWN = 0x100 | 0x200 | 0x400 | 0x800
NEWNS, NEWPID, NEWUSER = 0x20000, 0x20000000, 0x10000000
NEW_MASK = 0x80 | NEWNS | 0x2000000 | 0x4000000 | 0x8000000 | NEWUSER
NEW_MASK |= NEWPID | 0x40000000

NAMESPACES = {b"mnt": NEWNS, b"net": 0x40000000, b"uts": 0x4000000,
              b"ipc": 0x8000000, b"user": NEWUSER, b"cgroup": 0x2000000,
              b"pid": NEWPID}

# What is not of the open file, but of the call or the descriptor.
O_CREAT, O_EXCL = 0o100, 0o200
O_CLOEXEC = 0o2000000
O_LARGEFILE, O_PATH = 0o100000, 0o10000000
O_PATH_KEEPS = O_PATH | 0o200000 | 0o400000
O_TMPFILE = 0o20000000
AT_EMPTY_PATH = 0x1000
TCP, UDP = 6, 17


class Cut:
    """A path that nobody can tell; `path` as far as it is known."""


CUT = Cut()


def canonical(path):
    parts = []
    for part in path.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/" + b"/".join(parts)


def signed(number):
    return number - 2**64 if number >= 2**63 else number


def endpoint(to):
    """Of a struct sockaddr: (family, address in hex, port)."""
    if not isinstance(to, dict):
        return None
    if to["sa_family"] == 2 and "sin_addr" in to:
        return 2, to["sin_addr"].hex().encode(), int.from_bytes(to["sin_port"], "big")
    if to["sa_family"] == 10 and "sin6_addr" in to:
        address = to.get("sin6_addr")
        return 10, address.hex().encode(), int.from_bytes(to["sin6_port"], "big")
    return None


ENDPOINT = re.compile(r"\[?([0-9a-f.:]+?)\]?:(\d+)$")


def endpoints(fd):
    """What strace says of a socket: (local,), (local, peer) or ()."""
    if not isinstance(fd, Fd) or bytes(fd.path)[:3] not in (b"TCP", b"UDP"):
        return ()
    ends = []
    for end in fd.path.decode().split(":[", 1)[1][:-1].split("->"):
        found = ENDPOINT.match(end)
        if not found:
            return ()
        address = ipaddress.ip_address(found[1])
        ends.append((2 if address.version == 4 else 10, address.packed.hex().encode(),
                     int(found[2])))
    return tuple(ends)


class Place:
    """What CLONE_FS shares: the root and the working directory."""

    def __init__(self, root=b"/", cwd=b"/"):
        self.root, self.cwd = root, cwd

    def copy(self):
        return Place(self.root, self.cwd)


class Task:
    def __init__(self, tid, tgid, place, parent):
        self.tid, self.tgid, self.place = tid, tgid, place
        self.parent = parent  # its process id; None: not known
        self.deferred = 0  # CLONE_NEW* that the next child gets
        self.at_root = False  # the last chdir() was to "/"
        self.execve = None  # the call of a thread that strace saw begin


class Expected:
    __slots__ = ("stream", "pid", "tid", "columns", "allowed")

    def __init__(self, stream, task, columns, allowed=None):
        self.stream, self.columns, self.allowed = stream, columns, allowed
        self.pid, self.tid = task.tgid, task.tid


class Witness:
    def __init__(self, programs, cwd):
        self.programs, self.cwd = programs, cwd
        self.tasks = {}
        self.expected = []
        self.unreturned = []  # (task, its call of clone)
        self.listening = set()
        self.connections = []
        self.bytes = collections.Counter()  # (local, peer) -> sent

    def row(self, stream, task, allowed=None, **columns):
        if task.parent:
            columns["ppid"] = task.parent
        self.expected.append(Expected(stream, task, columns, allowed))

    def task(self, tid):
        if tid not in self.tasks and self.tasks:
            self.adopt(tid)
        elif tid not in self.tasks:
            self.tasks[tid] = Task(tid, tid, Place(cwd=self.cwd), None)
        return self.tasks[tid]

    def adopt(self, tid):
        """Its creator's clone() did not return: the child's execve() was
        faster, and ended the creator."""
        if not self.unreturned:
            raise SystemExit(f"strace did not tell where {tid} is from")
        task, call = self.unreturned.pop(0)
        call.result = tid
        getattr(self, "on_" + call.name)(task, call)

    def see(self, call):
        task = self.task(call.tid)
        for arg in call.args:
            if isinstance(arg, Fd) and arg == -100 and arg.path:
                task.place.cwd = bytes(arg.path)
        if call.result is None and call.name in ("clone", "clone3"):
            self.unreturned.append((task, call))
        handler = getattr(self, "on_" + call.name.lstrip("+"), None)
        if handler and (call.result is not None or call.name[0] == "+"
                        or call.name in ("kill", "tkill", "tgkill")
                        or call.name.startswith("execve")):
            handler(task, call)

    # --- names ---------------------------------------------------------------

    def path(self, task, folder, name, empty_ok=False):
        """The path that a name means; CUT when it cannot be told."""
        if not isinstance(name, bytes) or len(name) >= PATH_MAX - 1:
            return CUT
        if not name and not empty_ok:
            return CUT
        confined = task.place.root != b"/"
        if name and confined and any(part in (b"", b".", b"..")
                            for part in name.lstrip(b"/").split(b"/")):
            return CUT
        if name.startswith(b"/"):
            base = task.place.root
        elif folder == -100:
            base = task.place.cwd
        elif isinstance(folder, Fd) and folder.path:
            base = folder.path
        else:
            return CUT
        if not name:
            return base
        path = canonical(base + b"/" + name)
        return CUT if len(base + b"/" + name) > PATH_MAX else path

    # --- processes -----------------------------------------------------------

    def born(self, task, call, flags):
        child = call.result
        if child < 0:
            return
        thread = bool(flags & CLONE_THREAD)
        place = task.place if flags & CLONE_FS else task.place.copy()
        new = Task(child, task.tgid if thread else child, place,
                   task.parent if thread else task.tgid)
        self.tasks[child] = new
        shown = flags & (CLONE_SHOWN if thread else CLONE_SHOWN | NEW_MASK
                         & ~0xff | 0xff)
        made = flags & NEW_MASK & ~0xff
        if task.deferred and not thread:
            shown |= task.deferred
            made |= task.deferred
        if made:
            self.row("process.namespace", task,
                     "deferred" if made != flags & NEW_MASK & ~0xff else None,
                     call=2, flags=made)
        self.row("process.fork", task, "deferred" if task.deferred and
                 not thread else None, child_pid=child, is_thread=int(thread),
                 clone_flags=shown)

    def on_fork(self, task, call):
        self.born(task, call, 17)

    def on_vfork(self, task, call):
        self.born(task, call, 17 | CLONE_VM)

    def on_clone(self, task, call):
        self.born(task, call, call.args[-1]["flags"])

    def on_clone3(self, task, call):
        args = call.args[0]
        self.born(task, call, args["flags"] | args["exit_signal"])

    def script(self, name, args):
        """What the interpreter of a script of the generator's gets."""
        tools = self.programs
        last = name.rsplit(b"/", 1)[-1]
        if last == b"script":
            return [tools + b"/prog", b"one  argument", name] + args[1:]
        if last == b"script of script":
            return [tools + b"/prog", b"one  argument", tools + b"/script",
                    name] + args[1:]
        return None

    def execute(self, task, call, result):
        at = call.name == "execveat"
        name, args = call.args[at], call.args[at + 1]
        args = args or []
        if result < 0:
            columns = {"filename": name, "exec_args": args, "retval": result}
        else:
            name = self.executed_name(call, at, name)
            script = self.script(name, args)
            # The kernel gives a program without arguments an empty one.
            columns = {"filename": name, "retval": None,
                       "exec_args": script or args or [b""]}
        allowed = None
        if result >= 0 and script:
            allowed = "script"
        if sum(map(len, columns["exec_args"])) > 3000:
            allowed = "argv"
        self.row("process.exec", task, allowed, **columns)

    def executed_name(self, call, at, name):
        if not at or name.startswith(b"/") or call.args[0] == -100:
            return name
        fd = b"/dev/fd/%d" % call.args[0]
        return fd + b"/" + name if name else fd

    def on_execve(self, task, call):
        if call.unfinished:
            task.execve = call
        else:
            self.execute(task, call, call.result)

    on_execveat = on_execve

    def on_superseded(self, task, call):
        """The first thread takes the place of the one that called."""
        task.execve = self.task(call.args[0]).execve

    def on_resumed(self, task, call):
        if task.execve:
            self.execute(task, task.execve, call.result)
            task.execve = None

    def on_exited(self, task, call):
        if task.tid == task.tgid:
            self.row("process.exit", task, code=call.args[0], signal=0)

    def on_killed(self, task, call):
        if task.tid == task.tgid:
            self.row("process.exit", task, code=0, signal=call.args[0])

    # --- where a process is --------------------------------------------------

    def on_chdir(self, task, call):
        name = call.args[0]
        path = self.path(task, -100, name)
        if call.result >= 0:
            # The next call tells, for a symbolic link may be in the name.
            task.place.cwd = canonical(
                (task.place.root if name.startswith(b"/") else task.place.cwd)
                + b"/" + name)
            task.at_root = name == b"/"
            path = None
        elif isinstance(name, bytes) and len(name) < PATH_MAX - 1:
            path = name  # there is no new directory: what was asked for
        self.row("process.chdir", task, path=Later(task, path),
                 retval=call.result)

    def on_fchdir(self, task, call):
        fd = call.args[0]
        if call.result >= 0:
            task.place.cwd = bytes(fd.path)
            self.row("process.chdir", task, path=bytes(fd.path), retval=0)
        else:
            self.row("process.chdir", task, retval=call.result)

    def on_faccessat(self, task, call):
        """The generator asks for a file without a name after each chdir()."""
        if task.at_root:  # which may have another name than at chroot()
            task.place.root, task.at_root = task.place.cwd, False
        for row in reversed(self.expected):
            if row.stream == "process.chdir" and row.tid == task.tid:
                later = row.columns.get("path")
                if isinstance(later, Later) and row.columns["retval"] >= 0:
                    later.value = task.place.cwd
                return

    def on_chroot(self, task, call):
        if call.result >= 0:
            path = self.path(task, -100, call.args[0])
            task.place.root = path

    def on_unshare(self, task, call):
        flags = call.args[0]
        if call.result >= 0:
            task.deferred |= flags & NEWPID
            if flags & (CLONE_FS | NEWNS | NEWUSER):
                task.place = task.place.copy()
        if flags & NEW_MASK:
            self.row("process.namespace", task, call=0,
                     flags=flags & NEW_MASK, retval=call.result)

    def on_setns(self, task, call):
        fd, flags = call.args
        if not flags and isinstance(fd, Fd):
            flags = NAMESPACES.get(bytes(fd.path).split(b":")[0], 0)
        self.row("process.namespace", task, call=1, flags=flags,
                 retval=call.result)
        if call.result >= 0 and flags == NEWNS:
            task.place.root = task.place.cwd = b"/"
            self.row("process.chdir", task, path=b"/", retval=0)

    # --- files ---------------------------------------------------------------

    def opened(self, task, call, folder, name, flags):
        ret = call.result
        if ret < 0:
            self.row("file.open", task, path=self.path(task, folder, name),
                     flags=flags, is_write=int(flags & 3 != 0), fd=None,
                     retval=ret)
            return
        if flags & O_PATH:
            shown = flags & O_PATH_KEEPS
        else:
            shown = flags & ~O_CLOEXEC
            shown |= O_LARGEFILE
            if flags & 0o4010000 == 0o4010000:
                shown |= 0o10000
        writes = not flags & O_PATH and flags & 3 in (1, 2)
        columns = {"path": bytes(ret.path), "flags": shown, "fd": int(ret),
                   "retval": int(ret), "is_write": int(writes)}
        if flags & O_CREAT and flags & O_EXCL:
            columns["created"] = 1
        elif not flags & (O_CREAT | O_TMPFILE):
            columns["created"] = 0
        self.row("file.open", task, **columns)

    def on_open(self, task, call):
        self.opened(task, call, -100, call.args[0], call.args[1])

    def on_creat(self, task, call):
        self.opened(task, call, -100, call.args[0], O_CREAT | 0o1000 | 1)

    def on_openat(self, task, call):
        self.opened(task, call, *call.args[:3])

    def on_openat2(self, task, call):
        folder, name, how = call.args[:3]
        self.opened(task, call, folder, name, how["flags"])

    def renamed(self, task, call, old, new, flags=0):
        self.row("file.rename", task, old_path=self.path(task, *old),
                 path=self.path(task, *new), flags=flags, retval=call.result)

    def on_rename(self, task, call):
        self.renamed(task, call, (-100, call.args[0]), (-100, call.args[1]))

    def on_renameat(self, task, call):
        args = call.args
        self.renamed(task, call, args[:2], args[2:4], *args[4:])

    on_renameat2 = on_renameat

    def removed(self, task, call, folder, name, is_dir):
        self.row("file.unlink", task, path=self.path(task, folder, name),
                 is_dir=int(bool(is_dir)), retval=call.result)

    def on_unlink(self, task, call):
        self.removed(task, call, -100, call.args[0], False)

    def on_rmdir(self, task, call):
        self.removed(task, call, -100, call.args[0], True)

    def on_unlinkat(self, task, call):
        self.removed(task, call, *call.args[:2], call.args[2] & 0x200)

    def symbolic(self, task, call, text, folder, name):
        self.row("file.link", task, kind=1,
                 target=text if isinstance(text, bytes) else CUT,
                 path=self.path(task, folder, name), retval=call.result)

    def on_symlink(self, task, call):
        self.symbolic(task, call, call.args[0], -100, call.args[1])

    def on_symlinkat(self, task, call):
        self.symbolic(task, call, *call.args[:3])

    def hard(self, task, call, old, new, flags=0):
        self.row("file.link", task, kind=0,
                 target=self.path(task, *old, bool(flags & AT_EMPTY_PATH)),
                 path=self.path(task, *new), retval=call.result)

    def on_link(self, task, call):
        self.hard(task, call, (-100, call.args[0]), (-100, call.args[1]))

    def on_linkat(self, task, call):
        args = call.args
        self.hard(task, call, args[:2], args[2:4], args[4])

    def on_mount(self, task, call):
        source, target, fstype, flags = call.args[:4]
        if flags & 0x3000:
            src = self.path(task, -100, source)
        else:
            src = CUT if isinstance(source, int) else source
        columns = {"src": src or None, "fstype": fstype or None}
        # Where the kernel looks at neither, strace shows no text.
        columns = {name: value for name, value in columns.items()
                   if not (flags & 0x3020 and (isinstance(value, int)))}
        if flags & 0x20:
            columns.pop("src")
        self.row("file.mount", task, op=0, path=self.path(task, -100, target),
                 flags=flags, retval=call.result, **columns)

    def on_umount2(self, task, call):
        self.row("file.mount", task, op=1,
                 path=self.path(task, -100, call.args[0]), flags=call.args[1],
                 retval=call.result)

    def duplicated(self, task, call, wanted=None):
        old, ret = call.args[0], call.result
        if ret >= 0 and ret == old:
            return
        path = bytes(old.path) if isinstance(old, Fd) else b""
        self.row("file.dup", task, old_fd=old & 0xffffffff,
                 new_fd=int(ret) if ret >= 0 else wanted, retval=int(ret),
                 is_socket=int(path.split(b":")[0] in (
                     b"TCP", b"TCPv6", b"UDP", b"UDPv6", b"socket", b"UNIX")))

    def on_dup(self, task, call):
        self.duplicated(task, call)

    def on_dup2(self, task, call):
        self.duplicated(task, call, call.args[1] & 0xffffffff)

    on_dup3 = on_dup2

    def on_fcntl(self, task, call):
        if call.args[1] in (0, 1030):
            self.duplicated(task, call)

    # --- credentials, signals, names -----------------------------------------

    def cred(number):
        def on_cred(self, task, call):
            self.row("process.cred", task, call=number, retval=call.result)
        return on_cred

    for number, name in enumerate((
            "setuid", "setreuid", "setresuid", "setfsuid", "setgid",
            "setregid", "setresgid", "setfsgid", "setgroups", "capset")):
        locals()["on_" + name] = cred(number)

    def on_getresuid(self, task, call):
        self.now(task, new_uid=call.args[0][0], new_euid=call.args[1][0])

    def on_getresgid(self, task, call):
        self.now(task, new_gid=call.args[0][0], new_egid=call.args[1][0])

    def now(self, task, **columns):
        """The generator asks for its ids after each change."""
        for row in reversed(self.expected):
            if row.stream == "process.cred" and row.tid == task.tid:
                row.columns.update(columns)
                return

    def sent(self, task, call, target, sig, code):
        if sig and (call.result is None or call.result >= 0):
            target = self.tasks[target].tgid if target in self.tasks else target
            self.row("process.signal", task, target_pid=target, signal=sig,
                     code=code)

    def on_kill(self, task, call):
        self.sent(task, call, call.args[0], call.args[1], 0)

    def on_tkill(self, task, call):
        self.sent(task, call, call.args[0], call.args[1], -6)

    def on_tgkill(self, task, call):
        self.sent(task, call, call.args[1], call.args[2], -6)

    def on_rt_sigqueueinfo(self, task, call):
        code = call.args[2]["si_code"]
        self.sent(task, call, call.args[0], call.args[1],
                  code - 2**32 if code >= 2**31 else code)

    def on_prctl(self, task, call):
        if call.args[0] == 15 and call.result >= 0:
            self.row("process.rename", task, new_comm=call.args[1][:15])

    def on_ptrace(self, task, call):
        self.row("process.ptrace", task, call=0, request=call.args[0],
                 target_pid=call.args[1] if call.args[0] else task.tgid,
                 retval=call.result)

    def on_process_vm_readv(self, task, call):
        self.row("process.ptrace", task, call=1, request=None,
                 target_pid=call.args[0], retval=call.result)

    def on_process_vm_writev(self, task, call):
        self.row("process.ptrace", task, call=2, request=None,
                 target_pid=call.args[0], retval=call.result)

    def on_pidfd_getfd(self, task, call):
        target = bytes(call.args[0].path).split(b":")[-1]
        self.row("process.ptrace", task, call=3, request=None,
                 target_pid=int(target), retval=int(call.result))

    # --- memory --------------------------------------------------------------

    def on_memfd_create(self, task, call):
        ret = int(call.result)
        self.row("memory.memfd", task, memfd_name=call.args[0],
                 flags=call.args[1], fd=ret if ret >= 0 else None, retval=ret)

    def on_mmap(self, task, call):
        _, length, prot, flags, fd = call.args[:5]
        if not prot & 4:
            return
        ok = call.result >= 0
        self.row("memory.map", task, call=0, length=length, prot=prot,
                 addr=signed(call.result) if ok else 0, wx=int(prot & 2 != 0),
                 fd=None if flags & 0x20 else int(fd),
                 retval=0 if ok else call.result)

    def on_mprotect(self, task, call):
        addr, length, prot = call.args
        if prot & 4:
            self.row("memory.map", task, call=1, length=length, prot=prot,
                     addr=signed(addr or 0), wx=int(prot & 2 != 0), fd=None,
                     retval=call.result)

    # --- sockets -------------------------------------------------------------

    def on_socket(self, task, call):
        domain, kind, protocol = call.args
        ret = int(call.result)
        self.row("network.socket", task, domain=domain,
                 type=kind & 0xf, protocol=protocol, retval=ret,
                 fd=ret if ret >= 0 else None)

    def on_listen(self, task, call):
        ends = endpoints(call.args[0])
        if not ends or call.result < 0 or ends in self.listening:
            return
        self.listening.add(ends)
        family, local = ends[0][0], ends[0]
        self.row("network.listen", task, family=family, local_ip=local[1],
                 local_port=local[2], backlog=call.args[1])

    def on_close(self, task, call):
        self.listening.discard(endpoints(call.args[0]))

    def on_accept4(self, task, call):
        ends = endpoints(call.result)
        if not ends or len(ends) != 2:
            return
        local, peer = ends
        self.connections += [(task, local, peer), (task, peer, local)]
        self.row("network.accept", task, family=local[0], local_ip=local[1],
                 local_port=local[2], peer_ip=peer[1], peer_port=peer[2],
                 fd=int(call.result), retval=int(call.result))

    def on_connect(self, task, call):
        fd, to, length = call.args
        kind = bytes(fd.path).split(b":")[0] if isinstance(fd, Fd) else b""
        peer = endpoint(to)
        if not peer or length < 16 or kind[:3] not in (b"TCP", b"UDP"):
            return
        columns = {"family": peer[0], "dst_ip": peer[1], "dst_port": peer[2]}
        ret = call.result
        if kind[:3] == b"TCP" and ret in (0, -111):
            self.row("network.connect", task, outcome=0, proto=TCP, **columns)
        self.row("network.connect", task, outcome=2 if ret < 0 else 1,
                 proto=TCP if kind[:3] == b"TCP" else UDP, retval=ret,
                 **columns)

    def sends(self, task, call, fd, to, length):
        ends = endpoints(fd)
        kind = bytes(fd.path)[:3] if isinstance(fd, Fd) else b""
        if kind == b"TCP" and ends and len(ends) == 2:
            self.bytes[ends] += length
            return
        peer = endpoint(to) if to else ends[1] if ends and len(
            ends) == 2 else None
        if kind != b"UDP" or not peer:
            return
        self.row("network.datagram", task, family=peer[0], proto=UDP,
                 dst_ip=peer[1], dst_port=peer[2], length=length)

    def on_sendto(self, task, call):
        if call.result >= 0:
            self.sends(task, call, call.args[0], call.args[4], call.result)

    def on_sendmsg(self, task, call):
        if call.result >= 0:
            self.sends(task, call, call.args[0], call.args[1]["msg_name"],
                       call.result)

    def on_sendmmsg(self, task, call):
        for message in call.args[1][:max(call.result, 0)]:
            self.sends(task, call, call.args[0],
                       message["msg_hdr"]["msg_name"], message["msg_len"])

    def closes(self):
        """Of each connection both ends, in no order."""
        for task, local, peer in self.connections:
            self.row("network.close", task, family=local[0],
                     local_ip=local[1], local_port=local[2], peer_ip=peer[1],
                     peer_port=peer[2], bytes_sent=self.bytes[local, peer],
                     bytes_received=self.bytes[peer, local])

    # --- attributes ----------------------------------------------------------

    def attr(self, task, call, op, path, **columns):
        self.row("file.attr", task, op=op, path=path, retval=call.result,
                 **columns)

    def of_fd(self, fd):
        return bytes(fd.path) if isinstance(fd, Fd) and fd.path else CUT

    def on_chmod(self, task, call):
        self.attr(task, call, 0, self.path(task, -100, call.args[0]),
                  new_mode=call.args[1])

    def on_fchmod(self, task, call):
        self.attr(task, call, 0, self.of_fd(call.args[0]),
                  new_mode=call.args[1])

    def on_fchmodat(self, task, call):
        self.attr(task, call, 0, self.path(task, *call.args[:2]),
                  new_mode=call.args[2])

    def owned(self, task, call, path, uid, gid):
        self.attr(task, call, 1, path, new_uid=None if uid == -1 else uid,
                  new_gid=None if gid == -1 else gid)

    def on_lchown(self, task, call):
        self.owned(task, call, self.path(task, -100, call.args[0]),
                   *call.args[1:3])

    def on_fchown(self, task, call):
        self.owned(task, call, self.of_fd(call.args[0]), *call.args[1:3])

    def on_fchownat(self, task, call):
        self.owned(task, call, self.path(task, *call.args[:2]),
                   *call.args[2:4])

    def on_utimensat(self, task, call):
        self.attr(task, call, 2, self.path(task, *call.args[:2]))

    def on_setxattr(self, task, call):
        self.attr(task, call, 3, self.path(task, -100, call.args[0]),
                  xattr=call.args[1])

    def on_fsetxattr(self, task, call):
        self.attr(task, call, 3, self.of_fd(call.args[0]), xattr=call.args[1])

    def on_lremovexattr(self, task, call):
        self.attr(task, call, 4, self.path(task, -100, call.args[0]),
                  xattr=call.args[1])

    def on_truncate(self, task, call):
        self.attr(task, call, 6, self.path(task, -100, call.args[0]),
                  new_size=call.args[1])

    def on_ftruncate(self, task, call):
        self.attr(task, call, 6, self.of_fd(call.args[0]),
                  new_size=call.args[1])

    def on_write(self, task, call):
        fd, data = call.args[:2]
        if not isinstance(fd, Fd) or call.result < 0:
            return
        if bytes(fd.path).endswith(b"/comm"):
            self.row("process.rename", task, new_comm=data[:15])
        self.sends(task, call, fd, None, call.result)


class Later:
    """A working directory, known when the next call shows it."""

    def __init__(self, task, value):
        self.task, self.value = task, value


STREAMS = ("process.exec", "process.fork", "process.exit", "process.chdir",
           "process.cred", "process.signal", "process.rename",
           "process.ptrace", "process.namespace", "file.open", "file.rename",
           "file.unlink", "file.link", "file.attr", "file.mount", "file.dup",
           "memory.memfd", "memory.map", "network.socket", "network.connect",
           "network.accept", "network.listen", "network.close",
           "network.datagram")

# Of these any thread may tell, at any time.
UNORDERED = ("process.exit", "network.close")

BITS = {"old_path": PART_OLD_PATH, "target": PART_OLD_PATH,
        "src": PART_OLD_PATH}


def actual(value):
    """Texts come as Latin-1."""
    if isinstance(value, str):
        return value.encode("latin-1")
    if isinstance(value, list):
        return [actual(item) for item in value]
    return value


def agrees(name, expected, row, counts):
    value = actual(row[name])
    if isinstance(expected, Later):
        expected = expected.value
        if expected is None:
            return True
    if isinstance(expected, Prefix):
        return value.startswith(expected)
    if expected is CUT:
        if row["truncated"] & BITS.get(name, PART_PATH):
            counts["cut"] += 1
            return True
        return False
    if name == "clone_flags":
        value &= ~0x8000
        if row["is_thread"]:
            value &= CLONE_SHOWN
    if name == "exec_args" and row["truncated"] & PART_ARGS:
        counts["argv"] += 1
        return True
    return value == expected


def differing(expected, row, counts):
    return [name for name, value in expected.columns.items()
            if not agrees(name, value, row, counts)]


class Comparison:
    def __init__(self):
        self.counts = collections.Counter()
        self.streams = collections.Counter()
        self.wrong = []

    def thread(self, stream, expected, rows):
        """In order; a row that one side alone has shifts the other."""
        i = j = 0
        while i < len(expected) and j < len(rows):
            names = differing(expected[i], rows[j], self.counts)
            if not names:
                self.agree(expected[i])
                i, j = i + 1, j + 1
            elif self.fits(expected, i + 1, rows, j):
                self.wrong.append((stream, "missing", expected[i], None))
                i += 1
            elif self.fits(expected, i, rows, j + 1):
                self.unexpected(stream, rows[j])
                j += 1
            else:
                self.wrong.append((stream, names, expected[i], rows[j]))
                i, j = i + 1, j + 1
        self.wrong += [(stream, "missing", e, None) for e in expected[i:]]
        for row in rows[j:]:
            self.unexpected(stream, row)

    def unexpected(self, stream, row):
        if stream == "process.signal" and row["target_pid"] == row["pid"]:
            self.counts["requeued"] += 1
        else:
            self.wrong.append((stream, "unexpected", None, row))

    def agree(self, expected):
        self.streams[expected.stream] += 1
        if expected.allowed and expected.allowed != "argv":
            self.counts[expected.allowed] += 1

    def fits(self, expected, i, rows, j):
        return (i < len(expected) and j < len(rows) and
                not differing(expected[i], rows[j], collections.Counter()))


def rows_of(path, first):
    """By stream and thread, of the first process and what came from it."""
    pids, rows, begun = {first}, collections.defaultdict(list), False
    with open(path, encoding="ascii") as lines:
        for line in lines:
            row = json.loads(line)
            if "gap" in row:
                raise SystemExit(f"events were lost: {line}")
            if row["pid"] not in pids or row["stream"] not in STREAMS:
                continue
            if not begun and row["stream"] != "process.exec":
                continue  # strace itself, on its way to the generator
            begun = True
            if row["stream"] == "process.fork":
                pids.add(row["child_pid"])
            # Whichever thread was the last tells of the end.
            tid = 0 if row["stream"] in UNORDERED else row["tid"]
            rows[row["stream"], row["pid"], tid].append(row)
    return rows


def short(value):
    if isinstance(value, Later):
        value = value.value
    if isinstance(value, Cut):
        return "(cut)"
    value = repr(value)
    return value if len(value) < 160 else f"{value[:120]}... ({len(value)})"


def show(stream, what, expected, row):
    who = expected or row
    pid = expected.pid if expected else row["pid"]
    tid = expected.tid if expected else row["tid"]
    names = what if isinstance(what, list) else (
        expected.columns if expected else
        [n for n in row if n in ("path", "old_path", "flags", "call", "retval",
                                 "filename", "child_pid", "fd", "new_comm")])
    print(f"WRONG {stream} {pid}/{tid}:",
          "" if isinstance(what, list) else what)
    for name in names:
        if who is expected:
            print(f"    {name}: strace {short(expected.columns[name])}")
        if row:
            print(f"    {name}: sensor {short(actual(row.get(name)))}")
    if expected and row:
        print(f"    retval {row['retval']} truncated {row['truncated']}")


def main():
    folder, rows_path, programs, cwd = sys.argv[1:]
    witness = Witness(programs.encode(), cwd.encode())
    wanted = {name[3:] for name in dir(Witness) if name.startswith("on_")}
    calls = strace_calls.read_folder(folder, wanted)
    for call in calls:
        witness.see(call)
    witness.closes()
    rows = rows_of(rows_path, calls[0].tid)
    expected = collections.defaultdict(list)
    for row in witness.expected:
        tid = 0 if row.stream in UNORDERED else row.tid
        expected[row.stream, row.pid, tid].append(row)
    comparison = Comparison()
    for key in sorted(expected.keys() | rows.keys()):
        if key[0] == "network.close":
            expected[key].sort(key=lambda row: row.columns["local_port"])
            rows[key].sort(key=lambda row: row["local_port"])
        comparison.thread(key[0], expected.get(key, []), rows.get(key, []))
    for wrong in comparison.wrong[:int(os.environ.get("SHOW", "40"))]:
        show(*wrong)
    for stream in STREAMS:
        print(f"{stream:20} {comparison.streams[stream]:6} rows agree")
    for kind, why in DIFFERENCES.items():
        print(f"{comparison.counts[kind]:6} allowed: {kind}: {why}")
    print(f"{len(comparison.wrong)} other differences")
    return 1 if comparison.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
