// SPDX-License-Identifier: Apache-2.0
/*
 * Reads trace files. Pieces gather until a block is whole; a block is believed
 * when its checksum is right, and even then nothing in it is trusted: anyone
 * can write a file with right checksums.
 */
#include "user/trace/trace.h"

#include "ledger/hash.h"
#include "user/base/crc32c.h"
#include "user/trace/trace_format.h"
#include "user/trace/trace_info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

BUILD_CHECK(LEDGER_DIGEST_BYTES == 32);

#define SCHEMA_BYTES_MAX ((size_t)16 * 1024 * 1024)
/* One row, unpacked: a hostile message takes many times its own length. */
#define ROW_MEMORY_MAX ((size_t)64 * 1024 * 1024)

enum reader_state {
	READER_HEAD,
	READER_INFO,
	READER_BLOCKS,
	READER_ENDED,
};

struct trace_reader {
	struct trace_events events;
	enum reader_state state;
	int failed;	 /* what an earlier call returned */
	struct buf held; /* the beginning of a unit that is not whole yet */
	uint64_t offset; /* in the file, of the unit at hand */
	struct arena schema_arena;
	struct arena row_arena; /* of one row */
	const struct row_schema *schema;
	struct trace_totals totals;
	bool any_row;
	struct row last; /* its id, for the order */
};

int trace_reader_new(const struct trace_events *events,
		     struct trace_reader **ret_reader, struct err *err)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return err_nomem(err);
	reader->events = *events;
	reader->totals.end_ns = INT64_MIN;
	arena_init(&reader->schema_arena, SCHEMA_BYTES_MAX);
	arena_init(&reader->row_arena, ROW_MEMORY_MAX);
	*ret_reader = reader;
	return 0;
}

struct trace_reader *trace_reader_free(struct trace_reader *reader)
{
	if (!reader)
		return NULL;
	arena_release(&reader->row_arena);
	arena_release(&reader->schema_arena);
	buf_release(&reader->held);
	free(reader);
	return NULL;
}

static int damaged(const struct trace_reader *reader, struct err *err,
		   const char *what)
{
	return err_set(err, ERR_DAMAGED, -EBADMSG,
		       "damaged at byte %llu: %s; it was read up to the last "
		       "good block",
		       (unsigned long long)reader->offset, what);
}

static int not_a_trace(struct err *err)
{
	return err_set(err, ERR_INPUT, -EBADMSG, "this is no trace");
}

static int read_head(struct trace_reader *reader, const uint8_t *head,
		     struct err *err)
{
	uint32_t version = trace_get32(head + 8);

	if (memcmp(head, TRACE_MAGIC, 8) != 0 ||
	    crc32c(0, head, 12) != trace_get32(head + 12))
		return not_a_trace(err);
	if (version != TRACE_VERSION)
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "a trace of version %u, which is newer than "
			       "this program (version %u)",
			       version, TRACE_VERSION);
	reader->state = READER_INFO;
	return 0;
}

static int read_info(struct trace_reader *reader, const uint8_t *payload,
		     size_t len, struct err *err)
{
	const struct trace_events *events = &reader->events;
	uint8_t id[LEDGER_DIGEST_BYTES];
	struct trace_info info;
	struct digest digest;
	int ret;

	ret = trace_info_read(payload, len, &reader->schema_arena, &info,
			      &reader->schema, err);
	if (ret)
		return ret;
	reader->state = READER_BLOCKS;
	digest_init(&digest);
	digest_put(&digest, payload, len);
	digest_final(&digest, id, sizeof(id));
	return events->on_info ? events->on_info(events->ctx, &info, id, err) :
				 0;
}

static int read_row(struct trace_reader *reader, const uint8_t *bytes,
		    size_t len, struct err *err)
{
	const struct trace_events *events = &reader->events;
	struct err why = { 0 };
	struct row *row;
	int ret;

	reader->totals.rows++;
	arena_reset(&reader->row_arena);
	ret = row_decode(bytes, len, reader->schema, &reader->row_arena, &row,
			 &why);
	/* Of a stream that this catalog does not have: no rule names it. */
	if (ret == -ENOTSUP)
		return 0;
	if (ret)
		return damaged(reader, err, why.text);
	if (!trace_time_ok(row->ts))
		return damaged(reader, err, "a row of an impossible time");
	if (row->ts < reader->totals.end_ns ||
	    (reader->any_row && row_compare(&reader->last, row) > 0))
		return damaged(reader, err, "a row is out of order");
	reader->any_row = true;
	memcpy(&reader->last, row, sizeof(reader->last));
	return events->on_row ? events->on_row(events->ctx, row, err) : 0;
}

static int read_rows(struct trace_reader *reader, const uint8_t *payload,
		     size_t len, struct err *err)
{
	size_t row_len;
	int ret;

	while (len) {
		row_len = len < 4 ? SIZE_MAX : trace_get32(payload);
		if (len < 4 || row_len > len - 4)
			return damaged(reader, err, "a row is cut short");
		ret = read_row(reader, payload + 4, row_len, err);
		if (ret)
			return ret;
		payload += 4 + row_len;
		len -= 4 + row_len;
	}
	return 0;
}

static int read_gap(struct trace_reader *reader, const uint8_t *payload,
		    size_t len, struct err *err)
{
	const struct trace_events *events = &reader->events;
	const struct stream *stream;
	int64_t from, to;
	uint64_t count;
	int ret;

	if (len != TRACE_GAP_BYTES || trace_get32(payload + 4))
		return damaged(reader, err, "malformed gap");
	from = (int64_t)trace_get64(payload + 8);
	to = (int64_t)trace_get64(payload + 16);
	count = trace_get64(payload + 24);
	if (from >= to || !trace_time_ok(from) || !trace_time_ok(to))
		return damaged(reader, err, "malformed gap");
	reader->totals.gaps++;
	reader->totals.lost = trace_add(reader->totals.lost, count);
	ret = row_schema_stream(reader->schema, trace_get32(payload), &stream,
				NULL);
	if (ret == -ENOTSUP)
		return 0;
	if (ret)
		return damaged(reader, err, "a gap of an unknown stream");
	return events->on_gap ? events->on_gap(events->ctx, stream->id, from,
					       to, count, err) :
				0;
}

static int read_turn(struct trace_reader *reader, const uint8_t *payload,
		     size_t len, struct err *err)
{
	const struct trace_events *events = &reader->events;
	int64_t watermark;

	if (len != TRACE_TURN_BYTES)
		return damaged(reader, err, "malformed turn");
	watermark = (int64_t)trace_get64(payload);
	if (!trace_time_ok(watermark))
		return damaged(reader, err, "malformed turn");
	if (watermark < reader->totals.end_ns)
		return damaged(reader, err, "the watermark goes back");
	reader->totals.end_ns = watermark;
	return events->on_turn ? events->on_turn(events->ctx, watermark, err) :
				 0;
}

static int read_end(struct trace_reader *reader, const uint8_t *payload,
		    size_t len, struct err *err)
{
	const struct trace_totals *totals = &reader->totals;

	if (len != TRACE_END_BYTES)
		return damaged(reader, err, "malformed end");
	if (trace_get64(payload) != totals->rows ||
	    trace_get64(payload + 8) != totals->gaps ||
	    trace_get64(payload + 16) != totals->lost ||
	    (int64_t)trace_get64(payload + 24) != totals->end_ns)
		return damaged(reader, err, "blocks are missing");
	reader->state = READER_ENDED;
	return 0;
}

static int read_block(struct trace_reader *reader, const uint8_t *block,
		      size_t len, struct err *err)
{
	const uint8_t *payload = block + TRACE_BLOCK_HEAD_BYTES;
	uint32_t type = trace_get32(block), crc;
	int ret;

	len -= TRACE_BLOCK_HEAD_BYTES;
	crc = crc32c(crc32c(0, block, 8), payload, len);
	if (crc != trace_get32(block + 8))
		return damaged(reader, err, "a wrong checksum");
	if ((type == TRACE_INFO) != (reader->state == READER_INFO))
		return damaged(reader, err, "the description is misplaced");
	switch (type) {
	case TRACE_INFO:
		ret = read_info(reader, payload, len, err);
		break;
	case TRACE_ROWS:
		ret = read_rows(reader, payload, len, err);
		break;
	case TRACE_GAP:
		ret = read_gap(reader, payload, len, err);
		break;
	case TRACE_TURN:
		ret = read_turn(reader, payload, len, err);
		break;
	case TRACE_END:
		ret = read_end(reader, payload, len, err);
		break;
	default:
		ret = damaged(reader, err, "an unknown kind of block");
		break;
	}
	return ret;
}

/*
 * How long the unit is that begins with these bytes, as far as they tell: the
 * file's head, a block's head, or a block.
 */
static int unit_bytes(const struct trace_reader *reader, const uint8_t *bytes,
		      size_t len, size_t *ret_bytes, struct err *err)
{
	size_t payload;

	if (reader->state == READER_HEAD) {
		*ret_bytes = TRACE_HEAD_BYTES;
		return 0;
	}
	if (reader->state == READER_ENDED)
		return damaged(reader, err, "bytes behind the end");
	if (len < TRACE_BLOCK_HEAD_BYTES) {
		*ret_bytes = TRACE_BLOCK_HEAD_BYTES;
		return 0;
	}
	payload = trace_get32(bytes + 4);
	if (payload > TRACE_PAYLOAD_MAX)
		return damaged(reader, err, "an impossible length");
	*ret_bytes = TRACE_BLOCK_HEAD_BYTES + payload;
	return 0;
}

static int read_unit(struct trace_reader *reader, const uint8_t *bytes,
		     size_t len, struct err *err)
{
	int ret;

	if (reader->state == READER_HEAD)
		ret = read_head(reader, bytes, err);
	else
		ret = read_block(reader, bytes, len, err);
	if (!ret)
		reader->offset += len;
	return ret;
}

/* Add to `held` until it is a whole unit, then read that. */
static int feed_held(struct trace_reader *reader, const uint8_t **bytes,
		     size_t *len, struct err *err)
{
	struct buf *held = &reader->held;
	size_t unit, take;
	int ret;

	ret = unit_bytes(reader, held->bytes, held->len, &unit, err);
	if (ret)
		return ret;
	take = unit - held->len < *len ? unit - held->len : *len;
	if (buf_put(held, *bytes, take))
		return err_nomem(err);
	*bytes += take;
	*len -= take;
	ret = unit_bytes(reader, held->bytes, held->len, &unit, err);
	if (ret || held->len < unit)
		return ret;
	ret = read_unit(reader, held->bytes, unit, err);
	buf_reset(held);
	return ret;
}

static int feed(struct trace_reader *reader, const uint8_t *bytes, size_t len,
		struct err *err)
{
	size_t unit;
	int ret;

	while (len) {
		if (reader->held.len) {
			ret = feed_held(reader, &bytes, &len, err);
			if (ret)
				return ret;
			continue;
		}
		ret = unit_bytes(reader, bytes, len, &unit, err);
		if (ret)
			return ret;
		if (unit > len)
			return buf_put(&reader->held, bytes, len) ?
				       err_nomem(err) :
				       0;
		ret = read_unit(reader, bytes, unit, err);
		if (ret)
			return ret;
		bytes += unit;
		len -= unit;
	}
	return 0;
}

static int failed_before(const struct trace_reader *reader, struct err *err)
{
	return err_set(err, ERR_DAMAGED, reader->failed,
		       "reading failed before");
}

int trace_reader_feed(struct trace_reader *reader, const void *bytes,
		      size_t len, struct err *err)
{
	int ret;

	if (reader->failed)
		return failed_before(reader, err);
	ret = feed(reader, bytes, len, err);
	reader->failed = ret;
	return ret;
}

int trace_reader_end(struct trace_reader *reader,
		     struct trace_totals *ret_totals, struct err *err)
{
	if (reader->failed)
		return failed_before(reader, err);
	if (reader->state == READER_HEAD)
		return not_a_trace(err);
	if (reader->state != READER_ENDED)
		return damaged(reader, err,
			       reader->held.len ?
				       "it ends inside a block (was the sensor "
				       "stopped hard?)" :
				       "it has no end (was the sensor stopped "
				       "hard?)");
	*ret_totals = reader->totals;
	return 0;
}
