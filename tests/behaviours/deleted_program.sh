#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1070.004
. "$(dirname "$0")/common.bash"

# The file of a program is gone when it runs.
cp /bin/sh "$home/gone"
python3 -c '
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.unlink(sys.argv[1])
os.execve(fd, ["gone", "-c", "exit 3"], {})
' "$home/gone" || [[ $? == 3 ]]
