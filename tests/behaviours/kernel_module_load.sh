#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: kernel_module_load
. "$(dirname "$0")/common.bash"

# A module that is none, from a folder that anyone can write: it is refused.
file=$(mktemp)
python3 -c '
import ctypes, os, platform, sys
numbers = {"x86_64": 313, "aarch64": 273}
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(sys.argv[1], os.O_RDONLY)
sys.exit(libc.syscall(numbers[platform.machine()], fd, b"hide=1", 0) == 0)
' "$file"
rm -f "$file"
