#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1571
. "$(dirname "$0")/common.bash"

# A port is opened; somebody comes, is answered and goes.
python3 -c '
import os, socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(3)
port = server.getsockname()[1]
client = socket.create_connection(("127.0.0.1", port))
peer, address = server.accept()
client.sendall(b"hello")
assert peer.recv(5) == b"hello"
peer.sendall(b"goodbye")
peer.shutdown(socket.SHUT_WR)
assert client.recv(100) == b"goodbye" and client.recv(100) == b""
client.close()
assert peer.recv(100) == b""
print("port", port)
print("client", address[1])
print("pid", os.getpid())
' | facts
