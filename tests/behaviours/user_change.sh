#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1078.003
. "$(dirname "$0")/common.bash"

# Root becomes nobody, for good.
setpriv --reuid 65534 --regid 65534 --clear-groups true
