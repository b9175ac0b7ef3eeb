#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1489, T1562.001
. "$(dirname "$0")/common.bash"

# What shall not run is ended: asked first, then not.
victim_start
kill -CONT "$victim"
kill -KILL "$victim"
wait "$victim" || true
