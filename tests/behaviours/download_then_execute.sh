#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: download_then_execute
. "$(dirname "$0")/common.bash"

# A program is fetched over HTTP and run.
mkdir "$home/www"
cp /bin/true "$home/www/payload"
coproc SERVER { file_server "$home/www"; }
read -r port <&"${SERVER[0]}"
fact port "$port"
if command -v curl >/dev/null; then
	curl -s -o "$home/payload" "http://127.0.0.1:$port/payload"
elif command -v wget >/dev/null; then
	wget -q -O "$home/payload" "http://127.0.0.1:$port/payload"
else
	python3 -c 'import sys, urllib.request as r
sys.stdout.buffer.write(r.urlopen(sys.argv[1]).read())' \
		"http://127.0.0.1:$port/payload" >"$home/payload"
fi
chmod +x "$home/payload"
"$home/payload"
