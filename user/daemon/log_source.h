/* SPDX-License-Identifier: Apache-2.0 */
/* The logs as the sensor reads them, beside the kernel's rings. */
#ifndef SHRIKE_DAEMON_LOG_SOURCE_H
#define SHRIKE_DAEMON_LOG_SOURCE_H

#include "user/collect/collect.h"
#include "user/logs/logs.h"

/* All zeros at first. */
struct log_source {
	struct logs *logs; /* NULL: no rule has asked for one yet */
	uint64_t lost_told;
};

/* Opened when a stream of the logs is wanted and it is not yet. */
int log_source_open(struct log_source *source,
		    const struct logs_options *options, const bool *wanted,
		    struct err *err);
void log_source_close(struct log_source *source);

/* From here on these streams; after a reload they are others. */
void log_source_want(struct log_source *source, const bool *wanted);

/* The records of one turn at `now_ns` (boot-time clock). */
int log_source_turn(struct log_source *source, int64_t now_ns,
		    int64_t clock_offset_ns, collect_record_fn *fn, void *ctx,
		    struct err *err);

/* What was lost since the last look, of each stream that is wanted. */
int log_source_look(struct log_source *source, const bool *wanted,
		    int64_t from_ns, int64_t to_ns,
		    const struct collect_look *look, struct err *err);

/* `ended_ns`, or later when the last record is ahead of the clock. */
int64_t log_source_end(const struct log_source *source, int64_t ended_ns);

/* ts of the last record. */
int64_t log_source_last_ts(const struct log_source *source);

void log_source_counters(const struct log_source *source, enum stream_id stream,
			 struct collect_counters *ret_counters);
void log_source_stats(const struct log_source *source,
		      struct logs_stats *ret_stats);
void log_source_describe(const struct log_source *source, struct buf *out);

#endif
