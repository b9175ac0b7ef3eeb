#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: shell_from_tool
. "$(dirname "$0")/common.bash"

awk 'BEGIN { system("/bin/sh -c true") }'
