#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1222.002
. "$(dirname "$0")/common.bash"

# A file that cannot be changed, until it can.
touch "$home/fixed"
chattr +i "$home/fixed" 2>/dev/null || exit 77
chattr -i "$home/fixed"
