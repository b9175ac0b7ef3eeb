#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every event that our own behaviours must leave is in a recording of all
# streams, with the right process, path, address and numbers.
. "$(dirname "$0")/lib.sh"
need_live

bash "$ROOT/tests/behaviours/record.bash" "$work/recorded" \
	"$ROOT"/tests/behaviours/*.sh || fail 'the behaviours were not recorded'
python3 "$ROOT/tests/behaviours/check.py" "$SHRIKE" \
	"$ROOT/tests/e2e/behaviours.table" "$work/recorded" ||
	fail 'the recording is not what the table says'
