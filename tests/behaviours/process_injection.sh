#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: process_injection
. "$(dirname "$0")/common.bash"

# A parent overwrites four bytes of its child's memory.
python3 -c '
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
word = ctypes.create_string_buffer(b"none", 8)
patch = ctypes.create_string_buffer(b"evil", 8)

class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]

child = os.fork()
if child == 0:
    signal.pause()
local = Iovec(ctypes.addressof(patch), 4)
remote = Iovec(ctypes.addressof(word), 4)
done = libc.process_vm_writev(child, ctypes.byref(local), 1,
                              ctypes.byref(remote), 1, 0)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
assert done == 4
'
