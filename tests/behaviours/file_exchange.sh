#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1574
. "$(dirname "$0")/common.bash"

# Two files change places, in one step.
echo good >"$home/good"
echo evil >"$home/evil"
python3 -c '
import ctypes, sys
exchange = 2
libc = ctypes.CDLL(None, use_errno=True)
good, evil = (sys.argv[1] + name for name in ("/good", "/evil"))
sys.exit(libc.renameat2(-100, evil.encode(), -100, good.encode(), exchange))
' "$home"
mv "$home/evil" "$home/kept"
