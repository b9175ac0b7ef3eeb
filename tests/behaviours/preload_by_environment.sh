#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: preload_by_environment
. "$(dirname "$0")/common.bash"

# There is no such library: the loader says so and goes on.
LD_PRELOAD=/tmp/no-such-library.so /bin/true 2>/dev/null
