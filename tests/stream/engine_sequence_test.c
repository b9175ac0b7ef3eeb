// SPDX-License-Identifier: Apache-2.0
/*
 * Sequences: known answers; random ones against a list of chains that nobody
 * prunes; and, where keys alone tie the steps, that a first match comes exactly
 * when any choice of rows makes one.
 */
#include "brute_plan.h"

struct fixture {
	struct arena arena;
	uint64_t chance;
	struct trace trace;
	struct random_plan plan;
	struct brute_world world;
	struct transcript t;
	struct engine *engine;
	uint64_t seq;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	assert_int_equal(expr_env_init(&f->world.env, NULL), 0);
	f->world.trace = &f->trace;
	f->chance = test_seed();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	engine_free(f->engine);
	transcript_release(&f->t);
	expr_env_release(&f->world.env);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static void new_plan(struct fixture *f, unsigned rules)
{
	arena_reset(&f->arena);
	f->plan = (struct random_plan){ .arena = &f->arena,
					.chance = &f->chance };
	f->plan.plan.rules = f->plan.rules;
	f->plan.plan.rule_count = rules;
	f->t.plan = &f->plan.plan;
}

/* --- known answers: uid 0, 1, 2 ... is step 0, 1, 2; uid 9 is UNTIL -------- */

static struct plan_step uid_step(struct fixture *f, struct plan_rule *rule,
				 int64_t uid)
{
	struct plan_node *scan = node_make(&f->plan, PLAN_SCAN, NULL);
	enum stream_id *streams =
		(enum stream_id *)(uintptr_t)rule->input_streams;
	unsigned input = rule->input_count++;

	scan->input = (uint8_t)input;
	scan->stream = streams[input] = STREAM_FILE_OPEN;
	scan->predicate =
		expr_make(&f->arena, EXPR_EQ,
			  expr_column(&f->arena, input, COL_uid, VALUE_INT),
			  expr_int(&f->arena, uid));
	return (struct plan_step){
		.scan = scan,
		.keys = key_of(&f->plan, input, COL_pid_key, 1),
	};
}

static struct plan_node *plan_steps(struct fixture *f, unsigned n,
				    int64_t range)
{
	struct plan_rule *rule = &f->plan.rules[0];
	struct plan_node *node;
	struct plan_step *steps;

	new_plan(f, 1);
	random_start(&f->plan, rule);
	node = node_make(&f->plan, PLAN_SEQUENCE, NULL);
	steps = arena_array(&f->arena, n + 1, sizeof(*steps));
	assert_non_null(steps);
	for (unsigned i = 0; i < n; i++)
		steps[i] = uid_step(f, rule, i);
	steps[n] = uid_step(f, rule, 9);
	node->steps = steps;
	node->step_count = n;
	node->until = &steps[n];
	node->key_count = 1;
	node->range_ns = range;
	node->runs_max = 1;
	rule->root = node;
	return node;
}

static void start(struct fixture *f)
{
	f->engine = engine_make(&f->plan.plan, note_line, &f->t, 1);
}

static void push(struct fixture *f, int64_t ts, int64_t key, int64_t uid)
{
	struct row *row = row_make(&f->arena, STREAM_FILE_OPEN, ts, f->seq++);

	if (key)
		row_put(row, COL_pid_key, value_int(key));
	row_put(row, COL_uid, value_int(uid));
	assert_int_equal(engine_push(f->engine, row, NULL), 0);
}

/* The rows of key 1, a step a row, one tick apart. */
static void push_steps(struct fixture *f, const char *steps)
{
	for (; *steps; steps++)
		push(f, (int64_t)f->seq, 1, *steps - '0');
}

static const char *lines(struct fixture *f)
{
	return buf_text(&f->t.lines[0]);
}

static struct engine_rule_stats stats_of(const struct fixture *f)
{
	struct engine_rule_stats stats;

	engine_rule_stats(f->engine, 0, &stats);
	return stats;
}

static void sequence__latest_chain__wins_and_is_consumed(void **state)
{
	struct fixture *f = *state;

	plan_steps(f, 3, 100);
	start(f);
	push_steps(f, "010122");
	assert_string_equal(lines(f), "2,3,4,-1 @4\n");
	assert_int_equal(stats_of(f).evicted, 0);
	assert_int_equal(stats_of(f).state_rows, 0);
}

static void sequence__until__drops_open_chains(void **state)
{
	struct fixture *f = *state;

	plan_steps(f, 2, 100);
	start(f);
	push_steps(f, "0910");
	push(f, 10, 2, 0);
	push_steps(f, "9");
	push(f, 11, 2, 1);
	assert_string_equal(lines(f), "4,6,-1 @11\n");
}

static void sequence__within__is_closed(void **state)
{
	struct fixture *f = *state;

	plan_steps(f, 2, 10);
	start(f);
	push(f, 0, 1, 0);
	push(f, 0, 2, 0);
	push(f, 10, 1, 1);
	assert_int_equal(stats_of(f).state_rows, 1);
	push(f, 11, 2, 1);
	assert_string_equal(lines(f), "0,2,-1 @10\n");
	assert_int_equal(stats_of(f).state_rows, 0);
}

static void sequence__null_key__matches_nothing(void **state)
{
	struct fixture *f = *state;

	plan_steps(f, 2, 10);
	start(f);
	push(f, 0, 0, 0);
	push(f, 1, 0, 1);
	assert_string_equal(lines(f), "");
	assert_int_equal(stats_of(f).state_rows, 0);
}

/* A row that is all steps advances each chain once, and begins one, as in EQL. */
static void sequence__same_step_twice__advances_a_chain_once(void **state)
{
	struct fixture *f = *state;
	struct plan_node *node = plan_steps(f, 3, 100);
	struct plan_step *steps = (struct plan_step *)(uintptr_t)node->steps;

	for (unsigned i = 0; i < 3; i++)
		steps[i].scan->predicate = NULL;
	start(f);
	push_steps(f, "00000");
	assert_string_equal(lines(f), "0,1,2,-1 @2\n1,2,3,-1 @3\n"
				      "2,3,4,-1 @4\n");
}

static void sequence__optional_step__may_be_left_out(void **state)
{
	struct fixture *f = *state;
	struct plan_node *node = plan_steps(f, 3, 100);

	((struct plan_step *)(uintptr_t)node->steps)[1].optional = true;
	start(f);
	push_steps(f, "02012");
	assert_string_equal(lines(f), "0,-1,1,-1 @1\n2,3,4,-1 @4\n");
}

static void sequence__too_many_keys__least_progress_goes(void **state)
{
	struct fixture *f = *state;

	plan_steps(f, 3, 100)->keys_max = 3;
	start(f);
	push(f, 0, 1, 0);
	push(f, 1, 1, 1);
	for (int64_t key = 2; key < 20; key++)
		push(f, key, key, 0);
	assert_int_equal(stats_of(f).evicted, 16);
	push(f, 20, 1, 2);
	assert_string_equal(lines(f), "0,1,20,-1 @20\n");
}

static void sequence__too_many_runs__oldest_goes_and_is_counted(void **state)
{
	struct fixture *f = *state;

	plan_steps(f, 2, 100)->runs_max = 8;
	start(f);
	push_steps(f, "0000000000");
	assert_int_equal(stats_of(f).evicted, 2);
	assert_int_equal(stats_of(f).state_rows, 8);
	push_steps(f, "11");
	assert_string_equal(lines(f), "9,10,-1 @10\n8,11,-1 @11\n");
}

/* --- random ones ----------------------------------------------------------- */

struct model_chain {
	const struct row *rows[TUPLE_INPUTS_MAX];
	unsigned step, count;
	uint64_t order; /* of making */
	bool gone;
};

struct model {
	struct brute_world *world;
	const struct plan_node *node;
	struct model_chain *chains;
	unsigned count;
};

static bool reaches(const struct plan_node *node, unsigned from, unsigned to)
{
	if (from >= to)
		return false;
	while (++from < to)
		if (!node->steps[from].optional)
			return false;
	return true;
}

/* Does `row` come next in the chain: condition, keys, time? */
static bool may_follow(struct model *m, const struct model_chain *c,
		       const struct plan_step *step, const struct row *row)
{
	struct tuple own = { .ts = row->ts }, first = { 0 }, all = { 0 };

	own.rows[step->scan->input] = row;
	first.rows[0] = c->rows[0];
	memcpy(all.rows, c->rows, sizeof(all.rows));
	all.rows[step->scan->input] = row;
	return row->stream == step->scan->stream &&
	       expr_is_true(step->scan->predicate, &own, &m->world->env) &&
	       brute_keys_equal(m->world, m->node->key_count, step->keys, &own,
				m->node->steps[0].keys, &first) &&
	       row->ts - c->rows[0]->ts <= m->node->range_ns &&
	       expr_is_true(step->predicate, &all, &m->world->env);
}

static void model_add(struct model *m, struct model_chain chain)
{
	m->chains = reallocarray(m->chains, m->count + 1, sizeof(chain));
	assert_non_null(m->chains);
	chain.order = m->count;
	m->chains[m->count++] = chain;
}

/* Latest beginning, then longest, then latest rows, then latest steps. */
static bool goes_first(const struct model_chain *a, const struct model_chain *b)
{
	int order = row_compare(a->rows[0], b->rows[0]);

	if (order)
		return order > 0;
	if (a->count != b->count)
		return a->count > b->count;
	if (a->step != b->step)
		return a->step > b->step;
	return a->order > b->order;
}

static void model_consume(struct model *m, const struct row *const *rows)
{
	for (unsigned i = 0; i < m->count; i++)
		for (unsigned k = 0; k < m->node->step_count; k++)
			if (rows[k] && m->chains[i].rows[k] == rows[k])
				m->chains[i].gone = true;
}

static void model_step(struct model *m, unsigned step, const struct row *row,
		       struct buf *out)
{
	bool last = step + 1 == m->node->step_count;
	unsigned best = UINT32_MAX, n = m->count;
	struct model_chain longer;

	for (unsigned i = 0; i < n; i++) {
		const struct model_chain *c = &m->chains[i];

		if (c->gone || !reaches(m->node, c->step, step) ||
		    !may_follow(m, c, &m->node->steps[step], row))
			continue;
		if (best == UINT32_MAX || goes_first(c, &m->chains[best]))
			best = i;
		if (last || m->node->runs_max == 1)
			continue;
		longer = *c;
		longer.rows[step] = row;
		longer.step = step;
		longer.count++;
		model_add(m, longer);
	}
	if (best == UINT32_MAX || (!last && m->node->runs_max > 1))
		return;
	longer = m->chains[best];
	longer.rows[step] = row;
	longer.step = step;
	longer.count++;
	m->chains[best].gone = true;
	if (!last) {
		model_add(m, longer);
		return;
	}
	brute_line(out, longer.rows,
		   m->node->step_count + (m->node->until ? 1 : 0), value_null(),
		   row->ts);
	model_consume(m, longer.rows);
}

static void model_begin(struct model *m, const struct row *row)
{
	const struct plan_step *step = &m->node->steps[0];
	struct model_chain chain = { .rows = { row }, .count = 1 };

	if (may_follow(m, &chain, step, row))
		model_add(m, chain);
}

/* A step with one run holds the chain that began last. */
static void model_prune(struct model *m)
{
	for (unsigned i = 0; i < m->count && m->node->runs_max == 1; i++)
		for (unsigned k = 0; k < m->count; k++) {
			struct model_chain *a = &m->chains[i];
			struct tuple x = { .rows = { a->rows[0] } };
			struct tuple y = { .rows = { m->chains[k].rows[0] } };

			if (!a->gone && !m->chains[k].gone &&
			    a->step == m->chains[k].step &&
			    row_compare(a->rows[0], m->chains[k].rows[0]) < 0 &&
			    brute_keys_equal(m->world, m->node->key_count,
					     m->node->steps[0].keys, &x,
					     m->node->steps[0].keys, &y))
				a->gone = true;
		}
}

static void model_run(struct brute_world *world, const struct plan_node *node,
		      struct buf *out)
{
	struct model m = { .world = world, .node = node };

	for (unsigned i = 0; i < world->trace->count; i++) {
		const struct row *row = world->trace->rows[i];

		for (unsigned k = 0; k < m.count && node->until; k++)
			if (may_follow(&m, &m.chains[k], node->until, row))
				m.chains[k].gone = true;
		for (unsigned k = node->step_count; k-- > 1;) {
			model_step(&m, k, row, out);
			model_prune(&m);
		}
		model_begin(&m, row);
		model_prune(&m);
	}
	free(m.chains);
}

static void sequence__random__matches_unpruned_chains(void **state)
{
	struct fixture *f = *state;
	unsigned rounds = check_full() ? 1000 : 40, full = 0;

	for (unsigned round = 0; round < rounds; round++) {
		struct transcript t = { .plan = &f->plan.plan };
		struct engine *engine;

		new_plan(f, TEST_RULES);
		trace_make(&f->arena, &f->chance, &f->trace);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			random_start(&f->plan, &f->plan.rules[i]);
			f->plan.rules[i].root =
				random_sequence(&f->plan, &f->plan.rules[i]);
		}
		engine = engine_make(&f->plan.plan, note_line, &t, 3);
		for (unsigned i = 0; i < f->trace.count; i++)
			assert_int_equal(
				engine_push(engine, f->trace.rows[i], NULL), 0);
		engine_finish(engine, TEST_RULES);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			struct buf want = BUF_INIT;

			model_run(&f->world, f->plan.rules[i].root, &want);
			assert_string_equal(buf_text(&t.lines[i]),
					    buf_text(&want));
			full += want.len > 0;
			buf_release(&want);
		}
		transcript_release(&t);
	}
	assert_true(full * 4 >= rounds * TEST_RULES);
}

/* --- existence ------------------------------------------------------------- */

/* Can rows after place `at` finish what `c` began? Returns where, or count. */
static unsigned earliest_end(struct model *m, const struct model_chain *c,
			     unsigned at)
{
	unsigned best = m->world->trace->count;

	for (unsigned i = at + 1; i < best; i++) {
		const struct row *row = m->world->trace->rows[i];

		if (m->node->until && may_follow(m, c, m->node->until, row))
			return best;
		for (unsigned s = c->step + 1; s < m->node->step_count; s++) {
			struct model_chain next = *c;
			unsigned end = i;

			if (!reaches(m->node, c->step, s) ||
			    !may_follow(m, c, &m->node->steps[s], row))
				continue;
			next.rows[s] = row;
			next.step = s;
			if (s + 1 < m->node->step_count)
				end = earliest_end(m, &next, i);
			if (end < best)
				best = end;
		}
	}
	return best;
}

static int note_first_end(void *ctx, const struct match *match, struct err *err)
{
	int64_t *end = ctx;
	unsigned last = match->rule->root->step_count - 1;

	(void)err;
	if (*end < 0)
		*end = (int64_t)match->rows[last]->seq;
	return 0;
}

static void sequence__tied_by_keys__first_match_as_early_as_any(void **state)
{
	struct fixture *f = *state;
	unsigned rounds = check_full() ? 20000 : 500, full = 0;

	for (unsigned round = 0; round < rounds; round++) {
		struct model m = { .world = &f->world };
		unsigned want;
		int64_t got = -1;
		struct engine *engine;

		new_plan(f, 1);
		trace_make(&f->arena, &f->chance, &f->trace);
		do {
			f->plan.rules[0] = (struct plan_rule){ 0 };
			random_start(&f->plan, &f->plan.rules[0]);
			f->plan.rules[0].root =
				random_sequence(&f->plan, &f->plan.rules[0]);
		} while (f->plan.rules[0].root->runs_max > 1);
		m.node = f->plan.rules[0].root;
		engine = engine_make(&f->plan.plan, note_first_end, &got, 3);
		for (unsigned i = 0; i < f->trace.count; i++)
			assert_int_equal(
				engine_push(engine, f->trace.rows[i], NULL), 0);
		engine_finish(engine, 1);
		want = f->trace.count;
		for (unsigned i = 0; i < f->trace.count; i++) {
			struct model_chain c = { .rows = { f->trace.rows[i] } };
			unsigned end;

			if (!may_follow(&m, &c, &m.node->steps[0], c.rows[0]))
				continue;
			end = earliest_end(&m, &c, i);
			want = end < want ? end : want;
		}
		assert_int_equal(got,
				 want < f->trace.count ?
					 (int64_t)f->trace.rows[want]->seq :
					 -1);
		full += got >= 0;
	}
	assert_true(full * 4 >= rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(sequence__latest_chain__wins_and_is_consumed),
		TEST(sequence__until__drops_open_chains),
		TEST(sequence__within__is_closed),
		TEST(sequence__null_key__matches_nothing),
		TEST(sequence__same_step_twice__advances_a_chain_once),
		TEST(sequence__optional_step__may_be_left_out),
		TEST(sequence__too_many_keys__least_progress_goes),
		TEST(sequence__too_many_runs__oldest_goes_and_is_counted),
		TEST(sequence__random__matches_unpruned_chains),
		TEST(sequence__tied_by_keys__first_match_as_early_as_any),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
