#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1620
. "$(dirname "$0")/common.bash"

# Files that no folder has.
"$TOOLS/odd_calls" seal 'kworker/u8:0'
"$TOOLS/odd_calls" secret || [[ $? == 77 ]]
