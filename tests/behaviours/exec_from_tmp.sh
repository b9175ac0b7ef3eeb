#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: exec_from_tmp
. "$(dirname "$0")/common.bash"

# A program is copied to /tmp and run there.
there=$(mktemp -d /tmp/shrike-behaviour.XXXXXX)
trap 'rm -rf "$home" "$there"' EXIT
fact there "$there"
cp /bin/true "$there/program"
"$there/program"
