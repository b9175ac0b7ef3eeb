#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1106
. "$(dirname "$0")/common.bash"

# Calls of the 32-bit table, which filters forget.
echo secret >"$home/found"
fact inode "$(stat -c %i "$home/found")"
"$TOOLS/odd_calls" compat "$home/found" || exit $?
