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

#include "bpf/columns.h"
#include "bpf/event.h"
#include "user/base/value.h"

#include <stddef.h>

#define CONTEXT_COUNT (COL_PARENT_FIRST - COL_CONTEXT_FIRST)

enum column_wire {
	WIRE_NONE, /* not in the record: from the process table, or ambient */
	WIRE_U8,
	WIRE_U16,
	WIRE_U32,
	WIRE_U64,
	WIRE_S32,
	WIRE_OPT, /* __s64, EVENT_NONE: NULL */
	WIRE_FLAG,
	WIRE_CHARS,
	WIRE_IP,
	WIRE_BLOB,
	WIRE_PATH,
	WIRE_DNS, /* a DNS message, for the list of its answers */
	WIRE_TIME,
	WIRE_COUNT
};

struct column {
	const char *name;
	const char *doc;
	enum value_type type;
	enum column_wire wire;
	uint16_t id;
	uint16_t offset;	/* of the member in the wire record, bytes */
	uint16_t size;		/* of the member, bytes */
	uint16_t bytes_offset;	/* PATH, DNS: of the bytes in scratch */
	uint16_t bytes_size;	/* PATH, DNS: most bytes there can be */
	uint16_t family_offset; /* WIRE_IP: of the address family, 2 bytes */
	uint32_t flag;		/* WIRE_FLAG: the bit of head.flags */
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

/* Bytes of the wire struct before the bytes of its paths, or all of it. */
size_t catalog_fixed_bytes(const struct stream *stream);

/*
 * Does anybody ever fill this column of that stream? A line of a log does not
 * say which process of ours wrote it.
 */
bool catalog_filled(enum stream_id stream, unsigned column);

/*
 * Where the collector puts the groups of the sets it has looked a path up in
 * (struct path_groups, in scratch); 0: it does not.
 */
uint16_t catalog_path_groups(enum stream_id stream, unsigned column);

/* The same of its last component (struct path_name). */
uint16_t catalog_path_name(enum stream_id stream, unsigned column);

/* Can a generated predicate read this column from the wire record? */
bool catalog_in_kernel(const struct column *column);

#endif
