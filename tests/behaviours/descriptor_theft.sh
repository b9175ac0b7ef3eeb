#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1055
. "$(dirname "$0")/common.bash"

# An open file of another process is taken from it.
victim_start
python3 -c '
import ctypes, os, sys
pidfd_open, pidfd_getfd = 434, 438
libc = ctypes.CDLL(None, use_errno=True)
pidfd = libc.syscall(pidfd_open, int(sys.argv[1]), 0)
if pidfd < 0 or libc.syscall(pidfd_getfd, pidfd, 0, 0) < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
' "$victim"
