#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1055
. "$(dirname "$0")/common.bash"

# Memory that processes share, and may run.
"$TOOLS/odd_calls" shmat
