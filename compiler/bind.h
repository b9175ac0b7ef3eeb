/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From expanded syntax trees to typed blocks: names are looked up in the
 * catalog, subqueries are put in place of their names, every operand has a type.
 *
 * A block is what one tree of the plan can say:
 *
 *   inputs and their joins, conditions on them (below)
 *   at most one of: aggregates over a sliding window, aggregates by window and
 *     key, a sequence
 *   conditions on what that computed (above): HAVING, or WHERE of a query whose
 *     FROM is that one subquery
 *   columns
 *
 * A subquery that is only inputs, conditions and columns becomes part of the
 * block that reads it. Any other is a block of its own, an internal rule, and
 * its reader has an input that reads its matches.
 */
#ifndef SHRIKE_COMPILER_BIND_H
#define SHRIKE_COMPILER_BIND_H

#include "compiler/ast.h"
#include "compiler/compilation.h"
#include "compiler/compiler.h"

struct bound_condition {
	const struct expr *expr;
	struct span span;
};

struct bound_conditions {
	struct bound_condition *items;
	unsigned count;
};

struct bound_input {
	const char *name;		 /* unique in the block */
	enum stream_id stream;		 /* PLAN_STREAM_MATCHES: of `rule` */
	const struct plan_rule *rule;	 /* to be lowered before this block */
	const struct bound_rule *source; /* the block whose plan is `rule` */
	struct span span;
	enum plan_join join; /* of the first: not used */
	bool triggered;
	/*
	 * Of LEFT, FIRST, SEMI and ANTI: what ON, or the subquery of EXISTS,
	 * asks of a partner. Of INNER it is in `below`.
	 */
	struct bound_conditions on;
};

enum bound_top {
	BOUND_PLAIN,
	BOUND_OVER,	/* slot i is aggregate i */
	BOUND_GROUP,	/* slots: start, end, the keys, the aggregates */
	BOUND_SEQUENCE, /* inputs are the steps, then UNTIL */
};

struct bound_aggregate {
	enum plan_aggregate_op op;
	const struct expr *arg; /* NULL: COUNT(*) */
	enum value_type type;
	const char *name; /* of its slot */
	struct span span;
};

struct bound_step {
	const struct expr **keys;	/* key_count of the block */
	struct bound_conditions define; /* may read this and earlier steps */
	bool optional;
};

struct bound_rule {
	const struct ast_rule *ast;	 /* of the whole rule */
	const struct ast_select *select; /* of this block, expanded */
	const char *name;
	bool internal;
	bool rewritten;		/* expanding changed the rule */
	bool whole;		/* FROM, WHERE, GROUP BY and HAVING are right */
	bool damaged;		/* but something else is not */
	struct plan_rule *plan; /* where lower_rule() puts it */

	unsigned input_count;
	struct bound_input inputs[TUPLE_INPUTS_MAX];
	struct bound_conditions below;

	/* FIRST_SEEN(keys, range): over `below`, under the top */
	unsigned seen_count;
	const struct expr *seen[PLAN_KEYS_MAX];
	int64_t seen_ns;
	struct span seen_span;

	enum bound_top top;
	unsigned key_count; /* PARTITION BY, GROUP BY */
	struct plan_output keys[PLAN_KEYS_MAX];
	unsigned aggregate_count;
	struct bound_aggregate *aggregates;
	int64_t range_ns;    /* OVER; SEQUENCE: WITHIN */
	unsigned time_input; /* OVER: it is in order of the ts of that */
	enum plan_window window;
	int64_t size_ns, slide_ns; /* see plan.h */
	unsigned step_count;
	struct bound_step *steps; /* then `until` when has_until */
	bool has_until;

	struct bound_conditions above;
	unsigned order_count;
	struct plan_order orders[PLAN_ORDERS_MAX];
	int64_t limit; /* -1: none */

	unsigned output_count;
	struct plan_output *outputs;
	const struct expr *
		*unspelled; /* outputs before bind_spelled(), or NULL */
	unsigned dedup_count;
	struct plan_output dedup[PLAN_KEYS_MAX]; /* option dedup_key */
	const char *severity;
	const char *description;
	const char *attack;
	bool enabled;
	bool left_out; /* it reads what this machine lacks */
};

#define BIND_BLOCKS_MAX 16 /* of a rule */

/* The rules of a set that are bound so far. */
struct bound_rules {
	struct bound_rule **items; /* internal ones before their reader */
	unsigned count;
	/* Those whose matches the next rule reads. */
	const struct bound_rule *const *sources;
	unsigned source_count;
};

/*
 * Append the rule's blocks to `rules`, its own last; false: complained, or no
 * memory, and what is appended, if anything, is good for nothing but to find
 * out what else is wrong. A rule of `rules->sources` that is missing has been
 * complained of.
 */
bool bind_rule(struct compilation *c, struct bound_rules *rules,
	       const struct ast_rule *ast);

/*
 * What people see of a column with named values: 'tcp' of proto, the number as
 * a text where it has no name. Any other expression stays as it is. NULL: no
 * memory.
 */
const struct expr *bind_spelled(struct compilation *c,
				const struct bound_rule *rule,
				const struct expr *expr);

/* A block as text, for people and golden files. */
void bind_print(struct buf *out, const struct bound_rule *rule);

/* CHECK()s what the later passes take for granted of a block. */
void bind_check(const struct bound_rule *rule);

#endif
