// SPDX-License-Identifier: Apache-2.0
/*
 * Writes trace files. Blocks gather in memory and go out whole, at the latest
 * at the end of a turn: a sensor that is stopped hard loses one turn. When a
 * write fails the file is cut back to the last whole block, so that what is
 * there stays readable.
 */
#include "user/trace/trace.h"

#include "user/base/crc32c.h"
#include "user/event/codec.h"
#include "user/trace/trace_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_BLOCK SIZE_MAX

BUILD_CHECK(STREAM_COUNT <= 64);

struct trace_writer {
	int fd;
	int failed; /* what an earlier write returned */
	char *path;
	struct buf out;
	size_t block;	  /* where in `out` an open block begins, or NO_BLOCK */
	off_t good_bytes; /* of the file: whole blocks */
	struct trace_totals totals;
	bool any_row;
	struct row last; /* its id, for the order */
};

static int write_failed(struct trace_writer *writer, int error, struct err *err)
{
	int ignored;

	writer->failed = -error;
	/* Best effort: a reader also stops in front of half a block. */
	ignored = ftruncate(writer->fd, writer->good_bytes);
	(void)ignored;
	return err_set(err, ERR_INPUT, -error, "cannot write %s: %s",
		       writer->path, strerror(error));
}

/* Write what is pending; the blocks in it are closed. */
static int flush(struct trace_writer *writer, struct err *err)
{
	const uint8_t *from = writer->out.bytes;
	size_t left = writer->out.len;

	CHECK(writer->block == NO_BLOCK);
	while (left) {
		ssize_t n = write(writer->fd, from, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return write_failed(writer, n ? errno : EIO, err);
		from += n;
		left -= (size_t)n;
	}
	writer->good_bytes += (off_t)writer->out.len;
	buf_reset(&writer->out);
	return 0;
}

static void block_open(struct trace_writer *writer, enum trace_block type)
{
	CHECK(writer->block == NO_BLOCK);
	writer->block = writer->out.len;
	buf_put_le32(&writer->out, type);
	buf_put_le32(&writer->out, 0);
	buf_put_le32(&writer->out, 0);
}

static int block_close(struct trace_writer *writer, struct err *err)
{
	uint8_t *head;
	size_t payload;
	uint32_t crc;

	if (writer->block == NO_BLOCK)
		return 0;
	if (writer->out.failed) {
		writer->failed = writer->out.failed;
		return err_nomem(err);
	}
	head = writer->out.bytes + writer->block;
	payload = writer->out.len - writer->block - TRACE_BLOCK_HEAD_BYTES;
	CHECK(payload <= TRACE_PAYLOAD_MAX);
	trace_set32(head + 4, (uint32_t)payload);
	crc = crc32c(0, head, 8);
	crc = crc32c(crc, head + TRACE_BLOCK_HEAD_BYTES, payload);
	trace_set32(head + 8, crc);
	writer->block = NO_BLOCK;
	return 0;
}

static int check_usable(const struct trace_writer *writer, struct err *err)
{
	if (!writer->failed)
		return 0;
	return err_set(err, ERR_INPUT, writer->failed,
		       "%s: writing failed before", writer->path);
}

static void put_head(struct buf *out)
{
	buf_put(out, TRACE_MAGIC, 8);
	buf_put_le32(out, TRACE_VERSION);
	if (!out->failed)
		buf_put_le32(out, crc32c(0, out->bytes, 12));
}

static uint64_t stream_bits(const bool streams[STREAM_COUNT])
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < STREAM_COUNT; i++)
		bits |= (uint64_t)streams[i] << i;
	return bits;
}

static int put_info(struct trace_writer *writer, const struct trace_info *info,
		    struct err *err)
{
	size_t host_len = strnlen(info->host, sizeof(info->host));
	struct buf schema = BUF_INIT, *out = &writer->out;
	int ret;

	CHECK(host_len < sizeof(info->host));
	ret = row_schema_encode(&schema, err);
	if (!ret) {
		block_open(writer, TRACE_INFO);
		buf_put(out, info->boot_id, sizeof(info->boot_id));
		buf_put(out, info->run_id, sizeof(info->run_id));
		buf_put_le64(out, (uint64_t)info->clock_offset_ns);
		buf_put_le64(out, (uint64_t)info->start_ns);
		buf_put(out, info->rules_digest, sizeof(info->rules_digest));
		buf_put_le64(out, stream_bits(info->streams));
		buf_put_le64(out, stream_bits(info->filtered));
		buf_put_le32(out, info->snapshot_complete ?
					  TRACE_SNAPSHOT_COMPLETE :
					  0);
		buf_put_le32(out, (uint32_t)host_len);
		buf_put_le32(out, (uint32_t)schema.len);
		buf_put(out, info->host, host_len);
		buf_put(out, schema.bytes, schema.len);
		ret = block_close(writer, err);
	}
	buf_release(&schema);
	return ret;
}

static int open_new(const char *path, int *ret_fd, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_USAGE, -EEXIST,
			       "%s exists already and is not overwritten",
			       path);
	if (fd < 0)
		return err_set(err, ERR_USAGE, -errno, "cannot create %s: %s",
			       path, strerror(errno));
	*ret_fd = fd;
	return 0;
}

int trace_create(const char *path, const struct trace_info *info,
		 struct trace_writer **ret_writer, struct err *err)
{
	struct trace_writer *writer = calloc(1, sizeof(*writer));
	int ret;

	if (!writer)
		return err_nomem(err);
	writer->fd = -1;
	writer->block = NO_BLOCK;
	writer->totals.end_ns = INT64_MIN;
	writer->path = strdup(path);
	ret = writer->path ? open_new(path, &writer->fd, err) : err_nomem(err);
	if (!ret) {
		put_head(&writer->out);
		ret = put_info(writer, info, err);
	}
	if (!ret)
		ret = flush(writer, err);
	if (ret) {
		trace_abandon(writer);
		return ret;
	}
	*ret_writer = writer;
	return 0;
}

/* What a reader would refuse must not be written. */
static int check_row_order(const struct trace_writer *writer,
			   const struct row *row, struct err *err)
{
	if (trace_time_ok(row->ts) && row->ts >= writer->totals.end_ns &&
	    (!writer->any_row || row_compare(&writer->last, row) <= 0))
		return 0;
	return err_set(err, ERR_INTERNAL, -EINVAL,
		       "%s: a row of %s is out of order", writer->path,
		       catalog_stream(row->stream)->name);
}

int trace_write_row(struct trace_writer *writer, const struct row *row,
		    struct err *err)
{
	size_t start, len;
	int ret;

	ret = check_usable(writer, err);
	if (!ret)
		ret = check_row_order(writer, row, err);
	if (ret)
		return ret;
	if (writer->block == NO_BLOCK)
		block_open(writer, TRACE_ROWS);
	start = writer->out.len;
	buf_put_le32(&writer->out, 0);
	ret = row_encode(row, false, &writer->out, err);
	if (ret) {
		/* Nothing of this row stays; the next may be fine. */
		if (writer->out.failed)
			writer->failed = ret;
		else
			writer->out.len = start;
		return ret;
	}
	len = writer->out.len - start - 4;
	trace_set32(writer->out.bytes + start, (uint32_t)len);
	writer->totals.rows++;
	writer->any_row = true;
	memcpy(&writer->last, row, sizeof(writer->last));
	if (writer->out.len - writer->block < TRACE_ROWS_BYTES)
		return 0;
	ret = block_close(writer, err);
	return ret ? ret : flush(writer, err);
}

int trace_write_gap(struct trace_writer *writer, enum stream_id stream,
		    int64_t from, int64_t to, uint64_t count, struct err *err)
{
	int ret;

	CHECK(stream < STREAM_COUNT);
	ret = check_usable(writer, err);
	if (!ret && (from >= to || !trace_time_ok(from) || !trace_time_ok(to)))
		ret = err_set(err, ERR_INTERNAL, -EINVAL,
			      "%s: a gap that is none", writer->path);
	if (!ret)
		ret = block_close(writer, err);
	if (ret)
		return ret;
	block_open(writer, TRACE_GAP);
	buf_put_le32(&writer->out, stream);
	buf_put_le32(&writer->out, 0);
	buf_put_le64(&writer->out, (uint64_t)from);
	buf_put_le64(&writer->out, (uint64_t)to);
	buf_put_le64(&writer->out, count);
	writer->totals.gaps++;
	writer->totals.lost = trace_add(writer->totals.lost, count);
	return block_close(writer, err);
}

int trace_write_turn(struct trace_writer *writer, int64_t watermark,
		     struct err *err)
{
	int ret;

	ret = check_usable(writer, err);
	if (!ret &&
	    (!trace_time_ok(watermark) || watermark < writer->totals.end_ns))
		ret = err_set(err, ERR_INTERNAL, -EINVAL,
			      "%s: the watermark goes back", writer->path);
	if (!ret)
		ret = block_close(writer, err);
	if (ret)
		return ret;
	block_open(writer, TRACE_TURN);
	buf_put_le64(&writer->out, (uint64_t)watermark);
	writer->totals.end_ns = watermark;
	ret = block_close(writer, err);
	return ret ? ret : flush(writer, err);
}

static int put_end(struct trace_writer *writer, struct err *err)
{
	const struct trace_totals *totals = &writer->totals;
	int ret;

	ret = block_close(writer, err);
	if (ret)
		return ret;
	block_open(writer, TRACE_END);
	buf_put_le64(&writer->out, totals->rows);
	buf_put_le64(&writer->out, totals->gaps);
	buf_put_le64(&writer->out, totals->lost);
	buf_put_le64(&writer->out, (uint64_t)totals->end_ns);
	ret = block_close(writer, err);
	if (!ret)
		ret = flush(writer, err);
	/* What is no file on a disk cannot be synced and need not be. */
	if (!ret && fsync(writer->fd) && errno != EINVAL && errno != EROFS)
		ret = write_failed(writer, errno, err);
	return ret;
}

int trace_finish(struct trace_writer *writer, struct err *err)
{
	int ret;

	ret = check_usable(writer, err);
	if (!ret)
		ret = put_end(writer, err);
	trace_abandon(writer);
	return ret;
}

struct trace_writer *trace_abandon(struct trace_writer *writer)
{
	if (!writer)
		return NULL;
	if (writer->fd >= 0)
		close(writer->fd);
	buf_release(&writer->out);
	free(writer->path);
	free(writer);
	return NULL;
}
