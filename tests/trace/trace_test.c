// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "event/random_row.h"
#include "user/base/crc32c.h"
#include "user/event/codec.h"
#include "user/trace/trace.h"
#include "user/trace/trace_format.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What was written or read, in order, as bytes that compare. */
struct log {
	struct buf text;
	unsigned infos;
	unsigned rows;
	struct trace_info info;
	uint8_t digest[32];
	unsigned stop_at; /* the row at which the callback fails, 0: none */
};

static int on_info(void *ctx, const struct trace_info *info,
		   const uint8_t digest[32], struct err *err)
{
	struct log *log = ctx;

	(void)err;
	log->infos++;
	log->info = *info;
	memcpy(log->digest, digest, sizeof(log->digest));
	return 0;
}

static int on_row(void *ctx, struct row *row, struct err *err)
{
	struct log *log = ctx;

	if (++log->rows == log->stop_at)
		return err_set(err, ERR_INTERNAL, -ECANCELED, "stop");
	buf_puts(&log->text, "row ");
	assert_int_equal(row_encode(row, false, &log->text, NULL), 0);
	return buf_putc(&log->text, '\n');
}

static int on_gap(void *ctx, enum stream_id stream, int64_t from, int64_t to,
		  uint64_t count, struct err *err)
{
	struct log *log = ctx;

	(void)err;
	return buf_printf(&log->text, "gap %u %lld %lld %llu\n", stream,
			  (long long)from, (long long)to,
			  (unsigned long long)count);
}

static int on_turn(void *ctx, int64_t watermark, struct err *err)
{
	struct log *log = ctx;

	(void)err;
	return buf_printf(&log->text, "turn %lld\n", (long long)watermark);
}

static void log_release(struct log *log)
{
	buf_release(&log->text);
}

static const struct trace_info example = {
	.boot_id = { 1, 2, 3 },
	.run_id = { 4, 5 },
	.host = "box.example",
	.clock_offset_ns = 1700000000000000000,
	.start_ns = 42,
	.streams = { true, true, true, false, true, true },
	.filtered = { [STREAM_FILE_OPEN] = true },
	.rules_digest = { 7 },
	.snapshot_complete = true,
};

static void temp_path(char path[64])
{
	static const char pattern[] = "/tmp/shrike-trace-XXXXXX";
	int fd;

	memcpy(path, pattern, sizeof(pattern));
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unlink(path), 0);
}

static void read_file(const char *path, struct buf *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	do {
		uint8_t *to = buf_reserve(bytes, 65536);

		assert_non_null(to);
		n = read(fd, to, 65536);
		assert_true(n >= 0);
		bytes->len += (size_t)n;
	} while (n);
	close(fd);
}

static const struct trace_events quiet;

static void log_events(struct log *log, struct trace_events *events)
{
	*log = (struct log){ 0 };
	*events = (struct trace_events){ .on_info = on_info,
					 .on_row = on_row,
					 .on_gap = on_gap,
					 .on_turn = on_turn,
					 .ctx = log };
}

/* Feeds `bytes` in pieces of random size up to `piece`, then ends. */
static int read_trace(const uint8_t *bytes, size_t len, size_t piece,
		      const struct trace_events *events,
		      struct trace_totals *ret_totals, struct err *err)
{
	struct rng rng = { 99 };
	struct trace_totals totals = { 0 };
	struct trace_reader *reader;
	int ret;

	*err = (struct err){ 0 };
	ret = trace_reader_new(events, &reader, err);
	while (!ret && len) {
		size_t n = 1 + rng_below(&rng, piece);
		uint8_t *exact;

		n = n < len ? n : len;
		exact = malloc(n);
		assert_non_null(exact);
		memcpy(exact, bytes, n);
		ret = trace_reader_feed(reader, exact, n, err);
		free(exact);
		bytes += n;
		len -= n;
	}
	if (!ret)
		ret = trace_reader_end(reader, &totals, err);
	if (!ret && ret_totals)
		*ret_totals = totals;
	trace_reader_free(reader);
	return ret;
}

/*
 * A trace of `turns` turns with `per_turn` rows each and one gap, into the file
 * and, as what a reader has to find, into `log`.
 */
static void write_trace(const char *path, unsigned turns, unsigned per_turn,
			struct log *log)
{
	struct trace_writer *writer;
	struct rng rng = { 17 };
	struct arena arena;
	int64_t ts = 1000;

	*log = (struct log){ 0 };
	arena_init(&arena, 1 << 20);
	assert_int_equal(trace_create(path, &example, &writer, NULL), 0);
	for (unsigned t = 0; t < turns; t++) {
		for (unsigned i = 0; i < per_turn; i++) {
			struct row *row;

			arena_reset(&arena);
			row = random_row(&rng, rng_below(&rng, STREAM_COUNT),
					 true, &arena);
			row->ts = ts++;
			assert_int_equal(trace_write_row(writer, row, NULL), 0);
			on_row(log, row, NULL);
		}
		if (t == 1) {
			assert_int_equal(trace_write_gap(writer,
							 STREAM_FILE_OPEN, 5,
							 ts, 3, NULL),
					 0);
			on_gap(log, STREAM_FILE_OPEN, 5, ts, 3, NULL);
		}
		assert_int_equal(trace_write_turn(writer, ts, NULL), 0);
		on_turn(log, ts, NULL);
	}
	assert_int_equal(trace_finish(writer, NULL), 0);
	arena_release(&arena);
}

static void assert_log(const struct log *log, const uint8_t *bytes, size_t len)
{
	assert_int_equal(log->text.len, len);
	if (len)
		assert_memory_equal(log->text.bytes, bytes, len);
}

static void assert_info(const struct trace_info *info)
{
	assert_memory_equal(info->boot_id, example.boot_id, 16);
	assert_memory_equal(info->run_id, example.run_id, 16);
	assert_memory_equal(info->rules_digest, example.rules_digest, 32);
	assert_memory_equal(info->streams, example.streams,
			    sizeof(example.streams));
	assert_memory_equal(info->filtered, example.filtered,
			    sizeof(example.filtered));
	assert_string_equal(info->host, example.host);
	assert_int_equal(info->clock_offset_ns, example.clock_offset_ns);
	assert_int_equal(info->start_ns, example.start_ns);
	assert_true(info->snapshot_complete);
}

static void any_pieces__what_was_written(void **state)
{
	static const size_t pieces[] = { 1, 2, 13, 4096, 1 << 20 };
	struct trace_totals totals;
	struct trace_events events;
	struct log written, log;
	struct buf bytes = BUF_INIT;
	struct err err;
	char path[64];

	(void)state;
	temp_path(path);
	write_trace(path, 4, 600, &written);
	read_file(path, &bytes);
	assert_true(bytes.len > 4 * TRACE_ROWS_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		log_events(&log, &events);
		assert_int_equal(read_trace(bytes.bytes, bytes.len, pieces[i],
					    &events, &totals, &err),
				 0);
		assert_log(&log, written.text.bytes, written.text.len);
		assert_int_equal(log.infos, 1);
		assert_info(&log.info);
		assert_int_equal(totals.rows, 2400);
		assert_int_equal(totals.gaps, 1);
		assert_int_equal(totals.lost, 3);
		assert_int_equal(totals.end_ns, 3400);
		log_release(&log);
	}
	assert_int_equal(unlink(path), 0);
	buf_release(&bytes);
	log_release(&written);
}

static void digest__of_the_description(void **state)
{
	struct trace_info other = example;
	struct trace_writer *writer;
	struct trace_events events;
	struct log a, b;
	struct buf bytes = BUF_INIT;
	struct err err;
	char path[64];

	(void)state;
	temp_path(path);
	write_trace(path, 0, 0, &a);
	read_file(path, &bytes);
	log_events(&a, &events);
	assert_int_equal(
		read_trace(bytes.bytes, bytes.len, 100, &events, NULL, &err),
		0);
	assert_int_equal(unlink(path), 0);
	other.run_id[15] ^= 1;
	assert_int_equal(trace_create(path, &other, &writer, NULL), 0);
	assert_int_equal(trace_finish(writer, NULL), 0);
	buf_reset(&bytes);
	read_file(path, &bytes);
	log_events(&b, &events);
	assert_int_equal(
		read_trace(bytes.bytes, bytes.len, 100, &events, NULL, &err),
		0);
	assert_memory_not_equal(a.digest, b.digest, sizeof(a.digest));
	assert_int_equal(unlink(path), 0);
	buf_release(&bytes);
}

static void existing_file__kept(void **state)
{
	struct trace_writer *writer = NULL;
	struct err err = { 0 };
	struct log log;
	struct stat st;
	char path[64];

	(void)state;
	temp_path(path);
	write_trace(path, 1, 1, &log);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(trace_create(path, &example, &writer, &err), -EEXIST);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "not overwritten"));
	assert_null(writer);
	assert_int_equal(unlink(path), 0);
	log_release(&log);
}

static void any_bit__flipped__noticed(void **state)
{
	struct log log;
	struct buf bytes = BUF_INIT;
	struct err err;
	char path[64];

	(void)state;
	temp_path(path);
	write_trace(path, 2, 3, &log);
	read_file(path, &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t bit = (uint8_t)(1 << i % 8);

		bytes.bytes[i] ^= bit;
		assert_int_equal(read_trace(bytes.bytes, bytes.len, 1 << 20,
					    &quiet, NULL, &err),
				 -EBADMSG);
		assert_int_equal(err.kind, i < TRACE_HEAD_BYTES ? ERR_INPUT :
								  ERR_DAMAGED);
		bytes.bytes[i] ^= bit;
	}
	assert_int_equal(unlink(path), 0);
	buf_release(&bytes);
	log_release(&log);
}

/* How many rows lie in the blocks that are whole within `len` bytes. */
static unsigned whole_rows(const uint8_t *bytes, size_t len)
{
	size_t at = TRACE_HEAD_BYTES;
	unsigned rows = 0;

	while (at + TRACE_BLOCK_HEAD_BYTES <= len) {
		size_t payload = trace_get32(bytes + at + 4);
		size_t end = at + TRACE_BLOCK_HEAD_BYTES + payload;
		size_t row = at + TRACE_BLOCK_HEAD_BYTES;

		if (end > len)
			break;
		for (; trace_get32(bytes + at) == TRACE_ROWS && row < end;
		     row += 4 + trace_get32(bytes + row))
			rows++;
		at = end;
	}
	return rows;
}

static void any_truncation__good_blocks_delivered(void **state)
{
	struct trace_events events;
	struct log written, log;
	struct buf bytes = BUF_INIT;
	struct err err;
	char path[64];

	(void)state;
	temp_path(path);
	write_trace(path, 3, 4, &written);
	read_file(path, &bytes);
	assert_int_equal(whole_rows(bytes.bytes, bytes.len), 12);
	for (size_t len = 0; len < bytes.len; len++) {
		log_events(&log, &events);
		assert_int_equal(
			read_trace(bytes.bytes, len, 1000, &events, NULL, &err),
			-EBADMSG);
		assert_int_equal(err.kind, len < TRACE_HEAD_BYTES ?
						   ERR_INPUT :
						   ERR_DAMAGED);
		assert_int_equal(log.rows, whole_rows(bytes.bytes, len));
		assert_log(&log, written.text.bytes, log.text.len);
		log_release(&log);
	}
	assert_non_null(strstr(err.text, "stopped hard"));
	assert_int_equal(unlink(path), 0);
	buf_release(&bytes);
	log_release(&written);
}

static void callback__fails__its_code_comes_back(void **state)
{
	struct trace_events events;
	struct log written, log;
	struct trace_reader *reader;
	struct trace_totals totals;
	struct buf bytes = BUF_INIT;
	struct err err = { 0 };
	char path[64];

	(void)state;
	temp_path(path);
	write_trace(path, 1, 10, &written);
	read_file(path, &bytes);
	log_events(&log, &events);
	log.stop_at = 4;
	assert_int_equal(trace_reader_new(&events, &reader, NULL), 0);
	assert_int_equal(
		trace_reader_feed(reader, bytes.bytes, bytes.len, &err),
		-ECANCELED);
	assert_string_equal(err.text, "stop");
	assert_int_equal(log.rows, 4);
	assert_int_equal(trace_reader_feed(reader, bytes.bytes, 1, NULL),
			 -ECANCELED);
	assert_int_equal(trace_reader_end(reader, &totals, NULL), -ECANCELED);
	assert_int_equal(log.rows, 4);
	trace_reader_free(reader);
	assert_int_equal(unlink(path), 0);
	buf_release(&bytes);
	log_release(&log);
	log_release(&written);
}

/* Hand-made files, all checksums right. */
static void put_head(struct buf *file, uint32_t version)
{
	buf_put(file, TRACE_MAGIC, 8);
	buf_put_le32(file, version);
	buf_put_le32(file, crc32c(0, file->bytes, 12));
}

static void put_block(struct buf *file, uint32_t type, const void *payload,
		      size_t len)
{
	size_t at = file->len;
	uint32_t crc;

	buf_put_le32(file, type);
	buf_put_le32(file, (uint32_t)len);
	crc = crc32c(0, file->bytes + at, 8);
	buf_put_le32(file, crc32c(crc, payload, len));
	buf_put(file, payload, len);
}

static void put_numbers(struct buf *file, uint32_t type, unsigned n,
			const uint64_t *numbers)
{
	struct buf payload = BUF_INIT;

	for (unsigned i = 0; i < n; i++)
		buf_put_le64(&payload, numbers[i]);
	put_block(file, type, payload.bytes, payload.len);
	buf_release(&payload);
}

static void put_turn(struct buf *file, int64_t watermark)
{
	put_numbers(file, TRACE_TURN, 1, (uint64_t[]){ (uint64_t)watermark });
}

static void put_info_of(struct buf *file, int64_t offset_ns, int64_t start_ns)
{
	struct buf payload = BUF_INIT, schema = BUF_INIT;
	uint8_t zeros[48] = { 0 };

	assert_int_equal(row_schema_encode(&schema, NULL), 0);
	buf_put(&payload, zeros, 32);
	buf_put_le64(&payload, (uint64_t)offset_ns);
	buf_put_le64(&payload, (uint64_t)start_ns);
	buf_put(&payload, zeros, 48);
	buf_put_le32(&payload, 0);
	buf_put_le32(&payload, 1);
	buf_put_le32(&payload, (uint32_t)schema.len);
	buf_puts(&payload, "h");
	buf_put(&payload, schema.bytes, schema.len);
	put_block(file, TRACE_INFO, payload.bytes, payload.len);
	buf_release(&payload);
	buf_release(&schema);
}

static void put_info(struct buf *file)
{
	put_info_of(file, 0, 0);
}

static void put_row(struct buf *file, int64_t ts, uint64_t seq)
{
	struct buf payload = BUF_INIT;
	struct rng rng = { 5 };
	struct arena arena;
	struct row *row;

	arena_init(&arena, 1 << 20);
	row = random_row(&rng, STREAM_PROCESS_EXIT, false, &arena);
	row->ts = ts;
	row->seq = seq;
	buf_put_le32(&payload, 0);
	assert_int_equal(row_encode(row, false, &payload, NULL), 0);
	trace_set32(payload.bytes, (uint32_t)payload.len - 4);
	put_block(file, TRACE_ROWS, payload.bytes, payload.len);
	buf_release(&payload);
	arena_release(&arena);
}

static void put_end(struct buf *file, uint64_t rows, uint64_t gaps,
		    uint64_t lost, int64_t end_ns)
{
	put_numbers(file, TRACE_END, 4,
		    (uint64_t[]){ rows, gaps, lost, (uint64_t)end_ns });
}

static void expect(struct buf *file, int ret, enum err_kind kind,
		   const char *text)
{
	struct err err;

	assert_int_equal(
		read_trace(file->bytes, file->len, 50, &quiet, NULL, &err),
		ret);
	assert_int_equal(err.kind, kind);
	if (text && !strstr(err.text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, err.text);
	buf_reset(file);
}

static void begin(struct buf *file)
{
	put_head(file, TRACE_VERSION);
	put_info(file);
}

static void other_files__refused(void **state)
{
	struct buf file = BUF_INIT;

	(void)state;
	expect(&file, -EBADMSG, ERR_INPUT, "no trace");
	buf_puts(&file, "#!/bin/sh\necho hello world\n");
	expect(&file, -EBADMSG, ERR_INPUT, "no trace");
	put_head(&file, TRACE_VERSION + 1);
	expect(&file, -EBADMSG, ERR_INPUT, "newer");
	put_head(&file, TRACE_VERSION);
	put_turn(&file, 1);
	expect(&file, -EBADMSG, ERR_DAMAGED, "description");
	put_head(&file, TRACE_VERSION);
	put_block(&file, TRACE_INFO, "abc", 3);
	expect(&file, -EBADMSG, ERR_DAMAGED, "malformed description");
	buf_release(&file);
}

static void order__violated__damaged(void **state)
{
	struct buf file = BUF_INIT;

	(void)state;
	begin(&file);
	put_row(&file, 10, 1);
	put_row(&file, 10, 2);
	put_turn(&file, 11);
	put_turn(&file, 11);
	put_row(&file, 11, 1);
	put_end(&file, 3, 0, 0, 11);
	expect(&file, 0, ERR_NONE, NULL);

	begin(&file);
	put_row(&file, 10, 2);
	put_row(&file, 10, 1);
	expect(&file, -EBADMSG, ERR_DAMAGED, "out of order");

	begin(&file);
	put_turn(&file, 11);
	put_row(&file, 10, 1);
	expect(&file, -EBADMSG, ERR_DAMAGED, "out of order");

	begin(&file);
	put_turn(&file, 11);
	put_turn(&file, 10);
	expect(&file, -EBADMSG, ERR_DAMAGED, "watermark");
	buf_release(&file);
}

static void totals__wrong__blocks_missing(void **state)
{
	struct buf file = BUF_INIT;

	(void)state;
	begin(&file);
	put_row(&file, 10, 2);
	put_end(&file, 2, 0, 0, INT64_MIN);
	expect(&file, -EBADMSG, ERR_DAMAGED, "missing");
	begin(&file);
	put_end(&file, 0, 1, 0, INT64_MIN);
	expect(&file, -EBADMSG, ERR_DAMAGED, "missing");
	begin(&file);
	put_turn(&file, 4);
	put_end(&file, 0, 0, 0, 5);
	expect(&file, -EBADMSG, ERR_DAMAGED, "missing");
	begin(&file);
	put_end(&file, 0, 0, 0, INT64_MIN);
	buf_putc(&file, 0);
	expect(&file, -EBADMSG, ERR_DAMAGED, "behind the end");
	begin(&file);
	put_info(&file);
	expect(&file, -EBADMSG, ERR_DAMAGED, "description");
	buf_release(&file);
}

static void blocks__malformed__damaged(void **state)
{
	struct buf file = BUF_INIT;

	(void)state;
	begin(&file);
	put_block(&file, 6, "", 0);
	expect(&file, -EBADMSG, ERR_DAMAGED, "unknown kind");
	begin(&file);
	put_block(&file, TRACE_TURN, "abc", 3);
	expect(&file, -EBADMSG, ERR_DAMAGED, "malformed turn");
	begin(&file);
	put_block(&file, TRACE_ROWS, "abc", 3);
	expect(&file, -EBADMSG, ERR_DAMAGED, "cut short");
	begin(&file);
	put_block(&file, TRACE_ROWS, "\xff\xff\xff\xff.", 5);
	expect(&file, -EBADMSG, ERR_DAMAGED, "cut short");
	begin(&file);
	put_block(&file, TRACE_ROWS, "\1\0\0\0\xff", 5);
	expect(&file, -EBADMSG, ERR_DAMAGED, "malformed Event");
	begin(&file);
	put_numbers(&file, TRACE_GAP, 4, (uint64_t[]){ 1, 9, 8, 1 });
	expect(&file, -EBADMSG, ERR_DAMAGED, "malformed gap");
	begin(&file);
	put_numbers(&file, TRACE_GAP, 4, (uint64_t[]){ 99, 8, 9, 1 });
	expect(&file, -EBADMSG, ERR_DAMAGED, "unknown stream");
	begin(&file);
	buf_put_le32(&file, TRACE_ROWS);
	buf_put_le32(&file, (uint32_t)TRACE_PAYLOAD_MAX + 1);
	buf_put_le32(&file, 0);
	expect(&file, -EBADMSG, ERR_DAMAGED, "impossible length");
	buf_release(&file);
}

/* Times whose sums would overflow reach nobody. */
static void times__impossible__damaged(void **state)
{
	static const int64_t wrong[] = { -1, INT64_MIN, TRACE_TIME_END,
					 INT64_MAX };
	struct buf file = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint64_t bits = (uint64_t)wrong[i];

		put_head(&file, TRACE_VERSION);
		put_info_of(&file, 0, wrong[i]);
		expect(&file, -EBADMSG, ERR_DAMAGED, "malformed description");
		begin(&file);
		put_row(&file, wrong[i], 1);
		expect(&file, -EBADMSG, ERR_DAMAGED, "impossible time");
		begin(&file);
		put_turn(&file, wrong[i]);
		expect(&file, -EBADMSG, ERR_DAMAGED, "malformed turn");
		begin(&file);
		put_numbers(&file, TRACE_GAP, 4, (uint64_t[]){ 1, bits, 9, 1 });
		expect(&file, -EBADMSG, ERR_DAMAGED, "malformed gap");
		begin(&file);
		put_numbers(&file, TRACE_GAP, 4, (uint64_t[]){ 1, 0, bits, 1 });
		expect(&file, -EBADMSG, ERR_DAMAGED, "malformed gap");
	}
	put_head(&file, TRACE_VERSION);
	put_info_of(&file, -TRACE_TIME_END, 0);
	expect(&file, -EBADMSG, ERR_DAMAGED, "malformed description");
	put_head(&file, TRACE_VERSION);
	put_info_of(&file, TRACE_TIME_END, 0);
	expect(&file, -EBADMSG, ERR_DAMAGED, "malformed description");
	begin(&file);
	put_numbers(&file, TRACE_GAP, 4, (uint64_t[]){ 1, 9, 9, 1 });
	expect(&file, -EBADMSG, ERR_DAMAGED, "malformed gap");
	buf_release(&file);
}

static void writer__wrong_order__refused_and_usable(void **state)
{
	struct trace_writer *writer;
	struct trace_totals totals;
	struct buf bytes = BUF_INIT;
	struct rng rng = { 3 };
	struct arena arena;
	struct err err;
	struct row *row;
	char path[64];

	(void)state;
	temp_path(path);
	arena_init(&arena, 1 << 20);
	assert_int_equal(trace_create(path, &example, &writer, NULL), 0);
	row = random_row(&rng, STREAM_FILE_OPEN, false, &arena);
	row->ts = 10;
	assert_int_equal(trace_write_row(writer, row, NULL), 0);
	row->ts = 9;
	assert_int_equal(trace_write_row(writer, row, NULL), -EINVAL);
	/* A row that cannot be encoded leaves nothing behind. */
	row->ts = 11;
	row->values[COL_pid] = value_text("no number");
	assert_int_equal(trace_write_row(writer, row, NULL), -EINVAL);
	assert_int_equal(trace_write_turn(writer, 12, NULL), 0);
	assert_int_equal(trace_write_turn(writer, 11, NULL), -EINVAL);
	assert_int_equal(
		trace_write_gap(writer, STREAM_FILE_OPEN, 2, 1, 1, NULL),
		-EINVAL);
	assert_int_equal(trace_finish(writer, NULL), 0);
	read_file(path, &bytes);
	assert_int_equal(
		read_trace(bytes.bytes, bytes.len, 64, &quiet, &totals, &err),
		0);
	assert_int_equal(totals.rows, 1);
	assert_int_equal(unlink(path), 0);
	buf_release(&bytes);
	arena_release(&arena);
}

static int write_until_full(const char *path, struct err *err)
{
	struct trace_writer *writer;
	struct rng rng = { 3 };
	struct arena arena;
	int ret = 0;

	arena_init(&arena, 1 << 20);
	assert_int_equal(trace_create(path, &example, &writer, NULL), 0);
	for (unsigned i = 0; i < 100000 && !ret; i++) {
		struct row *row;

		arena_reset(&arena);
		row = random_row(&rng, STREAM_FILE_OPEN, false, &arena);
		row->ts = i;
		ret = trace_write_row(writer, row, err);
	}
	assert_int_equal(trace_write_turn(writer, INT64_MAX, NULL), ret);
	assert_int_equal(trace_finish(writer, NULL), ret);
	arena_release(&arena);
	return ret;
}

static void no_room__file_ends_with_a_good_block(void **state)
{
	struct rlimit old,
		small = { .rlim_cur = 150000, .rlim_max = RLIM_INFINITY };
	struct trace_events events;
	struct log log;
	struct buf bytes = BUF_INIT;
	struct err err = { 0 };
	char path[64];

	(void)state;
	temp_path(path);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(write_until_full(path, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, path));
	read_file(path, &bytes);
	log_events(&log, &events);
	assert_int_equal(
		read_trace(bytes.bytes, bytes.len, 4096, &events, NULL, &err),
		-EBADMSG);
	assert_int_equal(err.kind, ERR_DAMAGED);
	assert_non_null(strstr(err.text, "it has no end"));
	assert_true(log.rows > 100);
	assert_int_equal(log.rows, whole_rows(bytes.bytes, bytes.len));
	assert_int_equal(unlink(path), 0);
	buf_release(&bytes);
	log_release(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_pieces__what_was_written),
		cmocka_unit_test(digest__of_the_description),
		cmocka_unit_test(existing_file__kept),
		cmocka_unit_test(any_bit__flipped__noticed),
		cmocka_unit_test(any_truncation__good_blocks_delivered),
		cmocka_unit_test(callback__fails__its_code_comes_back),
		cmocka_unit_test(other_files__refused),
		cmocka_unit_test(order__violated__damaged),
		cmocka_unit_test(totals__wrong__blocks_missing),
		cmocka_unit_test(blocks__malformed__damaged),
		cmocka_unit_test(times__impossible__damaged),
		cmocka_unit_test(writer__wrong_order__refused_and_usable),
		cmocka_unit_test(no_room__file_ends_with_a_good_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
