#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1611
. "$(dirname "$0")/common.bash"

# Root of a user namespace and a network of its own.
unshare --user --map-root-user --net true
