#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# technique: T1110.001
. "$(dirname "$0")/common.bash"

# Guesses, as sshd writes them down, and one that is right.
[[ -n ${AUTH_LOG:-} ]] || exit 77
line() {
	LC_ALL=C date "+%b %e %T host sshd[$$]: $*" >>"$AUTH_LOG"
}
line 'Failed password for invalid user oracle from 198.51.100.7 port 50001 ssh2'
line 'Failed password for root from 198.51.100.7 port 50002 ssh2'
line 'Accepted password for root from 198.51.100.7 port 50003 ssh2'
