#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: writable_code
. "$(dirname "$0")/common.bash"

# As a loader of shell code does.
python3 -c '
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\xc3")
'
