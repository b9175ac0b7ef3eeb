#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: bpf_tracing
. "$(dirname "$0")/common.bash"

# A program for tracepoints that does nothing: r0 = 0; exit
python3 -c '
import ctypes, platform, struct, sys
numbers = {"x86_64": 321, "aarch64": 280}
insns = ctypes.create_string_buffer(
    struct.pack("<BBhiBBhi", 0xb7, 0, 0, 0, 0x95, 0, 0, 0), 16)
license = ctypes.create_string_buffer(b"GPL")
attr = ctypes.create_string_buffer(struct.pack(
    "<IIQQIIQII16s", 5, 2, ctypes.addressof(insns), ctypes.addressof(license),
    0, 0, 0, 0, 0, b"watcher"), 128)
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(libc.syscall(numbers[platform.machine()], 5, attr, 128) < 0)
'
