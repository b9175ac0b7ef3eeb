#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An independent witness: 10,000 random operations, with odd names, in threads,
# namespaces and chroots, run under strace while the sensor records. What the
# sensor's rows say is what strace saw: the same operations by the same threads
# in the same order with the same arguments and results, stream by stream. What
# may differ, and why, is in tests/tools/witness.py, counted and printed.
#
# SEED repeats a run, COUNT changes its length, SHOW how many differences are
# printed, KEEP=FOLDER keeps what both saw.
. "$(dirname "$0")/lib.sh"
need_live
need_tool strace

seed=${SEED:-$((RANDOM << 15 | RANDOM))}
count=${COUNT:-10000}
echo "seed $seed"

mkdir "$work/calls" "$work/folder"
# strace's own calls flood a stream; nothing is to be held back for that.
sensor_launch record -o "$work/trace" --throttle 0 --ring 16777216
(cd "$work" && timeout 100 unshare --net strace -ff -A -yy -xx -v -s 65535 \
	-X raw --absolute-timestamps=format:unix,precision:ns \
	--pidns-translation -o "$work/calls/of" "$TOOLS/random_ops" \
	--seed "$seed" --count "$count" --folder "$work/folder" \
	--program "$TOOLS/exit_zero") >"$work/operations" ||
	fail 'the operations did not end'
sensor_stop_cleanly
tr ',' '\n' <"$work/operations" | tr -d '{}"' | paste -sd ' ' | fold -s -w 79
"$TOOLS/trace_rows" "$work/trace" >"$work/rows" || fail 'a damaged trace'
if [[ -n ${KEEP:-} ]]; then
	cp -r "$work/calls" "$work/rows" "$KEEP"
fi
(($(number_of operations "$(cat "$work/operations")") == count)) ||
	fail 'some operations were not begun'
python3 "$ROOT/tests/tools/witness.py" "$work/calls" "$work/rows" \
	"$work/folder/tools" "$work" ||
	fail "sensor and strace differ: SEED=$seed"
