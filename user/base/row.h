/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event in memory: made by user/event from a wire record or a trace, read
 * by the engine, written by user/trace and into evidence.
 *
 * A row's values hold its head columns, then its own columns; what the process
 * table knows hangs off `self` and `parent` once the engine has looked it up.
 */
#ifndef SHRIKE_BASE_ROW_H
#define SHRIKE_BASE_ROW_H

#include "user/base/catalog.h"
#include "user/base/value.h"

/*
 * What the process table knows of a process at one moment: immutable, shared,
 * counted. A new exec makes a new one.
 */
struct context {
	uint32_t refs;
	uint32_t size_bytes; /* of the allocation, its strings included */
	const struct context *origin; /* whose strings it borrows, or NULL */
	const void *keeper;	      /* the engine that pays for it, or NULL */
	uint32_t kept;		      /* by so many of its rows */
	struct value values[CONTEXT_COUNT];
};

struct row {
	uint16_t stream;      /* enum stream_id */
	uint16_t value_count; /* of `values` */
	uint32_t cpu;
	int64_t ts;   /* boot-time clock, ns */
	uint64_t seq; /* with stream, ts and cpu: the event's id */
	/*
	 * Live rows: scans that need not be asked, as the plan has them that the
	 * kernel programs of this generation were made for (plan_node.hint).
	 */
	uint64_t ruled_out;
	uint32_t generation;
	const struct context *self;   /* NULL: process unknown */
	const struct context *parent; /* NULL: parent unknown */
	struct value values[];
};

/* Index into row->values of a column that is neither context nor parent. */
static inline unsigned row_slot(unsigned column)
{
	return column < COL_HEAD_COUNT ?
		       column :
		       column - COL_OWN_FIRST + COL_HEAD_COUNT;
}

/* How many values a row of this stream holds. */
static inline unsigned row_slots(const struct stream *stream)
{
	return row_slot(catalog_column_count(stream));
}

/* A column's value by its id, NULL where it is not known. */
static inline struct value row_get(const struct row *row, unsigned column)
{
	const struct context *context = row->self;
	unsigned slot;

	if (column >= COL_CONTEXT_FIRST && column < COL_OWN_FIRST) {
		if (column >= COL_PARENT_FIRST) {
			context = row->parent;
			column = catalog_parent_source(column);
		}
		return context ? context->values[column - COL_CONTEXT_FIRST] :
				 value_null();
	}
	slot = row_slot(column);
	return slot < row->value_count ? row->values[slot] : value_null();
}

/*
 * Realtime minus the boot-time clock as of a row, which changes when the clock is
 * set; `otherwise` where the row does not tell.
 */
int64_t row_clock_offset(const struct row *row, int64_t otherwise);

/* Total order of events: (ts, stream, cpu, seq). */
int row_compare(const struct row *a, const struct row *b);

/* Most bytes one row's values may take, all together. */
#define ROW_BYTES_MAX ((size_t)64 * 1024)

#endif
