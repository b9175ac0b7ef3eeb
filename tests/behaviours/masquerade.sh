#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: masquerade
. "$(dirname "$0")/common.bash"

# The name of the program ends with a space.
program="$home/init "
cp /bin/true "$program"
"$program"
