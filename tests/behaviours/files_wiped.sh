#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1485, T1070.004
. "$(dirname "$0")/common.bash"

# A folder and all in it.
mkdir "$home/data"
touch "$home/data/one" "$home/data/two"
rm -r "$home/data"
