/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace file: a file head, then blocks. Integers are little-endian.
 *
 *   file head   0   8  magic, 89 "shrike" 0a
 *               8   4  version, TRACE_VERSION
 *              12   4  CRC-32C of the 12 bytes before
 *
 *   block       0   4  type, enum trace_block
 *               4   4  length of the payload, at most TRACE_PAYLOAD_MAX
 *               8   4  CRC-32C of type, length and payload
 *              12      payload
 *
 * INFO, always first and only there:
 *               0  16  boot id
 *              16  16  run id
 *              32   8  clock offset, ns
 *              40   8  start on the boot-time clock, ns
 *              48  32  digest of the rules that filtered, or 0
 *              80   8  recorded streams, bit i: stream i of the schema
 *              88   8  filtered streams, likewise
 *              96   4  flags, enum trace_flag
 *             100   4  length h of the host's name, below 256
 *             104   4  length s of the schema
 *             108   h  the host's name
 *         108 + h   s  message Schema (shrike.proto)
 *
 * ROWS, any number of:
 *               0   4  length n
 *               4   n  message Event, without contexts
 *
 * GAP           0   4  stream, as the schema numbers it
 *               4   4  0
 *               8   8  from, boot-time clock, ns
 *              16   8  to
 *              24   8  how many events were lost
 *
 * TURN          0   8  watermark, boot-time clock, ns
 *
 * END, always last: the totals of what lies before.
 *               0   8  rows
 *               8   8  gaps
 *              16   8  lost events, at most 2^64 - 1
 *              24   8  the last watermark
 *
 * Rows are in total order over the whole file, none lies before the watermark
 * that was written in front of it, and watermarks never go back. Times are in
 * [0, 2^62) and the offset is above -2^62 and below 2^62, so that their sum is
 * a time too.
 */
#ifndef SHRIKE_TRACE_TRACE_FORMAT_H
#define SHRIKE_TRACE_TRACE_FORMAT_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define TRACE_MAGIC "\x89shrike\n"
#define TRACE_VERSION 1

#define TRACE_HEAD_BYTES 16
#define TRACE_BLOCK_HEAD_BYTES 12
#define TRACE_INFO_BYTES 108 /* before its texts */
#define TRACE_GAP_BYTES 32
#define TRACE_TURN_BYTES 8
#define TRACE_END_BYTES 32

#define TRACE_PAYLOAD_MAX ((size_t)1024 * 1024)
/* A block of rows is closed when it is this long. */
#define TRACE_ROWS_BYTES ((size_t)64 * 1024)

enum trace_block {
	TRACE_INFO = 1,
	TRACE_ROWS = 2,
	TRACE_GAP = 3,
	TRACE_TURN = 4,
	TRACE_END = 5,
};

enum trace_flag {
	TRACE_SNAPSHOT_COMPLETE = 1 << 0,
};

#define TRACE_TIME_END (INT64_C(1) << 62)

static inline bool trace_time_ok(int64_t ns)
{
	return ns >= 0 && ns < TRACE_TIME_END;
}

static inline uint32_t trace_get32(const uint8_t *from)
{
	uint32_t v;

	memcpy(&v, from, sizeof(v));
	return le32toh(v);
}

static inline uint64_t trace_get64(const uint8_t *from)
{
	uint64_t v;

	memcpy(&v, from, sizeof(v));
	return le64toh(v);
}

static inline void trace_set32(uint8_t *to, uint32_t v)
{
	v = htole32(v);
	memcpy(to, &v, sizeof(v));
}

/* What the totals of `lost` do at the top: they stay there. */
static inline uint64_t trace_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

#endif
