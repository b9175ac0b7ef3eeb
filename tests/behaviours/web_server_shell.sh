#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: web_server_shell
. "$(dirname "$0")/common.bash"

# A copy of bash under a web server's name starts a shell.
cp /bin/bash "$home/nginx"
"$home/nginx" -c 'sh -c :; :'
