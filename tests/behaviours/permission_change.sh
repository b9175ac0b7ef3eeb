#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1222.002
. "$(dirname "$0")/common.bash"

# Everybody may do everything; somebody else owns it.
touch "$home/open"
chmod 777 "$home/open"
chown 65534:65534 "$home/open"
