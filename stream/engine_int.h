/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine inside: one operator per plan node, each rule a tree of them.
 *
 *   engine.c        rows, time and their dispatch
 *   engine_build.c  plan to operators
 *   retain.c        rows that outlive their push, and room for state
 *   join.c count.c sequence.c seen.c ...  the operators with state
 *   emit.c          what becomes a match: edges, mutes, coverage
 *   matches.c       evidence; matches as rows for the rules that read them
 *   over.c group.c session.c, with aggregate.c distinct.c
 *   evidence.c peers.c  what windows keep: their last tuples; who waits
 *   marks.c         small facts by key: muted until, up, fired
 *   gaps.c          what was lost when
 *   engine_save.c   marks and what was seen, as bytes
 *
 * Time: `now` is the largest ts or watermark seen. It moves on from moment to
 * moment: a ts at which tuples wait for their peers, or that is somebody's
 * deadline. At the end of a moment, when all rows of that ts are there, the
 * operators have their turn by rank (rules in plan order, children before
 * parents): decide, then fire. So what one operator sends up at a moment is
 * there when those above it, and the rules that read it, have theirs. State
 * changes only through rows and moments, so how the input was cut into turns
 * never shows.
 */
#ifndef SHRIKE_STREAM_ENGINE_INT_H
#define SHRIKE_STREAM_ENGINE_INT_H

#include "stream/aggregate_int.h"
#include "stream/engine.h"
#include "stream/gaps_int.h"
#include "stream/keyset_int.h"
#include "stream/timers_int.h"

#include <errno.h>
#include <stdlib.h>

#define KEYS_MAX_DEFAULT 100000u
#define ROWS_PER_KEY_MAX_DEFAULT 64u
#define RUNS_MAX_DEFAULT 65536u

/*
 * What an operator does. `side` of take() is the child's place below it: of a
 * join 0 left, 1 right; of a sequence the step. The tuple and what it points at
 * are borrowed. init() comes before anything can fail, release() frees all
 * state. Any but take() may be NULL.
 *
 *   decide  all rows of a moment are there: tuples that waited for their peers
 *           go up; engine->waiting counts them
 *   fire    the deadline of one of its timers is over: engine->now is just past
 *           it, and the timer is disarmed; what goes up bears the deadline or
 *           the ts after it
 *   evict   make room by what makes least progress, but not by what is going
 *           up; false: nothing can go
 *   gather  rows of the evidence behind the tuple that is going up, at most
 *           GATHER_MAX; NULL: the tuple's rows
 */
struct op_kind {
	void (*init)(struct op *op);
	void (*release)(struct op *op);
	int (*take)(struct op *op, unsigned side, const struct tuple *tuple,
		    struct err *err);
	int (*decide)(struct op *op, struct err *err);
	int (*fire)(struct op *op, struct timer *timer, struct err *err);
	bool (*evict)(struct op *op);
	unsigned (*gather)(const struct op *op, const struct row **rows);
};

#define GATHER_MAX (MATCH_EVIDENCE_MAX * TUPLE_INPUTS_MAX)

/* A row the engine keeps: counted, one copy for all operators. */
struct retained {
	uint32_t refs;
	bool keeps_self, keeps_parent; /* counted at their contexts */
	uint64_t ordinal;	       /* of the push: tells rows apart */
	uint64_t context_bytes;	       /* that it was the first to keep */
	struct basis *basis; /* of a match's row: in the same block; or NULL */
	struct row row;
};

/* What is behind a match that is a row: for the matches of its readers. */
struct basis {
	struct list queue; /* engine->matches, until it was read */
	struct retained *match;
	struct rule *from;
	bool late;
	enum match_coverage coverage;
	uint64_t lost;
	int64_t window_start;
	uint64_t total; /* rows of evidence, of which `rows` are the last */
	uint64_t bytes; /* of `rows`, in the pool */
	unsigned count;
	struct retained *rows[]; /* none of them a match */
};

struct op;

struct mark {
	struct key_head head;
	struct timer timer;
	struct marks *marks;
	int64_t until; /* mutes: the first ts that is not muted */
};

/* At most PLAN_MARKS_MAX, then the one not used for longest goes. */
struct marks {
	struct keyset set;
	struct rule *rule;
};

struct join_key {
	struct key_head head;
	struct list items[2]; /* left, right: by ts, then arrival */
	unsigned counts[2];
};

/* A left tuple (all its rows) or a right row (one). */
struct join_item {
	struct list list;
	struct timer timer;
	struct op *op;
	struct join_key *key;
	int64_t ts;	 /* left: of the anchor */
	int64_t done_ts; /* when it was complete */
	unsigned side;
	bool paired;		 /* left: has had a partner */
	struct retained *rows[]; /* of the inputs of op->child[side] */
};

struct join {
	struct keyset keys;
	struct join_key *pinned; /* in use: must not be evicted */
	int64_t lag; /* a left tuple completes at most this after its anchor */
};

/* How many rows bear one ts. */
struct run {
	int64_t ts;
	uint64_t rows;
};

struct count_key {
	struct key_head head;
	struct timer timer;
	struct op *op;
	int64_t last_ts;
	unsigned pending; /* rows that wait for their peers */

	struct run *runs; /* a ring, by ts */
	size_t run_first, run_count, run_size;
	uint64_t total; /* of the runs' rows */

	struct evidence evidence;
};

struct count {
	struct keyset keys;
	struct list peers;
};

/* The beginning of a sequence: the rows of steps 0 ... `step`. */
struct chain {
	struct list list; /* key->chains[step], the latest begun last */
	struct timer timer;
	struct op *op;
	struct sequence_key *key;
	uint64_t begun; /* ordinal of its first row */
	int64_t first_ts;
	unsigned step;
	unsigned row_count;
	struct retained *rows[]; /* by step; NULL: left out */
};

struct sequence_key {
	struct key_head head;
	struct list list; /* sequence->progress[progress], by last use */
	unsigned progress;
	struct list chains[PLAN_STEPS_MAX];
	unsigned counts[PLAN_STEPS_MAX];
};

struct sequence {
	struct keyset keys;
	struct list progress[PLAN_STEPS_MAX]; /* by a key's furthest chain */
	struct sequence_key *pinned;	      /* in use: must not be evicted */
};

struct seen_key {
	struct key_head head;
	struct timer timer;
	struct op *op;
	int64_t last_ts;
};

struct seen {
	struct keyset keys;
};

/* Of an operator with windows: the one behind the tuple that is going up. */
struct op_window {
	struct key_head *key; /* its partition or group; NULL: none */
	int64_t start;	      /* boot-time clock, closed */
	int64_t end;
	uint64_t total; /* of its tuples, of which gather() has the last */
};

struct op {
	const struct plan_node *node;
	const struct op_kind *kind;
	struct rule *rule;
	unsigned rank; /* place among all operators of the engine */
	struct op *parent;
	unsigned side; /* its place below its parent */
	struct op *child[2];
	struct rule *reads; /* a scan of its matches; NULL: of a stream */
	bool above_top;	    /* a filter over the rule's top */
	bool at_quota;	    /* makes room for one more key */
	uint8_t inputs[TUPLE_INPUTS_MAX]; /* that its tuples have */
	unsigned input_count;
	unsigned keys_max;
	unsigned rows_per_key_max;
	struct op_window window;
	union {
		struct join join;
		struct count count;
		struct sequence sequence;
		struct seen seen;
		struct over over;
		struct grouping group;
	};
};

struct rule {
	const struct plan_rule *plan;
	struct engine *engine;
	struct op *ops; /* children before parents */
	unsigned op_count;
	struct op *top; /* the topmost that can gather, NULL: none */
	bool stateful;	/* has an operator with state */
	bool joins;
	bool reads;	   /* other rules' matches */
	int64_t over_ts;   /* it or a rule it reads lost state; INT64_MIN */
	int64_t capped_ts; /* an AUTO JOIN had too many keys */
	uint32_t streams;  /* a bit each that it reads, by other rules, too */
	int64_t behind; /* a match it reads is no older than its rows by more */
	int64_t spread; /* a match has or lacks rows at most this old */
	int64_t reach;	/* a match comes at most this after its input 0 row */
	struct marks mutes;
	struct marks edges;   /* thresholds that are up, by partition key */
	struct marks fired;   /* input 0 rows that had their match */
	uint64_t marks_bytes; /* of these three, of stats.state_bytes */
	struct op **readers;  /* scans of its matches */
	unsigned reader_count;
	uint64_t match_seq;
	struct engine_rule_stats stats;
};

/* What decides whether a row is put to it, side by side with the others'. */
struct scan {
	struct op *op;
	uint64_t hint; /* see plan_node */
	uint8_t asks;
};

struct engine {
	const struct plan *plan;
	struct engine_options options;
	struct pool pool;
	struct timers timers;
	int64_t now;
	int64_t horizon;	  /* no window reaches further back than this */
	uint64_t ordinal;	  /* of the last row or match */
	uint64_t current_ordinal; /* matches are numbered while it is pushed */
	uint64_t waiting;	  /* tuples that wait for their peers */
	bool late;		  /* what is read now is older than `now` */
	const struct row *current;     /* the row being pushed */
	struct retained *current_kept; /* its copy, once somebody kept it */
	int64_t clock_offset; /* of the last row: realtime - boot-time */
	struct list matches;  /* basis.queue: by ts, rule, then arrival */
	struct rule *rules;
	struct scan *scans[STREAM_COUNT]; /* in rule order */
	unsigned scan_counts[STREAM_COUNT];
	unsigned rank_count;
	struct op **deciders; /* by rank */
	unsigned decider_count;
	struct gaps gaps[STREAM_COUNT];
	bool has_gaps;
	struct expr_env env;
	struct buf key;		     /* scratch */
	struct value *values;	     /* scratch: outputs, then keys */
	struct row *match_row;	     /* scratch; NULL: no rule reads another */
	const struct row **evidence; /* scratch, with `match_row` */
	struct arena arena;	     /* rules, ops and scans */
};

/* engine_build.c */
int engine_build(struct engine *engine, struct err *err);

/* engine.c: hand a tuple to whatever is above `op`. */
int op_output(struct op *op, const struct tuple *tuple, struct err *err);

/* Encode the keys into the engine's scratch; false: one is NULL. */
bool op_key(struct op *op, const struct expr **keys, const struct tuple *tuple);

/* retain.c: state of one operator, charged to its rule. */
void *op_alloc(struct op *op, size_t size); /* NULL: refused, counted */
void op_free(struct op *op, void *p);
void op_charge(struct op *op, const void *p);
void op_uncharge(struct op *op, const void *p);
struct retained *op_keep(struct op *op, const struct row *row);
void op_drop(struct op *op, struct retained *kept); /* NULL is fine */
/*
 * Keep what `tuple` has of the inputs of `from`, NULL for NULL; false: refused,
 * nothing is kept.
 */
bool op_keep_rows(struct op *op, const struct op *from,
		  const struct tuple *tuple, struct retained **ret_rows);
/* One reference, not charged to the rule; NULL: refused. */
struct retained *row_retain(struct op *op, const struct row *row);
void retained_drop(struct engine *engine, struct retained *kept);
static inline struct retained *retained_of(const struct row *row)
{
	return CONTAINER(row, struct retained, row);
}
void *op_alloc_uncharged(struct op *op, size_t size); /* for pool_free() */
uint64_t row_ordinal(const struct engine *engine, const struct row *row);
void engine_drop_current(struct engine *engine);
bool op_evict(struct op *op); /* false: nothing can go */
void *op_add_key(struct op *op, struct keyset *keys, size_t size);
void op_over(struct op *op, uint64_t evicted, uint64_t refused);
/* Room from the rule that holds most, for one that holds less than its share. */
bool room_from_others(struct rule *rule);

/* join.c, count.c ... */
extern const struct op_kind op_scan_kind;
extern const struct op_kind op_filter_kind;
extern const struct op_kind op_join_kind;
extern const struct op_kind op_count_kind;
extern const struct op_kind op_sequence_kind;
extern const struct op_kind op_seen_kind;
extern const struct op_kind op_over_kind;
extern const struct op_kind op_group_kind;
uint64_t count_enough(const struct plan_node *node);

/* peers.c: a tuple that waits until all rows of its ts are there. */
struct peer {
	struct list list; /* of the operator's, as they came */
	struct key_head *key;
	unsigned *pending;  /* how many of that key wait */
	struct tuple tuple; /* its rows are retained; no slots yet */
};
void peer_wait(struct op *op, struct list *peers, struct key_head *key,
	       unsigned *pending, const struct tuple *tuple);
void peer_free(struct op *op, struct peer *peer);
struct peer *peer_first(const struct list *peers); /* NULL: none waits */

/* emit.c */
int rule_match(struct rule *rule, const struct tuple *tuple, struct err *err);
void rule_fall(struct rule *rule, struct key_head *partition);

/* matches.c */
void match_evidence(struct rule *rule, const struct row **rows, unsigned count,
		    struct match *match);
void match_queue(struct rule *rule, const struct match *match);
/* Read what is queued with ts <= `ts`. */
int matches_drain(struct engine *engine, int64_t ts, struct err *err);
void matches_release(struct engine *engine);

/* engine.c: a row of the stream or rule that the scan reads. */
int scan_row(struct op *op, const struct row *row, struct err *err);

/* seen.c: for what is saved and restored. */
void seen_restore(struct op *op, const struct buf *key, int64_t last_ts);

/* marks.c: the key is in the engine's scratch unless it is given. */
void marks_init(struct marks *marks, struct rule *rule);
void marks_release(struct marks *marks);
struct mark *marks_find(struct marks *marks, const struct buf *key);
/* `last`: the last ts at which it matters, INT64_MAX: until it is removed. */
void marks_set(struct marks *marks, const struct buf *key, int64_t until,
	       int64_t last);
void marks_remove(struct mark *mark);
/* The least recently used of the rule's mutes, else of its others, goes. */
bool marks_evict(struct rule *rule);

/* Boot-time arithmetic that stays within its type. */
static inline int64_t ts_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

static inline int64_t ts_sub(int64_t a, int64_t b)
{
	int64_t difference;

	if (__builtin_sub_overflow(a, b, &difference))
		return b < 0 ? INT64_MAX : INT64_MIN;
	return difference;
}

#endif
