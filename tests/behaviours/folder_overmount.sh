#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1564
. "$(dirname "$0")/common.bash"

# An empty file system over a folder, and away again.
mkdir "$home/logs"
# shellcheck disable=SC2016 # $1 is the inner shell's
unshare --mount --propagation private sh -c '
	mount -t tmpfs -o nosuid,nodev none "$1" && umount "$1"
' - "$home/logs"
