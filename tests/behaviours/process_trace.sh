#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1055.008
. "$(dirname "$0")/common.bash"

# A running process is stopped as by a debugger, and let go.
victim_start
python3 -c '
import ctypes, os, sys
attach, detach = 16, 17
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
if libc.ptrace(attach, pid, 0, 0) < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
os.waitpid(pid, 0)
libc.ptrace(detach, pid, 0, 0)
' "$victim"
