#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1036.011
. "$(dirname "$0")/common.bash"

# The arguments tell of another program.
(exec -a '[kworker/u8:2-events]' sleep 0)
