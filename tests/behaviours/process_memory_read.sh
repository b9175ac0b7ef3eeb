#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: process_memory_read
. "$(dirname "$0")/common.bash"

# Opens its own memory, reads nothing.
dd if=/proc/self/mem of=/dev/null bs=1 count=0 status=none
