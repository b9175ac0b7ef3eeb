#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1548
. "$(dirname "$0")/common.bash"

# A capability that programs run from here on may have.
setpriv --inh-caps +net_raw true
