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
	uint64_t matches;
	uint64_t chance;
	int64_t ts;
};

static int count_match(void *ctx, const struct match *match, struct err *err)
{
	struct fixture *f = ctx;

	(void)match;
	(void)err;
	f->matches++;
	return 0;
}

static int push_row(void *ctx, struct row *row, struct err *err)
{
	struct fixture *f = ctx;

	return engine_push(f->engine, row, err);
}

static void run(struct fixture *f, unsigned events)
{
	for (unsigned i = 0; i < events; i++) {
		struct row *row = f->rows[chance(&f->chance, 2)];

		row->ts = ++f->ts;
		row_put(row, COL_pid_key, value_int(chance(&f->chance, 20)));
		if (reorder_push(f->reorder, row, NULL))
			abort();
		if (i % 16 == 15 &&
		    reorder_advance(f->reorder, f->ts - 4, push_row, f, NULL))
			abort();
	}
}

/* Sliding, or HOP, by process: of each kind of state one. */
static struct plan_node *aggregates(struct random_plan *p, enum plan_kind kind,
				    struct plan_node *scan)
{
	static const enum plan_aggregate_op ops[] = { PLAN_SUM, PLAN_MIN,
						      PLAN_COUNT_DISTINCT };
	struct plan_node *node = node_make(p, kind, scan);
	struct plan_aggregate *aggregate =
		arena_array(p->arena, ARRAY_SIZE(ops), sizeof(*aggregate));

	assert_non_null(aggregate);
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++)
		aggregate[i] = (struct plan_aggregate){
			.op = ops[i],
			.slot = (uint8_t)(3 + i),
			.arg = expr_column(p->arena, 0, COL_pid_key,
					   i ? VALUE_INT : VALUE_DOUBLE),
		};
	node->aggregates = aggregate;
	node->aggregate_count = ARRAY_SIZE(ops);
	node->range_ns = 200;
	node->window = PLAN_HOP;
	node->size_ns = 200;
	node->slide_ns = 50;
	node->limit = -1;
	node->key_count = 1;
	node->left_keys = key_of(p, 0, COL_pid_key, 1);
	return node;
}

static void push__after_warm_up__allocates_nothing(void **state)
{
	static const enum stream_id streams[] = { STREAM_FILE_OPEN,
						  STREAM_NETWORK_CONNECT };
	struct fixture f = { .chance = 1 };
	struct arena arena;
	struct random_plan p = { .arena = &arena, .chance = &f.chance };
	struct plan_node *scans[2], *join, *count;
	unsigned long before;
	uint64_t matches;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (unsigned i = 0; i < 2; i++) {
		f.rows[i] = row_make(&arena, streams[i], 0, 0);
		scans[i] = node_make(&p, PLAN_SCAN, NULL);
		scans[i]->input = (uint8_t)i;
		scans[i]->stream = streams[i];
	}
	join = node_make(&p, PLAN_JOIN, scans[0]);
	join->child[1] = scans[1];
	join->lower_ns = -20;
	join->upper_ns = 50;
	join->key_count = 1;
	join->left_keys = key_of(&p, 0, COL_pid_key, 1);
	join->right_keys = key_of(&p, 1, COL_pid_key, 1);
	count = node_make(&p, PLAN_COUNT, scans[0]);
	count->range_ns = 200;
	count->key_count = 1;
	count->left_keys = key_of(&p, 0, COL_pid_key, 1);
	for (unsigned i = 0; i < 2; i++) {
		p.rules[i].input_streams = streams;
		p.rules[i].input_count = 2 - i;
		p.rules[i].slot_count = i;
		p.rules[i].root = i ? count : join;
		suppress(&p, &p.rules[i], 3, true);
	}
	for (unsigned i = 2; i < 4; i++) {
		p.rules[i] = p.rules[1];
		p.rules[i].slot_count = 6;
		p.rules[i].root = aggregates(
			&p, i == 2 ? PLAN_OVER : PLAN_GROUP, scans[0]);
	}
	p.rules[3].emit = PLAN_EMIT_CLOSE;
	p.rules[3].key_count = 0;
	p.plan.rule_count = 4;
	p.plan.rules = p.rules;
	f.engine = engine_make(&p.plan, count_match, &f, 1);
	assert_int_equal(reorder_new(1 << 20, &f.reorder, NULL), 0);
	run(&f, 20000);
	before = allocations;
	matches = f.matches;
	run(&f, 20000);
	assert_true(allocations == before);
	assert_true(f.matches > matches + 1000);
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
