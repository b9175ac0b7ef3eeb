#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1620
. "$(dirname "$0")/common.bash"

# Code is written first and made executable after.
python3 -c '
import ctypes, mmap, sys
code = mmap.mmap(-1, 8192)
code.write(b"\xc3")
at = ctypes.addressof(ctypes.c_char.from_buffer(code))
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(libc.mprotect(ctypes.c_void_p(at), 8192,
                       mmap.PROT_READ | mmap.PROT_EXEC) != 0)
'
