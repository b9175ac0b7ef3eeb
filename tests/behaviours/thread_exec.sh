#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1106
. "$(dirname "$0")/common.bash"

# A program is run by a thread that is not the first.
"$TOOLS/odd_calls" thread /bin/true
