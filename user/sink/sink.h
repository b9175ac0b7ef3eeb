/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outputs of matches: a short tree for people, a JSON object a line for
 * machines. Bytes that an event carries are escaped: no control character and
 * no invalid UTF-8 reaches a terminal or a JSON text.
 */
#ifndef SHRIKE_SINK_SINK_H
#define SHRIKE_SINK_SINK_H

#include "user/base/buf.h"
#include "user/event/codec.h"

enum sink_format { SINK_TEXT, SINK_JSON };

struct sink_options {
	enum sink_format format;
	bool color;
};

/*
 * Append one match. `seq` is its ledger sequence, UINT64_MAX: none (then JSON
 * has no `ledger`). JSON: time, host, rule, severity, attack, match_id, key,
 * fields, window, coverage, lost, events[], ledger{seq}. Times are RFC 3339
 * with nanoseconds, UTC.
 */
void sink_match(const struct sink_options *options, const struct match_doc *doc,
		uint64_t seq, struct buf *out);

/* A value as JSON, as plain text, and a time. */
void sink_json_value(struct buf *out, struct value value);
void sink_json_text(struct buf *out, const void *bytes, size_t len);
void sink_text_value(struct buf *out, struct value value);
void sink_time(struct buf *out, int64_t realtime_ns);

#endif
