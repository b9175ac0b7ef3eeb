#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: reverse_shell
. "$(dirname "$0")/common.bash"

# A script run by bash talks to a server by itself.
coproc SERVER { shell_server; }
read -r port <&"${SERVER[0]}"
fact port "$port"
cat >"$home/talk" <<-END
	exec 3<>/dev/tcp/127.0.0.1/$port
	read -r line <&3
	echo "got \$line" >&3
END
timeout 120 bash "$home/talk"
