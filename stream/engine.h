/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: ordered rows and a watermark in, matches out. Deterministic: no
 * clock, no descriptors, no randomness but the seed it is given, which never
 * changes what matches.
 */
#ifndef SHRIKE_STREAM_ENGINE_H
#define SHRIKE_STREAM_ENGINE_H

#include "stream/plan.h"
#include "user/base/err.h"

#define MATCH_EVIDENCE_MAX 64

/* A match that several apply to carries the last of them. */
enum match_coverage {
	COVERAGE_COMPLETE,
	COVERAGE_CAPPED,  /* an AUTO JOIN had more triggers than it may keep */
	COVERAGE_EVICTED, /* rows that its window may need had to go */
	COVERAGE_GAP,	  /* events were lost inside its window */
	COVERAGE_COUNT
};

/*
 * Borrowed: valid during the callback. By what tops the rule's tree:
 *
 *   a filter, joins  rows: the tuple, NULL where a LEFT or ANTI join found no
 *                    partner; evidence: those rows; the window spans them and,
 *                    for a partner that is not there, where it was looked for
 *   a sequence       rows: by step, NULL for one left out and for UNTIL
 *   COUNT, OVER      rows: what was counted last; evidence: the last tuples of
 *                    the window, which is the range up to it
 *   GROUP            rows: as the operator says; evidence: the last tuples of
 *                    the group; the window's bounds
 *
 * FIRST_SEEN below any of them widens the window by its range: for so long its
 * keys were not seen. Of an input that reads a rule's matches the row is such a
 * match (stream PLAN_STREAM_MATCHES); evidence holds the events behind it, its
 * window lies in this one, its coverage and loss are this one's at least.
 */
struct match {
	const struct plan_rule *rule;
	int64_t ts;	      /* when it became decidable, boot-time clock */
	int64_t window_start; /* of the evidence's window, closed */
	int64_t window_end;
	const struct value *outputs; /* rule->output_count */
	const struct value *keys;    /* rule->key_count */
	/*
	 * Peers share their evidence and a row may play two parts, so a match's
	 * id covers the ids of these rows too, in order.
	 */
	const struct row *const *rows;	   /* rule->input_count */
	const struct row *const *evidence; /* in total order, contexts set */
	unsigned evidence_count;
	uint64_t evidence_total; /* of which the last 64 are kept */
	enum match_coverage coverage;
	uint64_t lost; /* events lost inside the window */
};

typedef int engine_match_fn(void *ctx, const struct match *match,
			    struct err *err);

struct engine_options {
	engine_match_fn *on_match; /* non-zero ends the push that called it */
	void *ctx;
	uint64_t seed[2];
	uint64_t state_bytes_max; /* of all rules together */
	/* See expr_env; NULL: no process is known. */
	const struct context *(*ancestor)(void *ctx, int64_t pid_key,
					  unsigned n);
	void *ancestor_ctx;
};

struct engine_rule_stats {
	uint64_t matches;    /* of an internal rule: for its readers */
	uint64_t suppressed; /* muted by SUPPRESS FOR or ON GAP SUPPRESS */
	uint64_t evicted;    /* state rows that had to go before their time */
	uint64_t refused;    /* state rows that were not let in */
	uint64_t scanned;    /* rows that its conditions were asked of */
	uint64_t late;	     /* rows a stateful operator could not use */
	uint64_t state_rows; /* now */
	uint64_t state_bytes;
};

struct engine;

/* `plan` must outlive the engine. */
int engine_new(const struct plan *plan, const struct engine_options *options,
	       struct engine **ret_engine, struct err *err);
struct engine *engine_free(struct engine *engine);

/*
 * One row of a stream, in total order, its contexts set. The engine copies what it keeps.
 * Returns what on_match returned when that is not 0.
 */
int engine_push(struct engine *engine, const struct row *row, struct err *err);

/*
 * No row with ts < watermark will come any more: decides peers, expires state.
 * INT64_MAX is the end of a finite input.
 */
int engine_advance(struct engine *engine, int64_t watermark, struct err *err);

/*
 * `count` events of `stream` were lost in [from, to) of the boot-time clock. To
 * be told before the watermark passes `to`.
 */
int engine_gap(struct engine *engine, enum stream_id stream, int64_t from,
	       int64_t to, uint64_t count, struct err *err);

/*
 * State that must survive a restart within the same boot, as bytes: what is
 * muted, which thresholds are up and what FIRST_SEEN has seen, keyed by digest. Restore takes what
 * it knows and ignores the rest; damaged bytes: -EBADMSG, nothing restored.
 */
struct buf;
int engine_save(struct engine *engine, struct buf *out, struct err *err);
int engine_restore(struct engine *engine, const void *bytes, size_t len,
		   struct err *err);

void engine_rule_stats(const struct engine *engine, unsigned rule,
		       struct engine_rule_stats *ret_stats);

#endif
