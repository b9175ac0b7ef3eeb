#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1055
. "$(dirname "$0")/common.bash"

# The memory of another process is read and written without a file.
python3 -c '
import ctypes, os, signal, sys
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
text = ctypes.create_string_buffer(b"secret", 16)
copy = ctypes.create_string_buffer(16)
child = os.fork()
if not child:
    signal.pause()
libc = ctypes.CDLL(None, use_errno=True)
here = Piece(ctypes.addressof(copy), 16)
there = Piece(ctypes.addressof(text), 16)
for call in libc.process_vm_readv, libc.process_vm_writev:
    done = call(child, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    if done != 16:
        sys.exit(os.strerror(ctypes.get_errno()))
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
print("child", child)
sys.exit(copy.value != b"secret")
' | facts
