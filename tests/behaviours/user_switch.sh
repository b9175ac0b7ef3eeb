#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1548.003
. "$(dirname "$0")/common.bash"

# As an administrator would.
su -s /bin/sh -c true nobody
