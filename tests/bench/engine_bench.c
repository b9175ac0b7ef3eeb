// SPDX-License-Identifier: Apache-2.0
/*
 * Nanoseconds per event of the engine alone: a filter, an interval join, a
 * threshold, each over the same events. Not part of the build:
 *
 *   cc -O2 -I. -Itests tests/bench/engine_bench.c build/release/libstream.a \
 *       build/release/libbase.a -lcmocka -lhs -lstdc++ -lm
 */
#include "stream/random_plan.h"

#define EVENTS 1000000u
#define KEYS 1000u

static int count_match(void *ctx, const struct match *match, struct err *err)
{
	(void)match;
	(void)err;
	++*(uint64_t *)ctx;
	return 0;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(const char *what, struct plan_rule *rule,
		    struct row *const rows[2])
{
	struct plan plan = { .rule_count = 1, .rules = rule };
	uint64_t matches = 0, state = 1;
	struct engine *engine = engine_make(&plan, count_match, &matches, 1);
	double start = now_ns();

	for (unsigned i = 0; i < EVENTS; i++) {
		struct row *row = rows[i & 1];

		row->ts = (int64_t)i * 1000;
		row->seq = i;
		row_put(row, COL_pid_key, value_int(chance(&state, KEYS)));
		row_put(row, COL_uid, value_int(i & 63));
		if (engine_push(engine, row, NULL))
			abort();
	}
	engine_advance(engine, INT64_MAX, NULL);
	printf("%-24s %6.0f ns/event, %llu matches\n", what,
	       (now_ns() - start) / EVENTS, (unsigned long long)matches);
	engine_free(engine);
}

int main(void)
{
	static const enum stream_id streams[] = { STREAM_FILE_OPEN,
						  STREAM_NETWORK_CONNECT };
	uint64_t state = 1;
	struct arena arena;
	struct random_plan p = { .arena = &arena, .chance = &state };
	struct plan_rule rule = { .name = "r", .input_streams = streams };
	struct plan_node *scan, *join, *count;
	struct row *rows[2];

	arena_init(&arena, 1 << 20);
	for (unsigned i = 0; i < 2; i++)
		rows[i] = row_make(&arena, streams[i], 0, 0);
	scan = node_make(&p, PLAN_SCAN, NULL);
	scan->stream = STREAM_FILE_OPEN;
	scan->predicate = expr_make(&arena, EXPR_EQ,
				    expr_column(&arena, 0, COL_uid, VALUE_INT),
				    expr_int(&arena, 2));
	rule.input_count = 1;
	rule.root = scan;
	measure("filter", &rule, rows);
	scan->predicate = NULL;
	join = node_make(&p, PLAN_JOIN, scan);
	join->child[1] = node_make(&p, PLAN_SCAN, NULL);
	join->child[1]->input = 1;
	join->child[1]->stream = STREAM_NETWORK_CONNECT;
	join->upper_ns = 1000000;
	join->key_count = 1;
	join->left_keys = key_of(&p, 0, COL_pid_key, 1);
	join->right_keys = key_of(&p, 1, COL_pid_key, 1);
	rule.input_count = 2;
	rule.root = join;
	measure("join within 1,000 events", &rule, rows);
	count = node_make(&p, PLAN_COUNT, scan);
	count->range_ns = 10000000;
	count->saturate = 20;
	count->key_count = 1;
	count->left_keys = key_of(&p, 0, COL_pid_key, 1);
	rule.input_count = 1;
	rule.slot_count = 1;
	rule.root = node_make(&p, PLAN_FILTER, count);
	rule.root->predicate = expr_make(&arena, EXPR_GE, expr_slot(&arena, 0),
					 expr_int(&arena, 20));
	rule.emit = PLAN_EMIT_FIRST;
	measure("count >= 20", &rule, rows);
	arena_release(&arena);
	return 0;
}
