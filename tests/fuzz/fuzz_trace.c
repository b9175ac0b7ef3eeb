// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a trace. The first two bytes choose the sizes of the pieces; the
 * checksums in the rest are made right, or nothing behind the first block would
 * ever be reached. Build as fuzz_row.c, with user/trace/[a-z]*.c, ledger/hash.c
 * and BLAKE3.
 */
#include "user/base/crc32c.h"
#include "user/trace/trace.h"
#include "user/trace/trace_format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int on_row(void *ctx, struct row *row, struct err *err)
{
	uint64_t *sum = ctx;

	(void)err;
	for (unsigned i = 0; i < row->value_count; i++)
		for (uint32_t k = 0;
		     value_is_bytes(row->values[i]) && k < row->values[i].len;
		     k++)
			*sum += row->values[i].p[k];
	return 0;
}

static void fix_checksums(uint8_t *file, size_t len)
{
	size_t at = TRACE_HEAD_BYTES;

	if (len < at)
		return;
	trace_set32(file + 12, crc32c(0, file, 12));
	while (len - at >= TRACE_BLOCK_HEAD_BYTES) {
		uint8_t *block = file + at;
		size_t payload = trace_get32(block + 4);
		uint32_t crc = crc32c(0, block, 8);

		at += TRACE_BLOCK_HEAD_BYTES;
		if (payload > len - at)
			return;
		crc = crc32c(crc, file + at, payload);
		trace_set32(block + 8, crc);
		at += payload;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint64_t sum = 0;
	const struct trace_events events = { .on_row = on_row, .ctx = &sum };
	struct trace_totals totals;
	struct trace_reader *reader;
	size_t piece, n;
	uint8_t *file;
	int ret = 0;

	if (len < 2)
		return 0;
	piece = 1 + (size_t)(bytes[0] << 8 | bytes[1]);
	len -= 2;
	file = malloc(len + 1);
	CHECK(file);
	memcpy(file, bytes + 2, len);
	fix_checksums(file, len);
	CHECK(trace_reader_new(&events, &reader, NULL) == 0);
	for (size_t at = 0; at < len && !ret; at += n) {
		n = len - at < piece ? len - at : piece;
		ret = trace_reader_feed(reader, file + at, n, NULL);
	}
	trace_reader_end(reader, &totals, NULL);
	trace_reader_free(reader);
	free(file);
	return 0;
}
