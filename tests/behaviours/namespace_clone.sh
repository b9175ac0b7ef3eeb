#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1611
. "$(dirname "$0")/common.bash"

# A child that starts in a namespace of its own.
"$TOOLS/odd_calls" clone-uts
