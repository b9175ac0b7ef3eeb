#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: port_scan
. "$(dirname "$0")/common.bash"

# 300 closed ports of loopback, one attempt each.
"$TOOLS/load_connect" --count 300 --port 20001 --ports 300 >/dev/null
