#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1106
. "$(dirname "$0")/common.bash"

# A program is run by its descriptor, not its name.
cp /bin/true "$home/program"
fact inode "$(stat -c %i "$home/program")"
python3 -c '
import os, sys
os.execve(os.open(sys.argv[1], os.O_RDONLY), ["by descriptor"], {})
' "$home/program"
