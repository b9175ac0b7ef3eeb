#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1574.006
. "$(dirname "$0")/common.bash"

# A library of ours before all others.
LD_PRELOAD=$home/none.so LD_LIBRARY_PATH=$home /bin/true 2>/dev/null
