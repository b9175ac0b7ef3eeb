#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1059.004
. "$(dirname "$0")/common.bash"

# A script whose interpreter is a script.
printf '#!/bin/sh\nexit 0\n' >"$home/inner"
printf '#!%s -x\n' "$home/inner" >"$home/outer"
chmod 755 "$home/inner" "$home/outer"
"$home/outer" one
