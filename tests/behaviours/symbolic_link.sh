#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1547.009
. "$(dirname "$0")/common.bash"

# A harmless name leads to another file.
mkdir "$home/folder"
(cd "$home/folder" && ln -s ../../etc/shadow notes)
