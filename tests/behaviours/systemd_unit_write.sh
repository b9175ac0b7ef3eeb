#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# expects: systemd_unit_write
. "$(dirname "$0")/common.bash"

in_private_etc 'mkdir -p /etc/systemd/system
	echo "[Service]" >/etc/systemd/system/shrike-behaviour.service'
