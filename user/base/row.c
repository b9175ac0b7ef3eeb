// SPDX-License-Identifier: Apache-2.0
#include "user/base/row.h"

#define ORDER(a, b) ((a) < (b) ? -1 : (a) > (b))

/*
 * The streams are numbered so that lifecycle sources rank first on equal ts,
 * fork before exec before what the new program does.
 */
int row_compare(const struct row *a, const struct row *b)
{
	if (a->ts != b->ts)
		return ORDER(a->ts, b->ts);
	if (a->stream != b->stream)
		return ORDER(a->stream, b->stream);
	if (a->cpu != b->cpu)
		return ORDER(a->cpu, b->cpu);
	return ORDER(a->seq, b->seq);
}

int64_t row_clock_offset(const struct row *row, int64_t otherwise)
{
	struct value real = row_get(row, COL_ts);
	struct value boot = row_get(row, COL_mono_ns);
	int64_t offset;

	if (real.type != VALUE_TIMESTAMP || boot.type != VALUE_INT ||
	    __builtin_sub_overflow(real.i, boot.i, &offset))
		return otherwise;
	return offset;
}
