#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every event that attack imitations from outside must leave is in a recording
# of all streams. The scripts are not part of the project: BEHAVIOURS names
# their folder, by default the one beside the checkout; without it the test is
# skipped.
. "$(dirname "$0")/lib.sh"
need_live
folder=${BEHAVIOURS:-$ROOT/../shared/data/behaviours}
[[ -d $folder ]] || skip "outside data: no attack scripts in $folder"
table=$ROOT/tests/e2e/behaviours.table
for script in "$folder"/*.sh; do
	grep -q "^$(basename "$script" .sh) " "$table" ||
		fail "$script has no line in $table"
done

# They wait half a second for their servers, which a busy machine may not make.
export SLOW=${SLOW:-2}
bash "$ROOT/tests/behaviours/record.bash" "$work/recorded" "$folder"/*.sh ||
	fail 'the scripts were not recorded'
python3 "$ROOT/tests/behaviours/check.py" "$SHRIKE" "$table" "$work/recorded" ||
	fail 'the recording is not what the table says'
