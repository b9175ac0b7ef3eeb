#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1574
. "$(dirname "$0")/common.bash"

# A second name of a file, which stays when the first is removed.
echo secret >"$home/first"
fact inode "$(stat -c %i "$home/first")"
ln "$home/first" "$home/second"
rm "$home/first"
cat "$home/second" >/dev/null
