#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1095
. "$(dirname "$0")/common.bash"

# Data in an echo request, which no port is needed for.
python3 -c '
import socket
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
raw.sendto(b"\x08\0\xf7\xff\0\0\0\0" + b"\0" * 24, ("127.0.0.1", 0))
'
