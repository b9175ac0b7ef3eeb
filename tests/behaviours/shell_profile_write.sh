#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: shell_profile_write
. "$(dirname "$0")/common.bash"

echo ': a line' >>"$home/.bashrc"
