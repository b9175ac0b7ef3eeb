/* SPDX-License-Identifier: Apache-2.0 */
/*
 * security.log and security.auth: the journal or log files in, wire records
 * (bpf/event.h) out, as user/collect gives them from the kernel.
 *
 * A record's ts is when it was read: the clock in a line is whoever's who wrote
 * the line, and is the column log_ts. So records come in order and none is
 * late. Those of one turn are 1 ns apart, so that their order is kept.
 *
 * What a user may log, a user may forge: from a file nothing of a line can be
 * trusted. From the journal the head of a record (pid, uid, gid, comm) is the
 * sender as the kernel told it.
 */
#ifndef SHRIKE_LOGS_LOGS_H
#define SHRIKE_LOGS_LOGS_H

#include "bpf/event.h"
#include "user/base/buf.h"
#include "user/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGS_FILES_MAX 16u

struct logs_options {
	bool log, auth; /* which of the streams is wanted */
	/*
	 * What to read. None: the journal when this machine has one, else the
	 * usual files below /var/log.
	 */
	const char *files[LOGS_FILES_MAX];
	unsigned file_count;
	const char *journal; /* a folder of journal files, or NULL */
};

struct logs_time {
	int64_t boot_ns;       /* boot-time clock: ts of the records */
	int64_t realtime_ns;   /* the year of a line that does not say it */
	int64_t utc_offset_ns; /* and its zone: local time = UTC + this */
};

/* Since logs_open(): generated = delivered + lost. */
struct logs_counters {
	uint64_t generated;
	uint64_t delivered; /* records given */
	uint64_t lost;	    /* at least so many; the same for both streams */
};

struct logs_stats {
	uint64_t cut;	    /* messages that are not whole */
	uint64_t unparsed;  /* lines of files that have no known form */
	uint64_t ambiguous; /* log-ins of which something is not known */
	uint64_t failed;    /* reads that failed */
};

struct logs;

int logs_open(const struct logs_options *options, struct logs **ret_logs,
	      struct err *err);
struct logs *logs_close(struct logs *logs);

/* Other streams from here on. */
void logs_want(struct logs *logs, bool log, bool auth);

/* A wire record; valid during the call. */
typedef int logs_record_fn(void *ctx, const void *record, size_t len,
			   struct err *err);

/*
 * Gives what was logged since the last turn, at most a bounded piece of it; the
 * rest waits where it is.
 */
int logs_turn(struct logs *logs, const struct logs_time *now,
	      logs_record_fn *fn, void *ctx, struct err *err);

/* ts of the last record, which may be ahead of the clock; 0: there is none. */
int64_t logs_last_ts(const struct logs *logs);

/* CHECK()s that the stream is one of the two. */
void logs_counters(const struct logs *logs, enum stream_id stream,
		   struct logs_counters *ret_counters);
void logs_stats(const struct logs *logs, struct logs_stats *ret_stats);

/* A line for each source: the journal, a file, a file that is not there yet. */
void logs_describe(const struct logs *logs, struct buf *out);

#endif
