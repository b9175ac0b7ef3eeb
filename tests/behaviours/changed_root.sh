#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1611
. "$(dirname "$0")/common.bash"

# What a process calls / is a folder of the host.
mkdir "$home/root"
python3 -c '
import os, sys
os.chroot(sys.argv[1])
os.chdir("/")
os.close(os.open("/secret", os.O_WRONLY | os.O_CREAT))
os.rename("/secret", "/stolen")
' "$home/root"
