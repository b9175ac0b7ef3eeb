#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: bind_shell_spawned
. "$(dirname "$0")/common.bash"

# A server gives what it accepts to a shell of its own.
coproc SERVER { timeout 120 python3 -c '
import socket, subprocess
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
peer, _ = server.accept()
subprocess.run(["/bin/sh"], stdin=peer, stdout=peer, stderr=peer)
'; }
read -r port <&"${SERVER[0]}"
fact port "$port"
bind_shell_use "$port"
