#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1003.008
. "$(dirname "$0")/common.bash"

# Nobody may not read it.
setpriv --reuid 65534 --regid 65534 --clear-groups cat /etc/shadow 2>/dev/null ||
	[[ $? == 1 ]]
