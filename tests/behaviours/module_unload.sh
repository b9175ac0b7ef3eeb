#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1562.001
. "$(dirname "$0")/common.bash"

# Away with a module, which is not there.
"$TOOLS/odd_calls" unload shrike_behaviour
