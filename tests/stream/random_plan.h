/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rules and random traces over few keys and few distinct ts, so that
 * ties are common; and a transcript of what an engine made of them. A row's seq
 * is its number in the trace and names it in both.
 */
#ifndef SHRIKE_TESTS_RANDOM_PLAN_H
#define SHRIKE_TESTS_RANDOM_PLAN_H

#include "stream_fixture.h"

#include "stream/engine.h"

#define TEST_ROWS_MAX 64
#define TEST_RULES 10
#define STATE_BYTES ((uint64_t)64 << 20)

static const enum stream_id test_streams[] = { STREAM_PROCESS_EXIT,
					       STREAM_NETWORK_CONNECT,
					       STREAM_FILE_OPEN };

struct trace {
	struct row *rows[TEST_ROWS_MAX]; /* in total order */
	unsigned count;
};

struct random_plan {
	struct arena *arena;
	uint64_t *chance;
	bool kinds; /* joins of all kinds, not INNER alone */
	struct plan plan;
	struct plan_rule rules[TEST_RULES];
};

static inline int trace_order(const void *a, const void *b)
{
	const struct row *const *x = a;
	const struct row *const *y = b;

	return row_compare(*x, *y);
}

static inline struct value small_or_null(uint64_t *state, unsigned n)
{
	unsigned i = chance(state, n + 1);

	return i == n ? value_null() : value_int(i);
}

static inline void trace_make(struct arena *arena, uint64_t *state,
			      struct trace *trace)
{
	static const char *const texts[] = { "a", "ab", "b", "%" };
	unsigned span;

	trace->count = 16 + chance(state, TEST_ROWS_MAX - 16);
	span = 1 + chance(state, trace->count);
	for (unsigned i = 0; i < trace->count; i++) {
		struct row *row =
			row_make(arena, test_streams[chance(state, 3)],
				 chance(state, span), i);

		row_put(row, COL_pid_key, small_or_null(state, 3));
		row_put(row, COL_uid, small_or_null(state, 3));
		if (chance(state, 6))
			row_put(row, COL_comm,
				value_text(texts[chance(state, 4)]));
		trace->rows[i] = row;
	}
	qsort(trace->rows, trace->count, sizeof(trace->rows[0]), trace_order);
}

static inline struct expr *random_term(struct random_plan *p, unsigned input)
{
	struct arena *a = p->arena;
	struct expr *uid = expr_column(a, input, COL_uid, VALUE_INT);
	struct expr *comm = expr_column(a, input, COL_comm, VALUE_TEXT);

	switch (chance(p->chance, 5)) {
	case 0:
		return expr_make(a, EXPR_GE, uid, expr_int(a, 1));
	case 1:
		return expr_make(a, EXPR_NOT,
				 expr_make(a, EXPR_EQ, uid, expr_int(a, 1)),
				 NULL);
	case 2:
		return expr_text(a, EXPR_PREFIX, comm, "a");
	case 3:
		return expr_make(a, EXPR_NE, comm,
				 expr_const(a, value_text("a")));
	default:
		return expr_make(a, EXPR_NOT,
				 expr_make(a, EXPR_IS_NULL, uid, NULL), NULL);
	}
}

static inline struct plan_node *
node_make(struct random_plan *p, enum plan_kind kind, struct plan_node *child)
{
	struct plan_node *node = arena_alloc(p->arena, sizeof(*node));

	assert_non_null(node);
	node->kind = kind;
	node->child[0] = child;
	for (unsigned i = 0; i < PLAN_DIGEST_BYTES; i++)
		node->digest[i] = (uint8_t)chance(p->chance, 256);
	return node;
}

static inline struct plan_node *random_scan(struct random_plan *p,
					    struct plan_rule *rule)
{
	struct plan_node *node = node_make(p, PLAN_SCAN, NULL);
	enum stream_id *streams =
		(enum stream_id *)(uintptr_t)rule->input_streams;

	node->input = (uint8_t)rule->input_count;
	node->stream = test_streams[chance(p->chance, 3)];
	streams[rule->input_count++] = node->stream;
	if (chance(p->chance, 2))
		node->predicate = random_term(p, node->input);
	return node;
}

static inline const struct expr **key_of(struct random_plan *p, unsigned input,
					 unsigned column, unsigned count)
{
	const struct expr **keys = arena_array(p->arena, 2, sizeof(*keys));

	assert_non_null(keys);
	keys[0] = expr_column(p->arena, input, column, VALUE_INT);
	if (count > 1)
		keys[1] = expr_column(p->arena, input, COL_uid, VALUE_INT);
	return keys;
}

static inline struct plan_node *random_join(struct random_plan *p,
					    struct plan_rule *rule,
					    struct plan_node *left)
{
	struct plan_node *node = node_make(p, PLAN_JOIN, left);
	unsigned right = rule->input_count;

	if (p->kinds)
		node->join = (enum plan_join)chance(p->chance, PLAN_JOIN_COUNT);
	node->child[1] = random_scan(p, rule);
	node->anchor = (uint8_t)chance(p->chance, right);
	node->lower_ns = (int64_t)chance(p->chance, 8) - 4;
	node->upper_ns = node->lower_ns + chance(p->chance, 6);
	node->key_count = (uint8_t)chance(p->chance, 3);
	node->left_keys = key_of(p, chance(p->chance, right), COL_pid_key,
				 node->key_count);
	node->right_keys = key_of(p, right, COL_pid_key, node->key_count);
	node->rows_per_key_max = 100000;
	if (chance(p->chance, 3) == 0)
		node->predicate = expr_make(
			p->arena, EXPR_LE,
			expr_column(p->arena, 0, COL_uid, VALUE_INT),
			expr_column(p->arena, right, COL_uid, VALUE_INT));
	return node;
}

static inline struct plan_node *random_count(struct random_plan *p,
					     struct plan_rule *rule,
					     struct plan_node *child)
{
	struct plan_node *node = node_make(p, PLAN_COUNT, child);

	node->slot = 0;
	node->range_ns = chance(p->chance, 6);
	node->key_count = (uint8_t)chance(p->chance, 3);
	node->left_keys = key_of(p, chance(p->chance, rule->input_count),
				 COL_pid_key, node->key_count);
	rule->slot_count = 1;
	return node;
}

/* The count, so that transcripts show it. */
static inline void show_slot(struct random_plan *p, struct plan_rule *rule)
{
	struct plan_output *output = arena_alloc(p->arena, sizeof(*output));

	assert_non_null(output);
	output->name = "n";
	output->expr = expr_slot(p->arena, 0);
	rule->outputs = output;
	rule->output_count = 1;
}

static inline struct plan_node *random_threshold(struct random_plan *p,
						 struct plan_node *count)
{
	struct plan_node *node = node_make(p, PLAN_FILTER, count);
	struct expr *test =
		expr_make(p->arena, EXPR_GE, expr_slot(p->arena, 0),
			  expr_int(p->arena, 2 + chance(p->chance, 3)));

	if (chance(p->chance, 3) == 0)
		test = expr_make(p->arena, EXPR_AND, test, random_term(p, 0));
	node->predicate = test;
	return node;
}

static inline struct plan_step random_step(struct random_plan *p,
					   struct plan_rule *rule,
					   unsigned key_count, bool tied)
{
	unsigned i = rule->input_count;
	struct plan_step step = { .scan = random_scan(p, rule) };

	step.keys = key_of(p, i, COL_pid_key, key_count);
	if (i && !tied && chance(p->chance, 2))
		step.predicate =
			expr_make(p->arena, EXPR_LE,
				  expr_column(p->arena, chance(p->chance, i),
					      COL_uid, VALUE_INT),
				  expr_column(p->arena, i, COL_uid, VALUE_INT));
	return step;
}

/* Tied by keys alone with one run, or by more with all the runs there are. */
static inline struct plan_node *random_sequence(struct random_plan *p,
						struct plan_rule *rule)
{
	struct plan_node *node = node_make(p, PLAN_SEQUENCE, NULL);
	bool tied = chance(p->chance, 2), until = chance(p->chance, 2);
	unsigned n = 2 + chance(p->chance, 3);
	struct plan_step *steps = arena_array(p->arena, n + 1, sizeof(*steps));

	assert_non_null(steps);
	node->key_count = (uint8_t)chance(p->chance, 3);
	node->range_ns = chance(p->chance, 20);
	node->runs_max = tied ? 1 : 100000;
	node->step_count = n;
	node->steps = steps;
	for (unsigned i = 0; i < n; i++) {
		steps[i] = random_step(p, rule, node->key_count, tied);
		steps[i].optional = i && i + 1 < n && chance(p->chance, 3) == 0;
	}
	if (until) {
		steps[n] = random_step(p, rule, node->key_count, tied);
		node->until = &steps[n];
	}
	return node;
}

static inline struct plan_node *random_seen(struct random_plan *p,
					    struct plan_node *child)
{
	struct plan_node *node = node_make(p, PLAN_FIRST_SEEN, child);

	node->range_ns = chance(p->chance, 8);
	node->key_count = (uint8_t)(1 + chance(p->chance, 2));
	node->left_keys = key_of(p, 0, COL_pid_key, node->key_count);
	return node;
}

static inline void show_columns(struct random_plan *p, struct plan_rule *rule)
{
	struct plan_output *outputs =
		arena_array(p->arena, 2, sizeof(*outputs));

	assert_non_null(outputs);
	outputs[0].name = "pid_key";
	outputs[0].expr = expr_column(p->arena, 0, COL_pid_key, VALUE_INT);
	outputs[1].name = "uid";
	outputs[1].expr = expr_column(p->arena, 0, COL_uid, VALUE_INT);
	rule->outputs = outputs;
	rule->output_count = 2;
}

/* The next input of `rule` reads the matches of `from`. */
static inline struct plan_node *reader_scan(struct random_plan *p,
					    struct plan_rule *rule,
					    const struct plan_rule *from)
{
	const struct plan_rule **rules =
		(const struct plan_rule **)(uintptr_t)rule->input_rules;
	enum stream_id *streams =
		(enum stream_id *)(uintptr_t)rule->input_streams;
	struct plan_node *node = node_make(p, PLAN_SCAN, NULL);

	node->input = (uint8_t)rule->input_count;
	node->stream = PLAN_STREAM_MATCHES;
	streams[node->input] = PLAN_STREAM_MATCHES;
	rules[node->input] = from;
	rule->input_count++;
	return node;
}

static inline const struct expr **first_output(struct random_plan *p,
					       unsigned input)
{
	return key_of(p, input, COL_OWN_FIRST, 1);
}

/* A count of a rule's matches, or any join of them with a stream. */
static inline struct plan_node *random_reader(struct random_plan *p,
					      struct plan_rule *rule,
					      const struct plan_rule *from)
{
	struct plan_node *node, *matches;

	if (chance(p->chance, 2)) {
		matches = reader_scan(p, rule, from);
		node = random_count(p, rule, matches);
		node->key_count = 1;
		node->left_keys = first_output(p, 0);
		show_slot(p, rule);
		return node;
	}
	if (chance(p->chance, 2)) {
		node = random_join(p, rule, reader_scan(p, rule, from));
		node->left_keys = first_output(p, 0);
	} else {
		node = random_join(p, rule, random_scan(p, rule));
		rule->input_count--;
		node->child[1] = reader_scan(p, rule, from);
		node->right_keys = first_output(p, 1);
	}
	node->predicate = NULL;
	node->key_count = 1;
	show_columns(p, rule);
	return node;
}

static inline void random_start(struct random_plan *p, struct plan_rule *rule)
{
	static const char *const names[] = { "a0", "a1", "a2", "a3", "a4" };
	static const char *const slot_names[] = { "n" };

	rule->name = "r";
	rule->input_names = names;
	rule->slot_names = slot_names;
	rule->input_streams = arena_array(p->arena, TUPLE_INPUTS_MAX,
					  sizeof(*rule->input_streams));
	rule->input_rules = arena_array(p->arena, TUPLE_INPUTS_MAX,
					sizeof(*rule->input_rules));
	assert_non_null(rule->input_rules);
	for (unsigned i = 0; i < PLAN_DIGEST_BYTES; i++)
		rule->digest[i] = (uint8_t)chance(p->chance, 256);
}

static inline void random_rule(struct random_plan *p, struct plan_rule *rule,
			       unsigned index)
{
	unsigned shape = index % 5;
	unsigned joins = shape == 1 || shape == 3 ? 1 : shape == 2 ? 2 : 0;

	random_start(p, rule);
	rule->root = random_scan(p, rule);
	while (joins--)
		rule->root = random_join(p, rule, rule->root);
	if (shape < 3)
		return;
	rule->root = random_count(p, rule, rule->root);
	show_slot(p, rule);
	if (chance(p->chance, 2))
		rule->root = random_threshold(p, rule->root);
}

/* Shapes in turn: filter, join, two joins, count of a join, count. */
static inline void random_plan_make(struct random_plan *p, struct arena *arena,
				    uint64_t *state)
{
	*p = (struct random_plan){ .arena = arena, .chance = state };
	for (unsigned i = 0; i < TEST_RULES; i++)
		random_rule(p, &p->rules[i], i);
	p->plan.rule_count = TEST_RULES;
	p->plan.rules = p->rules;
}

/* All operators: those shapes with joins of any kind, then others. */
static inline void random_plan_make_all(struct random_plan *p,
					struct arena *arena, uint64_t *state)
{
	*p = (struct random_plan){ .arena = arena,
				   .chance = state,
				   .kinds = true };
	for (unsigned i = 0; i < 5; i++) {
		random_rule(p, &p->rules[i], i);
		if (i < 3)
			show_columns(p, &p->rules[i]);
	}
	for (unsigned i = 5; i < TEST_RULES; i++) {
		struct plan_rule *rule = &p->rules[i];

		random_start(p, rule);
		if (i == 5)
			rule->root = random_sequence(p, rule);
		else if (i == 6)
			rule->root = random_seen(
				p, random_join(p, rule, random_scan(p, rule)));
		else
			rule->root = random_reader(p, rule,
						   &p->rules[chance(state, i)]);
		if (i < 7)
			show_columns(p, rule);
	}
	p->plan.rule_count = TEST_RULES;
	p->plan.rules = p->rules;
}

/* SUPPRESS FOR by pid_key, or by the rule when `by_key` is false. */
static inline void suppress(struct random_plan *p, struct plan_rule *rule,
			    int64_t interval_ns, bool by_key)
{
	struct plan_output *key = arena_alloc(p->arena, sizeof(*key));

	assert_non_null(key);
	key->name = "pid_key";
	key->expr = expr_column(p->arena, 0, COL_pid_key, VALUE_INT);
	rule->keys = key;
	rule->key_count = by_key;
	rule->suppress_ns = interval_ns;
}

/* One line a match: the rows by input, then outputs; or all there is. */
struct transcript {
	const struct plan *plan;
	bool all;
	struct buf lines[TEST_RULES];
	struct buf order; /* of all rules together */
};

static inline void transcript_release(struct transcript *t)
{
	for (unsigned i = 0; i < TEST_RULES; i++)
		buf_release(&t->lines[i]);
	buf_release(&t->order);
}

static inline void write_rows(struct buf *out, const struct row *const *rows,
			      unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		buf_printf(out, "%s%d", i ? "," : "",
			   rows[i] ? (int)rows[i]->seq : -1);
}

static inline int transcript_match(void *ctx, const struct match *match,
				   struct err *err)
{
	struct transcript *t = ctx;
	unsigned rule = (unsigned)(match->rule - t->plan->rules);
	struct buf *outs[] = { &t->lines[rule], &t->order };

	(void)err;
	for (unsigned i = 0; i < 2; i++) {
		struct buf *out = outs[i];

		if (i)
			buf_printf(out, "%u: ", rule);
		write_rows(out, match->rows, match->rule->input_count);
		for (unsigned k = 0; k < match->rule->output_count; k++)
			buf_printf(out, "|%d", (int)match->outputs[k].i);
		if (t->all) {
			buf_printf(out, " @%d [%d %d] cov %d lost %d of %d: ",
				   (int)match->ts, (int)match->window_start,
				   (int)match->window_end, match->coverage,
				   (int)match->lost,
				   (int)match->evidence_total);
			write_rows(out, match->evidence, match->evidence_count);
		}
		buf_putc(out, '\n');
	}
	return 0;
}

static inline struct engine *engine_make(const struct plan *plan,
					 engine_match_fn *fn, void *ctx,
					 uint64_t seed)
{
	const struct engine_options options = {
		.on_match = fn,
		.ctx = ctx,
		.seed = { seed, ~seed },
		.state_bytes_max = STATE_BYTES,
	};
	struct engine *engine;
	struct err err = { 0 };

	if (engine_new(plan, &options, &engine, &err))
		fail_msg("%s", err.text);
	return engine;
}

/* The whole trace at once; frees the engine after its state is seen to end. */
static inline void engine_finish(struct engine *engine, unsigned rule_count)
{
	struct engine_rule_stats stats;

	assert_int_equal(engine_advance(engine, INT64_MAX, NULL), 0);
	for (unsigned i = 0; i < rule_count; i++) {
		engine_rule_stats(engine, i, &stats);
		assert_int_equal(stats.state_rows, 0);
	}
	engine_free(engine);
}

static inline void run_trace(const struct plan *plan, const struct trace *trace,
			     struct transcript *t)
{
	struct engine *engine = engine_make(plan, transcript_match, t, 1);

	t->plan = plan;
	for (unsigned i = 0; i < trace->count; i++)
		assert_int_equal(engine_push(engine, trace->rows[i], NULL), 0);
	engine_finish(engine, plan->rule_count);
}

#endif
