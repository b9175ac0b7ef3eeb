#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1059
. "$(dirname "$0")/common.bash"

# Programs that are not there, not allowed, not programs.
echo data >"$home/data"
python3 -c '
import os, sys
home = sys.argv[1]
open(home + "/text", "w").write("no program")
os.chmod(home + "/text", 0o755)
for path in home + "/nothing", home + "/data", home + "/text":
    try:
        os.execv(path, ["failed", "argument"])
    except OSError:
        pass
' "$home"
