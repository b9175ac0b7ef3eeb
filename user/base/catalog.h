/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog as tables, made from bpf/fields.def: which streams there are,
 * which columns each has, where the wire record holds them.
 *
 * A column id is valid within its stream: first the head columns, then context
 * and parent columns (the same ids in every stream), then the stream's own.
 */
#ifndef SHRIKE_BASE_CATALOG_H
#define SHRIKE_BASE_CATALOG_H

#include "bpf/event.h"
#include "user/base/value.h"

#include <stddef.h>

/*
 * COL_ts, COL_pid, COL_exe ... for what every stream has, and
 * COL_NETWORK_CONNECT_dst_port ... for a stream's own columns: each stream's
 * numbering starts again at COL_OWN_FIRST.
 */
enum column_id {
#define HEAD_COLUMN(name, type, wire, member, doc) COL_##name,
#include "bpf/fields.def"
	COL_HEAD_COUNT,
	COL_CONTEXT_FIRST = COL_HEAD_COUNT,
	COL_BEFORE_CONTEXT = COL_CONTEXT_FIRST - 1,
#define CONTEXT_COLUMN(name, type, doc) COL_##name,
#include "bpf/fields.def"
	COL_PARENT_FIRST,
	COL_BEFORE_PARENT = COL_PARENT_FIRST - 1,
#define PARENT_COLUMN(name, column, type, doc) COL_##name,
#include "bpf/fields.def"
	COL_OWN_FIRST,
#define STREAM(id, ident, name, alias, doc) COL_BEFORE_##id = COL_OWN_FIRST - 1,
#define OWN_COLUMN(stream, record, name, type, wire, member, doc) \
	COL_##stream##_##name,
#define HIDDEN_COLUMN(stream, record, name, type, wire, member, doc) \
	COL_##stream##_##name,
#include "bpf/fields.def"
};

#define CONTEXT_COUNT (COL_PARENT_FIRST - COL_CONTEXT_FIRST)

enum column_wire {
	WIRE_NONE, /* not in the record: from the process table */
	WIRE_U8,
	WIRE_U16,
	WIRE_U32,
	WIRE_U64,
	WIRE_S32,
	WIRE_FLAG,
	WIRE_CHARS,
	WIRE_IP,
	WIRE_BLOB,
	WIRE_PATH,
	WIRE_TIME,
	WIRE_COUNT
};

struct column {
	const char *name;
	const char *doc;
	enum value_type type;
	enum column_wire wire;
	uint16_t id;
	uint16_t offset;       /* of the member in the wire record, bytes */
	uint16_t size;	       /* of the member, bytes */
	uint16_t bytes_offset; /* WIRE_PATH: of the bytes themselves */
	uint16_t bytes_size;   /* WIRE_PATH: most bytes there can be */
	uint32_t flag;	       /* WIRE_FLAG: the bit of head.flags */
	uint16_t context; /* parent column: the context column it mirrors */
	bool hidden;	  /* cannot be named in a rule */
};

struct stream {
	enum stream_id id;
	const char *name;  /* "network.connect" */
	const char *ident; /* "network_connect": names of generated functions */
	const char *record; /* "network_connect_event": its wire struct */
	const char *alias;  /* default alias in a rule */
	const char *doc;
	size_t record_bytes; /* sizeof its wire struct */
	unsigned own_first;  /* private to catalog.c */
};

/* CHECK()s that id < STREAM_COUNT. */
const struct stream *catalog_stream(enum stream_id id);

/* The tracepoint that makes its events; NULL: they are made of other events. */
const char *catalog_hook(enum stream_id id);

/* By name ("process.exec"); NULL when there is none or it is internal. */
const struct stream *catalog_stream_by_name(const char *name, size_t len);

/* A stream's column ids are below this. */
unsigned catalog_column_count(const struct stream *stream);

/* CHECK()s that id < catalog_column_count(). */
const struct column *catalog_column_at(const struct stream *stream,
				       unsigned id);

/* By name, visible or hidden; NULL when there is none. */
const struct column *catalog_column(const struct stream *stream,
				    const char *name, size_t len);

/*
 * The index-th spelled value of an enum column ("inet"), NULL past the last;
 * a column that is no enum has none.
 */
const char *catalog_literal(enum stream_id stream, const struct column *column,
			    unsigned index, int64_t *ret_value);

/* How a value of an enum column is spelled; NULL: it is none, or has no name. */
const char *catalog_spelled(enum stream_id stream, const struct column *column,
			    struct value value);

/* The context column that a parent column mirrors: parent_exe gives exe. */
unsigned catalog_parent_source(unsigned parent_column);

/* Can a generated predicate read this column from the wire record? */
bool catalog_in_kernel(const struct column *column);

#endif
