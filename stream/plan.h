/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream plan: what the compiler hands to the engine. Immutable; lives in
 * the arena of its compilation, which must outlive the engine.
 *
 * A rule is a tree of operators over tuples (see expr.h). Input i of the tuple
 * is the rule's i-th FROM item, or step i of its sequence. What one tree cannot
 * say (an aggregate over an aggregate, a join with one) takes several rules:
 * an internal rule's matches go to the rules that read them and nowhere else.
 */
#ifndef SHRIKE_STREAM_PLAN_H
#define SHRIKE_STREAM_PLAN_H

#include "stream/expr.h"

#define PLAN_DIGEST_BYTES 32
#define PLAN_KEYS_MAX 10
#define PLAN_STEPS_MAX 8
#define PLAN_AGGREGATES_MAX 50
#define PLAN_ORDERS_MAX 4

/* All rules together hold at most so much, what they mute included. */
#define PLAN_STATE_BYTES_MAX ((uint64_t)40 << 20)
/* What a rule mutes, and thresholds that are up: at most so many keys each. */
#define PLAN_MARKS_MAX 100000u
/* HOP: one row lies in at most so many windows. */
#define PLAN_HOPS_MAX 100

enum plan_kind {
	PLAN_SCAN,   /* rows of one stream that satisfy `predicate` */
	PLAN_FILTER, /* tuples of child[0] that satisfy `predicate` */
	PLAN_JOIN,   /* interval join of child[0] with the scan child[1] */
	PLAN_COUNT,  /* exact sliding COUNT(*) OVER of child[0], into `slot` */
	PLAN_OVER,   /* sliding aggregates of child[0] */
	PLAN_GROUP,  /* aggregates by window and key of child[0] */
	PLAN_SEQUENCE,	 /* steps in order, by key */
	PLAN_FIRST_SEEN, /* tuples of child[0] whose keys are new */
	PLAN_KIND_COUNT
};

/*
 * Rows that only a rule sees which names the column that tells them from the
 * others: bits of a scan's `asks`.
 */
enum plan_asks {
	PLAN_ASKS_FAILED = 1 << 0,   /* retval: calls that failed */
	PLAN_ASKS_THREADS = 1 << 1,  /* is_thread, of process.fork */
	PLAN_ASKS_OUTCOMES = 1 << 2, /* outcome, of network.connect: of TCP */
};

enum plan_join {
	PLAN_JOIN_INNER,
	PLAN_JOIN_FIRST, /* each left tuple with its earliest partner alone */
	PLAN_JOIN_LEFT,	 /* and without a partner when there is none in time */
	PLAN_JOIN_SEMI,	 /* left tuples that have a partner: EXISTS */
	PLAN_JOIN_ANTI,	 /* that have none in time: NOT EXISTS */
	PLAN_JOIN_COUNT
};

enum plan_aggregate_op {
	PLAN_COUNT_ROWS,   /* COUNT(*) */
	PLAN_COUNT_VALUES, /* not NULL */
	PLAN_COUNT_DISTINCT,
	PLAN_SUM, /* NULL of none; integers: NULL on overflow */
	PLAN_AVG,
	PLAN_MIN,
	PLAN_MAX,
	PLAN_AGGREGATE_OP_COUNT
};

struct plan_aggregate {
	enum plan_aggregate_op op;
	enum value_type type; /* of the result */
	uint8_t slot;
	uint32_t saturate; /* DISTINCT: above this counts are alike; 0: exact */
	const struct expr *arg; /* NULL: COUNT(*) */
};

enum plan_window { PLAN_TUMBLE, PLAN_HOP, PLAN_SESSION };

struct plan_order {
	const struct expr *expr;
	bool descending; /* NULL is less than anything, as in SQLite */
};

/*
 * One step of a sequence. Step i is input i; the scan of UNTIL is the input
 * after the last step. A step that is optional may be left out.
 */
struct plan_step {
	struct plan_node *scan;	      /* its predicate: on the step's own row */
	const struct expr **keys;     /* node->key_count of them, of its row */
	const struct expr *predicate; /* on it and earlier steps; NULL: TRUE */
	bool optional;
};

struct plan_node {
	enum plan_kind kind;
	struct plan_node *child[2];
	const struct expr *predicate; /* NULL: TRUE; JOIN: the residual */

	/* SCAN; of input_rules[input] when stream is PLAN_STREAM_MATCHES */
	uint8_t input;
	uint8_t asks; /* enum plan_asks */
	enum stream_id stream;
	uint64_t hint; /* its bit of row.ruled_out; 0: it is asked always */

	/*
	 * JOIN: key i equal on both sides; COUNT, OVER: PARTITION BY left_keys;
	 * GROUP: the group's keys; FIRST_SEEN: what must be new; SEQUENCE: the
	 * count alone, see plan_step.
	 */
	uint8_t key_count;
	const struct expr **left_keys;
	const struct expr **right_keys;

	/* JOIN: right.ts BETWEEN anchor.ts + lower_ns AND anchor.ts + upper_ns */
	enum plan_join join;
	bool triggered; /* AUTO JOIN: over keys_max is coverage 'capped' */
	uint8_t anchor; /* an input of child[0] */
	int64_t lower_ns;
	int64_t upper_ns;

	/*
	 * COUNT, OVER: closed range [ts - range_ns, ts]; FIRST_SEEN: not seen
	 * within it; SEQUENCE: WITHIN, from the first step to the last
	 */
	uint8_t slot; /* COUNT */
	int64_t range_ns;
	uint32_t saturate; /* COUNT: above this are alike; 0: exact count */

	/* OVER, GROUP */
	unsigned aggregate_count;
	const struct plan_aggregate *aggregates;

	/*
	 * GROUP: windows of realtime, half-open. Slot 0 and 1 are its start and
	 * end, slots 2 ... the keys. `predicate` is HAVING; then the groups of a
	 * window are ordered and the first `limit` go on.
	 */
	enum plan_window window;
	int64_t size_ns;  /* SESSION: at most so long */
	int64_t slide_ns; /* HOP; SESSION: the gap that ends it */
	unsigned order_count;
	const struct plan_order *orders;
	int64_t limit; /* -1: none */

	/* SEQUENCE */
	unsigned step_count;
	const struct plan_step *steps;
	const struct plan_step *until; /* NULL: none */
	unsigned runs_max; /* a key holds a step: 1 when keys tie the steps */

	/*
	 * Bound on state, printed by explain, enforced by the engine, as are
	 * the bytes of all rules together.
	 */
	uint64_t horizon_ns;
	uint32_t keys_max;
	uint32_t rows_per_key_max;

	/* Of the canonical text of this subtree: names its saved state. */
	uint8_t digest[PLAN_DIGEST_BYTES];
};

enum plan_emit {
	PLAN_EMIT_EVERY,
	PLAN_EMIT_FIRST, /* join: once a left tuple; threshold: rising edge */
	PLAN_EMIT_CLOSE, /* what is known when a window is over; as EVERY */
};

struct plan_output {
	const char *name;
	const struct expr *expr;
};

/* In place of a stream: the matches of a rule. */
#define PLAN_STREAM_MATCHES STREAM_COUNT

/*
 * A row of a rule's matches: ts is when it was decided; values are the head's,
 * all NULL but ts, mono_ns and seq (counts the rule's matches), then the rule's
 * outputs, so that output i is column COL_OWN_FIRST + i.
 */
struct plan_rule {
	const char *name;
	bool internal;	      /* its matches go to rules that read them alone */
	const char *severity; /* "critical"; one of syslog's or low ... */
	const char *description;
	const char *attack;    /* comma-separated ATT&CK ids, "" when none */
	const char *canonical; /* the printed rule its digest covers */
	uint8_t digest[PLAN_DIGEST_BYTES];
	struct plan_node *root;
	unsigned input_count;
	const char *const *input_names;
	const enum stream_id *input_streams;
	const struct plan_rule *const *input_rules; /* NULL: a stream */
	unsigned slot_count;
	const char *const *slot_names;
	unsigned output_count;
	const struct plan_output *outputs;
	unsigned key_count; /* what SUPPRESS mutes by; also shown */
	const struct plan_output *keys;
	enum plan_emit emit;
	int64_t suppress_ns;  /* 0: none */
	bool suppress_on_gap; /* ON GAP SUPPRESS */
};

struct plan {
	unsigned rule_count;
	/* A rule comes after those whose matches it reads. */
	const struct plan_rule *rules;
	uint8_t digest[PLAN_DIGEST_BYTES]; /* of all rules, in order */
};

#endif
