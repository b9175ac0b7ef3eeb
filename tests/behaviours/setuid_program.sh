#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1548.001
. "$(dirname "$0")/common.bash"

# Nobody runs a program that belongs to root and says so.
folder=$(mktemp -d /opt/.shrike-behaviour.XXXXXX)
trap 'rm -rf "$home" "$folder"' EXIT
fact folder "$folder"
chmod 755 "$folder"
cp /usr/bin/id "$folder/id"
chmod 4755 "$folder/id"
setpriv --reuid 65534 --regid 65534 --clear-groups "$folder/id" >/dev/null
