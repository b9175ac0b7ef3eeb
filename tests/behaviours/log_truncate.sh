#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1070.002
. "$(dirname "$0")/common.bash"

# A log loses its lines, by name and by descriptor.
echo line >"$home/auth.log"
python3 -c '
import os, sys
os.truncate(sys.argv[1], 2)
' "$home/auth.log"
truncate -s 0 "$home/auth.log"
