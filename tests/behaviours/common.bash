# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the behaviours share. One with a line `# expects:` is named after the rule
# it sets off and says which rules must match, no more and no fewer; no shipped
# rule is about the others, which name a technique of ATT&CK instead. The events
# that each must leave are in tests/e2e/behaviours.table. All of them stay on
# loopback and in folders of their own; what is written below /etc is written in
# a mount namespace whose /etc is an empty tmpfs. TOOLS names the folder with the
# built test tools. A behaviour that this machine cannot show exits with 77.
set -euo pipefail

# A folder that is not world-writable, so that exec_from_tmp stays quiet.
home=$(mktemp -d /root/.shrike-behaviour.XXXXXX)
trap 'rm -rf "$home"' EXIT
[[ -z ${FACTS:-} ]] ||
	printf '%s home %s\n' "$(basename "$0" .sh)" "$home" >>"$FACTS"

# shell_server: print a free port, accept once, send `exit`, read to the end.
shell_server() {
	timeout 120 python3 -c '
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
peer, _ = server.accept()
peer.sendall(b"exit\n")
while peer.recv(4096):
    pass
'
}

# file_server DIR: print a free port, answer one HTTP request.
file_server() {
	timeout 120 python3 -c '
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                            directory=sys.argv[1])
server = http.server.HTTPServer(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.handle_request()
' "$1" 2>/dev/null
}

# fact NAME VALUE: what {NAME} of this behaviour means in behaviours.table.
fact() {
	[[ -z ${FACTS:-} ]] ||
		printf '%s %s %s\n' "$(basename "$0" .sh)" "$1" "$2" >>"$FACTS"
}

# facts: the same of the lines NAME VALUE of standard input.
facts() {
	local name value

	while read -r name value; do
		fact "$name" "$value"
	done
}

# victim_start: a process to do something to, once it runs its program; its pid
# is in victim.
victim_start() {
	local name=

	sleep 60 &
	victim=$!
	until [[ $name == sleep ]]; do
		read -r name <"/proc/$victim/comm"
	done
	fact victim "$victim"
	trap 'kill "$victim" 2>/dev/null || true; rm -rf "$home"' EXIT
}

# in_private_etc SCRIPT: run it where /etc is empty and nobody else's.
in_private_etc() {
	# shellcheck disable=SC2016 # $1 is the inner shell's
	unshare --mount --propagation private -- bash -c '
		set -e
		mount -t tmpfs tmpfs /etc
		eval "$1"
	' private_etc "$1"
}

# bind_shell_use PORT: have the shell that waits there end.
bind_shell_use() {
	timeout 120 python3 -c '
import socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
peer.sendall(b"exit\n")
while peer.recv(4096):
    pass
' "$1"
}
