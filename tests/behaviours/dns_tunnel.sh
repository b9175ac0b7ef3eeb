#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: dns_tunnel
. "$(dirname "$0")/common.bash"

# 200 names, each a piece of a file, to a server that nobody runs.
timeout 120 unshare --net python3 -c '
import fcntl, os, socket, struct
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
up = fcntl.ioctl(client, 0x8913, struct.pack("16sh14x", b"lo", 0))
flags = struct.unpack("16sh14x", up)[1] | 1
fcntl.ioctl(client, 0x8914, struct.pack("16sh14x", b"lo", flags))
for i in range(200):
    labels = [os.urandom(25).hex(), "x%d" % i, "example", "net"]
    name = b"".join(bytes([len(l)]) + l.encode() for l in labels) + b"\0"
    query = struct.pack(">6H", i, 0x0100, 1, 0, 0, 0) + name
    client.sendto(query + struct.pack(">2H", 16, 1), ("127.0.0.1", 53))
'
