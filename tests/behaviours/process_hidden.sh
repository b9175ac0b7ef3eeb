#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1564.001
. "$(dirname "$0")/common.bash"

# An empty folder over a process hides it from ps.
victim_start
mkdir "$home/empty"
unshare --mount --propagation private \
	mount --bind "$home/empty" "/proc/$victim"
