/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream plan: what the compiler hands to the engine. Immutable; lives in
 * the arena of its compilation, which must outlive the engine.
 *
 * A rule is a tree of operators over tuples (see expr.h). Input i of the tuple
 * is the rule's i-th FROM item.
 */
#ifndef SHRIKE_STREAM_PLAN_H
#define SHRIKE_STREAM_PLAN_H

#include "stream/expr.h"

#define PLAN_DIGEST_BYTES 32
#define PLAN_KEYS_MAX 10

/* All rules together hold at most so much, what they mute included. */
#define PLAN_STATE_BYTES_MAX ((uint64_t)40 << 20)
/* What a rule mutes, and thresholds that are up: at most so many keys each. */
#define PLAN_MARKS_MAX 100000u

enum plan_kind {
	PLAN_SCAN,   /* rows of one stream that satisfy `predicate` */
	PLAN_FILTER, /* tuples of child[0] that satisfy `predicate` */
	PLAN_JOIN,   /* interval join of child[0] with the scan child[1] */
	PLAN_COUNT,  /* exact sliding COUNT(*) OVER of child[0], into `slot` */
	PLAN_KIND_COUNT
};

struct plan_node {
	enum plan_kind kind;
	struct plan_node *child[2];
	const struct expr *predicate; /* NULL: TRUE; JOIN: the residual */

	/* SCAN */
	uint8_t input;
	enum stream_id stream;

	/* JOIN: key i equal on both sides; COUNT: PARTITION BY left_keys */
	uint8_t key_count;
	const struct expr **left_keys;
	const struct expr **right_keys;

	/* JOIN: right.ts BETWEEN anchor.ts + lower_ns AND anchor.ts + upper_ns */
	uint8_t anchor; /* an input of child[0] */
	int64_t lower_ns;
	int64_t upper_ns;

	/* COUNT: closed range [ts - range_ns, ts] */
	uint8_t slot;
	int64_t range_ns;
	uint32_t saturate; /* counts above this are alike; 0: exact count */

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
};

struct plan_output {
	const char *name;
	const struct expr *expr;
};

struct plan_rule {
	const char *name;
	const char *severity; /* "critical"; one of syslog's or low ... */
	const char *description;
	const char *attack;    /* comma-separated ATT&CK ids, "" when none */
	const char *canonical; /* the printed rule its digest covers */
	uint8_t digest[PLAN_DIGEST_BYTES];
	struct plan_node *root;
	unsigned input_count;
	const char *const *input_names;
	const enum stream_id *input_streams;
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
	const struct plan_rule *rules;
	uint8_t digest[PLAN_DIGEST_BYTES]; /* of all rules, in order */
};

#endif
