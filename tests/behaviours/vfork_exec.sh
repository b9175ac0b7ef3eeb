#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1106
. "$(dirname "$0")/common.bash"

# A program is run by a child that shares its memory.
"$TOOLS/odd_calls" vfork /bin/true
