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
