#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: ssh_key_write
. "$(dirname "$0")/common.bash"

mkdir "$home/.ssh"
echo 'ssh-ed25519 AAAA nobody@example' >>"$home/.ssh/authorized_keys"
