#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1499.004
. "$(dirname "$0")/common.bash"

# An exploit that fails.
sh -c 'ulimit -c 0; kill -SEGV $$' 2>/dev/null || [[ $? == 139 ]]
