#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1014
. "$(dirname "$0")/common.bash"

# A table in the kernel.
python3 -c '
import ctypes, platform, struct, sys
numbers = {"x86_64": 321, "aarch64": 280}
attr = ctypes.create_string_buffer(
    struct.pack("<IIIIIII16s", 2, 4, 8, 1, 0, 0, 0, b"stolen_keys"), 128)
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(libc.syscall(numbers[platform.machine()], 0, attr, 128) < 0)
'
