// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/log_source.h"

#include "user/base/check.h"

#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static const enum stream_id streams[] = { STREAM_SECURITY_LOG,
					  STREAM_SECURITY_AUTH };

int log_source_open(struct log_source *source,
		    const struct logs_options *options, const bool *wanted,
		    struct err *err)
{
	struct logs_options those = *options;

	those.log = wanted[STREAM_SECURITY_LOG];
	those.auth = wanted[STREAM_SECURITY_AUTH];
	if (source->logs || (!those.log && !those.auth))
		return 0;
	return logs_open(&those, &source->logs, err);
}

void log_source_close(struct log_source *source)
{
	source->logs = logs_close(source->logs);
}

void log_source_want(struct log_source *source, const bool *wanted)
{
	if (source->logs)
		logs_want(source->logs, wanted[STREAM_SECURITY_LOG],
			  wanted[STREAM_SECURITY_AUTH]);
}

int log_source_turn(struct log_source *source, int64_t now_ns,
		    int64_t clock_offset_ns, collect_record_fn *fn, void *ctx,
		    struct err *err)
{
	struct logs_time now = { .boot_ns = now_ns };
	time_t seconds;
	struct tm tm;

	if (!source->logs)
		return 0;
	if (__builtin_add_overflow(now_ns, clock_offset_ns, &now.realtime_ns))
		now.realtime_ns = now_ns;
	seconds = (time_t)(now.realtime_ns / NS_PER_S);
	if (localtime_r(&seconds, &tm))
		now.utc_offset_ns = tm.tm_gmtoff * NS_PER_S;
	return logs_turn(source->logs, &now, fn, ctx, err);
}

/* A line that is lost may have been one of either stream. */
int log_source_look(struct log_source *source, const bool *wanted,
		    int64_t from_ns, int64_t to_ns,
		    const struct collect_look *look, struct err *err)
{
	struct collect_loss loss = { .reason = LOSS_LOG,
				     .from_ns = from_ns,
				     .to_ns = to_ns };
	struct logs_counters counters;
	int rc = 0;

	if (!source->logs)
		return 0;
	logs_counters(source->logs, STREAM_SECURITY_LOG, &counters);
	loss.count = counters.lost - source->lost_told;
	source->lost_told = counters.lost;
	for (unsigned i = 0; i < ARRAY_SIZE(streams) && loss.count && !rc;
	     i++) {
		loss.stream = streams[i];
		if (wanted[loss.stream])
			rc = look->on_loss(look->ctx, &loss, err);
	}
	return rc;
}

int64_t log_source_last_ts(const struct log_source *source)
{
	return source->logs ? logs_last_ts(source->logs) : 0;
}

int64_t log_source_end(const struct log_source *source, int64_t ended_ns)
{
	int64_t last = log_source_last_ts(source);

	return last >= ended_ns ? last + 1 : ended_ns;
}

void log_source_counters(const struct log_source *source, enum stream_id stream,
			 struct collect_counters *ret_counters)
{
	struct logs_counters logs = { 0 };

	if (source->logs)
		logs_counters(source->logs, stream, &logs);
	*ret_counters = (struct collect_counters){
		.generated = logs.generated,
		.delivered = logs.delivered,
		.lost = logs.lost,
	};
}

void log_source_stats(const struct log_source *source,
		      struct logs_stats *ret_stats)
{
	*ret_stats = (struct logs_stats){ 0 };
	if (source->logs)
		logs_stats(source->logs, ret_stats);
}

void log_source_describe(const struct log_source *source, struct buf *out)
{
	if (source->logs)
		logs_describe(source->logs, out);
}
