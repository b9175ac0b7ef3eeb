#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1059.004
. "$(dirname "$0")/common.bash"

# A program is given a socket in place of its terminal.
python3 -c '
import os, socket
ours, theirs = socket.socketpair()
for fd in 0, 1, 2:
    os.dup2(theirs.fileno(), fd)
os.execv("/bin/true", ["true"])
'
