/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows and matches as protobuf messages (shrike.proto) and back: what a trace
 * file and the store hold. Encoding is canonical: equal content gives equal
 * bytes. Decoding trusts nothing: -EBADMSG on anything malformed.
 */
#ifndef SHRIKE_EVENT_CODEC_H
#define SHRIKE_EVENT_CODEC_H

#include "user/base/arena.h"
#include "user/base/buf.h"
#include "user/base/err.h"
#include "user/base/row.h"

/*
 * The columns that a writer of rows knew, by stream and column id, so that a
 * reader with another catalog finds them by name.
 */
struct row_schema;

/* Append a message Schema of this program's catalog. */
int row_schema_encode(struct buf *out, struct err *err);

/* -EBADMSG, or -ENOTSUP naming a column this catalog has with another type. */
int row_schema_decode(const void *bytes, size_t len, struct arena *arena,
		      const struct row_schema **ret_schema, struct err *err);

/*
 * The stream that a writer numbered `id`; schema NULL: this program's own.
 * -ENOTSUP when this catalog does not have it, -EBADMSG when the schema has no
 * such number.
 */
int row_schema_stream(const struct row_schema *schema, unsigned id,
		      const struct stream **ret_stream, struct err *err);

/*
 * Append a message Event. With `with_context` the values of the process context
 * are written too (evidence); without, only what the collector gave (traces).
 */
int row_encode(const struct row *row, bool with_context, struct buf *out,
	       struct err *err);

/*
 * `schema` NULL: this program's own. Contexts are decoded where present; like
 * the row they live in the arena. -ENOTSUP when this catalog has no such stream.
 */
int row_decode(const void *bytes, size_t len, const struct row_schema *schema,
	       struct arena *arena, struct row **ret_row, struct err *err);

/* A match as sinks print it and the store keeps it. */
struct match_field {
	const char *name;
	struct value value;
};

struct match_doc {
	uint8_t id[16];
	int64_t ts_ns; /* realtime */
	const char *host;
	const char *rule;
	uint8_t rule_digest[32];
	const char *severity;
	const char *description;
	const char *attack;	 /* comma-separated */
	int64_t window_start_ns; /* realtime */
	int64_t window_end_ns;
	const char *coverage; /* "complete", "capped", "evicted", "gap" */
	uint64_t lost;
	unsigned field_count; /* the SELECT list */
	const struct match_field *fields;
	unsigned key_count;
	const struct match_field *keys;
	unsigned event_count; /* evidence, oldest first */
	const struct row *const *events;
	uint64_t event_total;
};

int match_encode(const struct match_doc *doc, struct buf *out, struct err *err);
int match_decode(const void *bytes, size_t len, struct arena *arena,
		 struct match_doc **ret_doc, struct err *err);

/* What one rule asks of one stream, for a collector in another process. */
struct task_doc {
	const char *id;
	const char *rule;
	uint8_t rule_digest[32];
	const char *stream;
	unsigned column_count;
	const char *const *columns;
	const char *predicate;	 /* SQL; "": every row */
	uint32_t rate_limit;	 /* see shrike.proto */
	int64_t time_to_live_ns; /* 0: as long as the rule is loaded */
};

/* A message CollectionTasks. */
int tasks_encode(const struct task_doc *tasks, unsigned count, struct buf *out,
		 struct err *err);
int tasks_decode(const void *bytes, size_t len, struct arena *arena,
		 const struct task_doc **ret_tasks, unsigned *ret_count,
		 struct err *err);

#endif
