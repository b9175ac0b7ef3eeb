#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: kernel_thread_name
. "$(dirname "$0")/common.bash"

python3 -c '
with open("/proc/self/comm", "w") as comm:
    comm.write("kworker/0:1")
'
