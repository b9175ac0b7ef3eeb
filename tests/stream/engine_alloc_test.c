// SPDX-License-Identifier: Apache-2.0
/*
 * After warm-up an event costs no allocation: this program counts what reaches
 * the C library. AddressSanitizer brings its own allocator, so there the count
 * stays 0 and only the matches are looked at.
 */
#include "support/allocations.h"

#include "random_plan.h"

#include "stream/reorder.h"

struct fixture {
	struct reorder *reorder;
	struct engine *engine;
	struct row *rows[2];
	const struct plan *plan;
	uint64_t matches[TEST_RULES];
	uint64_t chance;
	int64_t ts;
};

static int count_match(void *ctx, const struct match *match, struct err *err)
{
	struct fixture *f = ctx;

	(void)err;
	f->matches[match->rule - f->plan->rules]++;
	return 0;
}

static int push_row(void *ctx, struct row *row, struct err *err)
{
	struct fixture *f = ctx;

	return engine_push(f->engine, row, err);
}

/* `dense`: two events a tick, so that windows hold twice as much. */
static void run(struct fixture *f, unsigned events, bool dense)
{
	for (unsigned i = 0; i < events; i++) {
		struct row *row = f->rows[chance(&f->chance, 2)];

		f->ts += !dense || i % 2;
		row->ts = f->ts;
		row_put(row, COL_pid_key, value_int(chance(&f->chance, 20)));
		if (reorder_push(f->reorder, row, NULL))
			abort();
		if (i % 16 == 15 &&
		    reorder_advance(f->reorder, f->ts - 4, push_row, f, NULL))
			abort();
	}
}

/* Of rule 0 a join, of 1 a count, then whatever has state; 5 reads 0. */
enum { RULES = 6 };

static struct plan_node *join_of(struct random_plan *p, struct plan_rule *rule,
				 enum plan_join kind)
{
	struct plan_node *join = node_make(p, PLAN_JOIN, random_scan(p, rule));

	join->child[1] = random_scan(p, rule);
	join->join = kind;
	join->lower_ns = -20;
	join->upper_ns = 50;
	join->key_count = 1;
	join->left_keys = key_of(p, 0, COL_pid_key, 1);
	join->right_keys = key_of(p, 1, COL_pid_key, 1);
	return join;
}

static struct plan_node *count_of(struct random_plan *p,
				  struct plan_node *child, unsigned column)
{
	struct plan_node *count = node_make(p, PLAN_COUNT, child);

	count->range_ns = 200;
	count->key_count = 1;
	count->left_keys = key_of(p, 0, column, 1);
	return count;
}

static struct plan_node *sequence_of(struct random_plan *p,
				     struct plan_rule *rule)
{
	struct plan_node *node = node_make(p, PLAN_SEQUENCE, NULL);
	struct plan_step *steps = arena_array(p->arena, 3, sizeof(*steps));

	assert_non_null(steps);
	for (unsigned i = 0; i < 3; i++)
		steps[i] = random_step(p, rule, 1, true);
	node->steps = steps;
	node->step_count = 3;
	node->key_count = 1;
	node->range_ns = 100;
	node->runs_max = 4;
	return node;
}

/* Scans take turns with the two streams, and all of their rows. */
static void settle_scans(struct plan_rule *rule, struct plan_node *node)
{
	static const enum stream_id streams[] = { STREAM_FILE_OPEN,
						  STREAM_NETWORK_CONNECT };

	if (!node)
		return;
	for (unsigned i = 0; i < node->step_count; i++)
		settle_scans(rule, node->steps[i].scan);
	for (unsigned i = 0; i < 2; i++)
		settle_scans(rule, node->child[i]);
	if (node->kind != PLAN_SCAN || node->stream == PLAN_STREAM_MATCHES)
		return;
	node->stream = streams[node->input % 2];
	node->predicate = NULL;
	((enum stream_id *)(uintptr_t)rule->input_streams)[node->input] =
		node->stream;
}

static void plan_make(struct random_plan *p)
{
	struct plan_rule *r = p->rules;

	for (unsigned i = 0; i < RULES; i++)
		random_start(p, &r[i]);
	r[0].root = join_of(p, &r[0], PLAN_JOIN_INNER);
	r[1].root = count_of(p, random_scan(p, &r[1]), COL_pid_key);
	r[2].root = join_of(p, &r[2], PLAN_JOIN_LEFT);
	r[3].root = sequence_of(p, &r[3]);
	r[4].root = node_make(p, PLAN_FIRST_SEEN, random_scan(p, &r[4]));
	r[4].root->range_ns = 30;
	r[4].root->key_count = 1;
	r[4].root->left_keys = key_of(p, 0, COL_pid_key, 1);
	r[5].root = count_of(p, reader_scan(p, &r[5], &r[0]), COL_OWN_FIRST);
	r[1].slot_count = r[5].slot_count = 1;
	for (unsigned i = 0; i < RULES; i++) {
		settle_scans(&r[i], r[i].root);
		if (i < 5)
			suppress(p, &r[i], 3, true);
		show_columns(p, &r[i]);
	}
	p->plan.rule_count = RULES;
	p->plan.rules = r;
}

static void push__after_warm_up__allocates_nothing(void **state)
{
	static const enum stream_id streams[] = { STREAM_FILE_OPEN,
						  STREAM_NETWORK_CONNECT };
	struct fixture f = { .chance = 1 };
	struct arena arena;
	struct random_plan p = { .arena = &arena, .chance = &f.chance };
	uint64_t matches[RULES];
	unsigned long before;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (unsigned i = 0; i < 2; i++)
		f.rows[i] = row_make(&arena, streams[i], 0, 0);
	plan_make(&p);
	f.plan = &p.plan;
	f.engine = engine_make(&p.plan, count_match, &f, 1);
	assert_int_equal(reorder_new(1 << 20, &f.reorder, NULL), 0);
	run(&f, 20000, true);
	run(&f, 20000, false);
	before = allocations;
	memcpy(matches, f.matches, sizeof(matches));
	run(&f, 20000, false);
	assert_true(allocations == before);
	for (unsigned i = 0; i < RULES; i++)
		assert_true(f.matches[i] > matches[i] + 100);
	reorder_free(f.reorder);
	engine_free(f.engine);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push__after_warm_up__allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
