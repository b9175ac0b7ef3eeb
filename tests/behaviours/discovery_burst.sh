#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: discovery_burst
. "$(dirname "$0")/common.bash"

# The first minute after a break-in.
whoami >/dev/null
id >/dev/null
uname -a >/dev/null
who >/dev/null
users >/dev/null
cat /etc/passwd >/dev/null
cat /etc/group >/dev/null
