#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: exec_from_memfd
. "$(dirname "$0")/common.bash"

# A program is copied to a memfd and run there.
python3 -c '
import os
fd = os.memfd_create("program", 0)
with open("/bin/true", "rb") as program:
    os.write(fd, program.read())
os.execve("/proc/self/fd/%d" % fd, ["program"], {})
'
