#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1040
. "$(dirname "$0")/common.bash"

# A socket that sees all packets of the machine.
python3 -c '
import socket
socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)).close()
'
