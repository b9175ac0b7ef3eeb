// SPDX-License-Identifier: Apache-2.0
#include "user/trace/trace_info.h"

#include "user/trace/trace_format.h"

#include <errno.h>
#include <string.h>

/* Streams that this catalog does not have fall away: no rule names them. */
static int read_streams(uint64_t bits, const struct row_schema *schema,
			bool streams[STREAM_COUNT], struct err *err)
{
	const struct stream *stream;
	int ret;

	for (unsigned i = 0; i < 64; i++) {
		struct err unknown = { 0 };

		if (!(bits >> i & 1))
			continue;
		ret = row_schema_stream(schema, i, &stream, &unknown);
		if (ret == -ENOTSUP)
			continue;
		if (ret)
			return err_set(err, unknown.kind, ret, "%s",
				       unknown.text);
		streams[stream->id] = true;
	}
	return 0;
}

static int malformed(struct err *err)
{
	return err_set(err, ERR_DAMAGED, -EBADMSG, "malformed description");
}

int trace_info_read(const uint8_t *payload, size_t len, struct arena *arena,
		    struct trace_info *ret_info,
		    const struct row_schema **ret_schema, struct err *err)
{
	struct trace_info info = { 0 };
	const struct row_schema *schema;
	size_t host_len, schema_len;
	int ret;

	if (len < TRACE_INFO_BYTES)
		return malformed(err);
	host_len = trace_get32(payload + 100);
	schema_len = trace_get32(payload + 104);
	if (host_len >= sizeof(info.host) ||
	    len - TRACE_INFO_BYTES != host_len + schema_len ||
	    memchr(payload + TRACE_INFO_BYTES, 0, host_len))
		return malformed(err);
	ret = row_schema_decode(payload + TRACE_INFO_BYTES + host_len,
				schema_len, arena, &schema, err);
	if (ret)
		return ret;
	memcpy(info.boot_id, payload, sizeof(info.boot_id));
	memcpy(info.run_id, payload + 16, sizeof(info.run_id));
	memcpy(info.rules_digest, payload + 48, sizeof(info.rules_digest));
	memcpy(info.host, payload + TRACE_INFO_BYTES, host_len);
	info.clock_offset_ns = (int64_t)trace_get64(payload + 32);
	info.start_ns = (int64_t)trace_get64(payload + 40);
	if (!trace_time_ok(info.start_ns) ||
	    info.clock_offset_ns <= -TRACE_TIME_END ||
	    info.clock_offset_ns >= TRACE_TIME_END)
		return malformed(err);
	info.snapshot_complete =
		trace_get32(payload + 96) & TRACE_SNAPSHOT_COMPLETE;
	ret = read_streams(trace_get64(payload + 80), schema, info.streams,
			   err);
	if (!ret)
		ret = read_streams(trace_get64(payload + 88), schema,
				   info.filtered, err);
	if (ret)
		return ret;
	*ret_info = info;
	*ret_schema = schema;
	return 0;
}
