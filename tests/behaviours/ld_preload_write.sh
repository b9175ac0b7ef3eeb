#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: ld_preload_write
. "$(dirname "$0")/common.bash"

in_private_etc ': >/etc/ld.so.preload'
