#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1070.006
. "$(dirname "$0")/common.bash"

# A file from 2001.
touch "$home/old"
touch -m -d '2001-02-03 04:05:06 UTC' "$home/old"
