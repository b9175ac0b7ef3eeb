/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operators with aggregates share.
 *
 *   aggregate.c  counts, sums and means: values come and, OVER, go
 *   distinct.c   different values, by when each was last seen
 *   evidence.c   the last tuples of a window
 *
 * Semantics are SQLite's: NULL is left out, the sum, mean, least and greatest
 * of nothing are NULL. Sums of integers are exact in 128 bits and NULL where
 * the result is beyond 64 (SQLite: an error). Sums of doubles are the double
 * nearest to the true sum, whatever the order of arrival (see
 * exact_sum_int.h); a mean is that sum divided by the count. A double that is
 * not a number is NULL.
 */
#ifndef SHRIKE_STREAM_AGGREGATE_INT_H
#define SHRIKE_STREAM_AGGREGATE_INT_H

#include "stream/exact_sum_int.h"
#include "stream/keyset_int.h"
#include "stream/plan.h"

/* More in one tuple's values, or in one key, is not kept but refused. */
#define AGGREGATE_BYTES_MAX ((size_t)256 * 1024)

struct op;
struct retained;

/* One aggregate of one window or partition. */
struct accumulator {
	uint64_t count; /* of values that are not NULL; DISTINCT: different */
	union {
		__int128 sum;		 /* SUM, AVG but of doubles */
		struct exact_sum *exact; /* of doubles; behind the array */
		struct list values;	 /* DISTINCT: distinct.c's */
		struct list best;	 /* OVER: MIN, MAX: over.c's */
		struct value extreme; /* GROUP: its bytes are from op_alloc */
	};
};

/* Bytes of the accumulators of a node's aggregates and what is behind them. */
size_t accumulators_bytes(const struct plan_node *node);

/* `all` points at as many zeroed bytes. */
void accumulators_init(const struct plan_node *node, struct accumulator *all);

/* The aggregates' arguments; their bytes are the tuple's or in the scratch. */
void aggregate_eval(struct op *op, const struct tuple *tuple,
		    struct value *ret_values);

/* COUNT, SUM and AVG; of the others nothing but the count. Not NULL. */
void aggregate_add(const struct plan_aggregate *aggregate,
		   struct accumulator *acc, struct value v);
void aggregate_subtract(const struct plan_aggregate *aggregate,
			struct accumulator *acc, struct value v);

/* Of all but MIN and MAX. */
struct value aggregate_value(const struct plan_aggregate *aggregate,
			     const struct accumulator *acc);

/* Is `v` a better MIN or MAX than `than`? Equals are not. */
bool aggregate_is_better(const struct plan_aggregate *aggregate, struct value v,
			 struct value than);

/* Bytes of the values that are elsewhere; SIZE_MAX: too many to be kept. */
size_t values_bytes(const struct value *values, unsigned count);

/* `v` with its bytes at *at, which moves on behind them. */
struct value value_move(struct value v, uint8_t **at);

/*
 * Different values of all the operator's keys: one table, and a list for each
 * accumulator, by when a value was last seen. So a window's count is the length
 * of its list once what was last seen before its start is gone. With `saturate`
 * the last saturate + 1 are enough: if the window has more than `saturate`, all
 * these are inside it, and a quota of `saturate` does not count as one that
 * was reached. Otherwise a list has at most rows_per_key_max.
 */
void distinct_add(struct op *op, struct hmap *table,
		  const struct plan_aggregate *aggregate,
		  struct accumulator *acc, struct value v, int64_t ts);
void distinct_leave(struct op *op, struct hmap *table, struct accumulator *acc,
		    int64_t start);
void distinct_release(struct op *op, struct hmap *table,
		      struct accumulator *acc);

/* A ring of the last MATCH_EVIDENCE_MAX tuples, their rows retained. */
struct evidence {
	uint8_t *items; /* of op_alloc; NULL: none yet */
	size_t first, count, size;
};

/* The tuples come by ts. One for which there is no room is left out. */
void evidence_add(struct op *op, struct evidence *evidence,
		  const struct tuple *tuple);
void evidence_leave(struct op *op, struct evidence *evidence, int64_t start);
void evidence_release(struct op *op, struct evidence *evidence);
unsigned evidence_gather(const struct op *op, const struct evidence *evidence,
			 const struct row **rows);

/* over.c */
struct over {
	struct keyset keys;
	struct hmap values;
	struct list peers; /* that wait */
	bool has_rows;	   /* some aggregate is not a COUNT(DISTINCT) */
};

/* group.c, session.c */
struct group_window;
struct grouping {
	struct keyset keys;
	struct hmap values;
	struct list windows;	   /* open ones; TUMBLE, HOP: by start */
	int64_t offset;		   /* realtime is boot-time and this */
	struct group_window *busy; /* not to be freed although empty */
	struct group_window *closing;
	const struct key_head *pinned; /* at work: not to be evicted */
};

#endif
