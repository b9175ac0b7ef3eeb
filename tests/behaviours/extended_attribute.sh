#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1564.004
. "$(dirname "$0")/common.bash"

# Data where no listing shows it.
touch "$home/file"
python3 -c '
import os, sys
os.setxattr(sys.argv[1], "trusted.note", b"payload")
os.removexattr(sys.argv[1], "trusted.note")
' "$home/file"
