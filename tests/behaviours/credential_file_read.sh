#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: credential_file_read
. "$(dirname "$0")/common.bash"

cat /etc/shadow >/dev/null
