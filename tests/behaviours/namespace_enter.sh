#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1611
. "$(dirname "$0")/common.bash"

# Into the namespaces of another process.
unshare --uts --ipc sleep 60 &
victim=$!
fact victim "$victim"
trap 'kill "$victim" 2>/dev/null || true; rm -rf "$home"' EXIT
own=$(readlink /proc/self/ns/uts)
until [[ $(readlink "/proc/$victim/ns/uts") != "$own" ]]; do
	sleep 0.02
done
nsenter --target "$victim" --uts --ipc true
