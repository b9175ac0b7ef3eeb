#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: bind_shell
. "$(dirname "$0")/common.bash"

# What shellcode does: listen, accept, dup2, execve, all in one process.
coproc SERVER { timeout 120 python3 -c '
import os, socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
peer, _ = server.accept()
for fd in range(3):
    os.dup2(peer.fileno(), fd)
os.execv("/bin/sh", ["sh"])
'; }
read -r port <&"${SERVER[0]}"
fact port "$port"
bind_shell_use "$port"
