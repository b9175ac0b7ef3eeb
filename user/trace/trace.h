/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace files: what a sensor saw, so that the same rules give the same matches
 * later. The format is drawn at the top of trace_format.h.
 *
 * The writer takes rows in total order, after reordering: a replay pushes them
 * into an engine as they come.
 */
#ifndef SHRIKE_TRACE_TRACE_H
#define SHRIKE_TRACE_TRACE_H

#include "user/base/buf.h"
#include "user/base/err.h"
#include "user/base/row.h"

struct trace_info {
	uint8_t boot_id[16];
	uint8_t run_id[16];
	char host[256];
	int64_t clock_offset_ns;
	int64_t start_ns;	     /* boot-time clock */
	bool streams[STREAM_COUNT];  /* recorded ones */
	bool filtered[STREAM_COUNT]; /* by a predicate of the rules: */
	uint8_t rules_digest[32];    /* the plan that filtered; or 0 */
	bool snapshot_complete;
};

struct trace_totals {
	uint64_t rows;
	uint64_t gaps;
	uint64_t lost;	/* events inside those gaps */
	int64_t end_ns; /* the last watermark */
};

/* Writer. Appends whole blocks only; each is checksummed. */
struct trace_writer;
int trace_create(const char *path, const struct trace_info *info,
		 struct trace_writer **ret_writer, struct err *err);
int trace_write_row(struct trace_writer *writer, const struct row *row,
		    struct err *err);
int trace_write_gap(struct trace_writer *writer, enum stream_id stream,
		    int64_t from, int64_t to, uint64_t count, struct err *err);
/* The watermark after the rows so far; a turn of the engine ends here. */
int trace_write_turn(struct trace_writer *writer, int64_t watermark,
		     struct err *err);
/* Writes the end block and syncs; frees the writer also on failure. */
int trace_finish(struct trace_writer *writer, struct err *err);
struct trace_writer *trace_abandon(struct trace_writer *writer);

/*
 * Reader: fed with the file's bytes in order, in pieces of any size, by who
 * reads the file (the loop); calls back for what it finds.
 */
struct trace_events {
	int (*on_info)(void *ctx, const struct trace_info *info,
		       const uint8_t digest[32], struct err *err);
	int (*on_row)(void *ctx, struct row *row, struct err *err);
	int (*on_gap)(void *ctx, enum stream_id stream, int64_t from,
		      int64_t to, uint64_t count, struct err *err);
	int (*on_turn)(void *ctx, int64_t watermark, struct err *err);
	void *ctx;
};

struct trace_reader;
int trace_reader_new(const struct trace_events *events,
		     struct trace_reader **ret_reader, struct err *err);
struct trace_reader *trace_reader_free(struct trace_reader *reader);

/*
 * 0, or what a callback returned, or -EBADMSG: ERR_INPUT when this is no trace
 * or of a newer version, ERR_DAMAGED when it was read up to the last good block.
 */
int trace_reader_feed(struct trace_reader *reader, const void *bytes,
		      size_t len, struct err *err);
/* At the end of the file: -EBADMSG (ERR_DAMAGED) when the end block is missing. */
int trace_reader_end(struct trace_reader *reader,
		     struct trace_totals *ret_totals, struct err *err);

#endif
