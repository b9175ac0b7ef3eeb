#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1046
. "$(dirname "$0")/common.bash"

# Nobody listens there, by either protocol.
python3 -c '
import socket
for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    client = socket.socket(family)
    try:
        client.connect((host, 9))
    except OSError:
        pass
'
