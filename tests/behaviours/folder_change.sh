#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1083
. "$(dirname "$0")/common.bash"

# Into a folder by its name, and back by a descriptor.
mkdir -p "$home/deep/er"
python3 -c '
import os, sys
here = os.open(sys.argv[1], os.O_RDONLY)
os.chdir(sys.argv[1])
os.chdir("deep/er")
os.fchdir(here)
os.execv("/bin/true", ["true"])
' "$home"
