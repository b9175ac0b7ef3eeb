#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1106
. "$(dirname "$0")/common.bash"

# Files without one system call for them.
"$TOOLS/odd_calls" uring "$home" || exit $?
