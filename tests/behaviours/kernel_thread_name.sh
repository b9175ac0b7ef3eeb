#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1036.004
. "$(dirname "$0")/common.bash"

# A shell takes the name of a thread of the kernel.
bash -c 'echo -n "[kworker/0:1]" >/proc/self/comm; :'
