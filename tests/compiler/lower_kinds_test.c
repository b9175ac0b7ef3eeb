// SPDX-License-Identifier: Apache-2.0
/* Each kind of block and the plan it becomes; what is no legal plan. */
#include "compiler/block.h"

static void begin(struct block *b, enum stream_id stream)
{
	block_init(b);
	block_rule(b, "r", false);
	block_input(b, "e", stream, PLAN_JOIN_INNER);
}

/* e JOIN c ON c.pid_key = e.pid_key AND c.ts within 5 s of e.ts */
static struct bound_conditions *joined(struct block *b, enum plan_join join)
{
	struct bound_conditions *on;
	unsigned c;

	begin(b, STREAM_PROCESS_EXEC);
	c = block_input(b, "c", STREAM_NETWORK_CONNECT, join);
	on = join == PLAN_JOIN_INNER ? &b->bound->below :
				       &b->bound->inputs[c].on;
	block_key(b, on, 0, c, COL_pid_key);
	block_within(b, on, 0, c, 0, 5 * SECOND);
	return on;
}

#define JOIN_HEAD                                                    \
	" join with c\n"                                             \
	"  key e.pid_key = c.pid_key\n"                              \
	"  time c.ts BETWEEN e.ts + INTERVAL '0' SECOND AND e.ts + " \
	"INTERVAL '5' SECOND\n"
#define JOIN_STATE "  state INTERVAL '5' SECOND, 100000 keys, 64 rows a key\n"

static void lower__left_join__keeps_where_above_and_on_below(void **state)
{
	struct bound_conditions *on;
	struct block b;

	(void)state;
	on = joined(&b, PLAN_JOIN_LEFT);
	block_add(&b, on, block_test(&b, 0, COL_uid, EXPR_EQ, 0));
	block_add(&b, on,
		  block_test(&b, 1, COL_NETWORK_CONNECT_dst_port, EXPR_EQ, 22));
	block_add(&b, &b.bound->below,
		  block_test(&b, 1, COL_NETWORK_CONNECT_dst_port, EXPR_GT, 9));
	block_add(&b, &b.bound->below, block_test(&b, 0, COL_gid, EXPR_EQ, 7));
	block_is_plan(&b, "filter\n"
			  "  where c.dst_port > 9\n"
			  "  left join with c\n"
			  "    key e.pid_key = c.pid_key\n"
			  "    time c.ts BETWEEN e.ts + INTERVAL '0' SECOND "
			  "AND e.ts + INTERVAL '5' SECOND\n"
			  "    where e.uid = 0\n"
			  "    state INTERVAL '5' SECOND, 100000 keys, 64 rows "
			  "a key\n"
			  "    scan process.exec e\n"
			  "      where e.gid = 7\n"
			  "    scan network.connect c\n"
			  "      where c.dst_port = 22\n");
	assert_int_equal(b.rules[0].emit, PLAN_EMIT_CLOSE);
	assert_string_equal(b.rules[0].keys[0].name, "pid_key");
	block_release(&b);
}

static void lower__not_exists__keeps_what_it_asks_of_the_left(void **state)
{
	struct bound_conditions *on;
	struct block b;

	(void)state;
	on = joined(&b, PLAN_JOIN_ANTI);
	b.bound->inputs[1].triggered = true;
	block_add(&b, on, block_test(&b, 0, COL_uid, EXPR_EQ, 0));
	block_is_plan(&b,
		      "anti join with c, triggered\n"
		      "  key e.pid_key = c.pid_key\n"
		      "  time c.ts BETWEEN e.ts + INTERVAL '0' SECOND AND "
		      "e.ts + INTERVAL '5' SECOND\n"
		      "  where e.uid = 0\n" JOIN_STATE "  scan process.exec e\n"
		      "  scan network.connect c\n");
	assert_int_equal(b.rules[0].emit, PLAN_EMIT_CLOSE);
	block_release(&b);
}

static void lower__exists_and_first__ask_the_left_before(void **state)
{
	static const struct {
		enum plan_join join;
		const char *name;
	} kinds[] = { { PLAN_JOIN_SEMI, "semi" },
		      { PLAN_JOIN_FIRST, "first" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct bound_conditions *on;
		struct block b;
		char plan[1024];

		on = joined(&b, kinds[i].join);
		block_add(&b, on, block_test(&b, 0, COL_uid, EXPR_EQ, 0));
		snprintf(plan, sizeof(plan),
			 "%s" JOIN_HEAD JOIN_STATE "  scan process.exec e\n"
			 "    where e.uid = 0\n"
			 "  scan network.connect c\n",
			 kinds[i].name);
		block_is_plan(&b, plan);
		assert_int_equal(b.rules[0].emit, PLAN_EMIT_EVERY);
		block_release(&b);
	}
}

static void lower__join_on_left_out_row__is_refused(void **state)
{
	struct block b;
	unsigned f;

	(void)state;
	joined(&b, PLAN_JOIN_LEFT);
	f = block_input(&b, "f", STREAM_FILE_OPEN, PLAN_JOIN_INNER);
	block_key(&b, &b.bound->below, 1, f, COL_pid_key);
	block_within(&b, &b.bound->below, 1, f, 0, SECOND);
	block_is_refused(&b,
			 "the join with 'f' takes its time from 'c', which a "
			 "LEFT JOIN may leave out",
			 "add to ON: AND f.ts BETWEEN e.ts AND e.ts + ");
	block_release(&b);
}

static void lower__exists_without_bound__names_the_subquery(void **state)
{
	struct block b;
	unsigned c;

	(void)state;
	begin(&b, STREAM_PROCESS_EXEC);
	c = block_input(&b, "c", STREAM_NETWORK_CONNECT, PLAN_JOIN_ANTI);
	block_key(&b, &b.bound->inputs[c].on, 0, c, COL_pid_key);
	block_is_refused(&b, "the join with 'c' needs a time bound",
			 "add to the subquery's WHERE: AND c.ts BETWEEN");
	block_release(&b);
}

/* Keys are compared as bytes: 1 is not 1.0 there. */
static void lower__key_of_other_type__is_a_condition(void **state)
{
	const struct expr *real;
	struct block b;

	(void)state;
	joined(&b, PLAN_JOIN_INNER);
	real = build_two(
		&b.arena, EXPR_MUL, VALUE_DOUBLE, block_column(&b, 0, COL_uid),
		build_const(&b.arena, VALUE_DOUBLE,
			    (struct value){ .type = VALUE_DOUBLE, .d = 1 }));
	block_add(&b, &b.bound->below,
		  block_two(&b, EXPR_EQ, block_column(&b, 1, COL_uid), real));
	assert_true(block_lower(&b));
	assert_int_equal(b.rules[0].root->key_count, 1);
	assert_non_null(b.rules[0].root->predicate);
	block_release(&b);
}

static void lower__first_seen__stands_over_joins(void **state)
{
	struct block b;

	(void)state;
	joined(&b, PLAN_JOIN_INNER);
	b.bound->seen_count = 1;
	b.bound->seen[0] = block_column(&b, 1, COL_NETWORK_CONNECT_dst_ip);
	b.bound->seen_ns = 3600 * SECOND;
	assert_true(block_lower(&b));
	assert_int_equal(b.rules[0].root->child[0]->kind, PLAN_JOIN);
	assert_non_null(
		strstr(block_plan(&b),
		       "first seen by (c.dst_ip) range INTERVAL '1' "
		       "HOUR\n  state INTERVAL '1' HOUR, 100000 keys, 1 "
		       "rows a key\n"));
	block_release(&b);
}

static void over(struct block *b)
{
	begin(b, STREAM_NETWORK_CONNECT);
	b->bound->top = BOUND_OVER;
	b->bound->range_ns = 10 * SECOND;
	block_by(b, "pid_key", block_column(b, 0, COL_pid_key));
}

static void lower__distinct_threshold__is_enough_at_its_number(void **state)
{
	struct block b;

	(void)state;
	over(&b);
	block_aggregate(&b, "ports", PLAN_COUNT_DISTINCT,
			block_column(&b, 0, COL_NETWORK_CONNECT_dst_port));
	block_add(&b, &b.bound->above,
		  block_two(&b, EXPR_GE, block_slot(&b, 0, VALUE_INT),
			    block_int(&b, 20)));
	block_is_plan(&b, "filter\n"
			  "  where ports >= 20\n"
			  "  sliding aggregates by (e.pid_key) range INTERVAL "
			  "'10' SECOND\n"
			  "    ports = COUNT(DISTINCT e.dst_port) up to 20\n"
			  "    state INTERVAL '10' SECOND, 100000 keys, 20 "
			  "rows a key\n"
			  "    scan network.connect e\n");
	assert_int_equal(b.rules[0].emit, PLAN_EMIT_FIRST);
	block_release(&b);
}

static void lower__shown_aggregates__are_exact(void **state)
{
	struct block b;

	(void)state;
	over(&b);
	block_aggregate(&b, "n", PLAN_COUNT_ROWS, NULL);
	block_aggregate(&b, "ports", PLAN_COUNT_DISTINCT,
			block_column(&b, 0, COL_NETWORK_CONNECT_dst_port));
	block_add(&b, &b.bound->above,
		  block_two(&b, EXPR_GE, block_slot(&b, 1, VALUE_INT),
			    block_int(&b, 20)));
	block_output(&b, "ports", block_slot(&b, 1, VALUE_INT));
	assert_true(block_lower(&b));
	assert_int_equal(b.rules[0].root->child[0]->kind, PLAN_OVER);
	assert_int_equal(b.rules[0].root->child[0]->aggregates[1].saturate, 0);
	assert_int_equal(b.rules[0].root->child[0]->rows_per_key_max, 4096);
	block_release(&b);
}

/* A count that is compared with 4.5 must tell 5 from 4. */
static void lower__threshold_that_is_no_integer__counts_exactly(void **state)
{
	struct block b;

	(void)state;
	over(&b);
	block_aggregate(&b, "n", PLAN_COUNT_ROWS, NULL);
	block_add(&b, &b.bound->above,
		  block_two(&b, EXPR_GE, block_slot(&b, 0, VALUE_INT),
			    build_const(&b.arena, VALUE_DOUBLE,
					(struct value){ .type = VALUE_DOUBLE,
							.d = 4.5 })));
	assert_true(block_lower(&b));
	assert_int_equal(b.rules[0].root->child[0]->kind, PLAN_COUNT);
	assert_int_equal(b.rules[0].root->child[0]->saturate, 0);
	block_release(&b);
}

static void grouped(struct block *b)
{
	begin(b, STREAM_NETWORK_CONNECT);
	b->bound->top = BOUND_GROUP;
	b->bound->window = PLAN_TUMBLE;
	b->bound->size_ns = 60 * SECOND;
	block_by(b, "uid", block_column(b, 0, COL_uid));
	block_aggregate(b, "n", PLAN_COUNT_ROWS, NULL);
}

static void lower__group__has_having_orders_and_limit(void **state)
{
	struct block b;

	(void)state;
	grouped(&b);
	b.bound->window = PLAN_HOP;
	b.bound->slide_ns = 10 * SECOND;
	block_add(&b, &b.bound->above,
		  block_two(&b, EXPR_GT, block_slot(&b, 3, VALUE_INT),
			    block_int(&b, 5)));
	b.bound->orders[0] =
		(struct plan_order){ block_slot(&b, 3, VALUE_INT), true };
	b.bound->order_count = 1;
	b.bound->limit = 3;
	block_is_plan(&b, "hopping windows of INTERVAL '1' MINUTE every "
			  "INTERVAL '10' SECOND by (e.uid)\n"
			  "  n = COUNT(*)\n"
			  "  having n > 5\n"
			  "  order by n DESC\n"
			  "  limit 3\n"
			  "  state INTERVAL '1' MINUTE, 100000 keys, 64 rows a "
			  "key\n"
			  "  scan network.connect e\n");
	assert_int_equal(b.rules[0].emit, PLAN_EMIT_CLOSE);
	assert_int_equal(b.rules[0].keys[0].expr->op, EXPR_SLOT);
	assert_int_equal(b.rules[0].keys[0].expr->slot, 2);
	block_release(&b);
}

static void lower__sequence__splits_define(void **state)
{
	struct block b;
	unsigned a, c;

	(void)state;
	block_init(&b);
	block_rule(&b, "r", false);
	a = block_step(&b, "a", STREAM_PROCESS_EXEC);
	c = block_step(&b, "c", STREAM_NETWORK_CONNECT);
	b.bound->range_ns = 60 * SECOND;
	block_add(&b, &b.bound->steps[a].define,
		  block_test(&b, a, COL_uid, EXPR_EQ, 0));
	block_add(&b, &b.bound->steps[c].define,
		  block_test(&b, c, COL_NETWORK_CONNECT_dst_port, EXPR_EQ, 22));
	block_key(&b, &b.bound->steps[c].define, a, c, COL_pid_key);
	block_is_plan(&b, "sequence within INTERVAL '1' MINUTE, 1 chain a "
			  "step\n"
			  "  step a by (a.pid_key)\n"
			  "    scan process.exec a\n"
			  "      where a.uid = 0\n"
			  "  step c by (c.pid_key)\n"
			  "    scan network.connect c\n"
			  "      where c.dst_port = 22\n"
			  "  state INTERVAL '1' MINUTE, 100000 keys, 1 rows a "
			  "key\n");
	assert_int_equal(b.rules[0].emit, PLAN_EMIT_EVERY);
	assert_string_equal(b.rules[0].keys[0].name, "pid_key");
	block_release(&b);
}

static void lower__steps_that_compare__keep_more_chains(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	block_rule(&b, "r", false);
	block_step(&b, "a", STREAM_PROCESS_EXEC);
	block_step(&b, "x", STREAM_FILE_OPEN);
	block_step(&b, "c", STREAM_NETWORK_CONNECT);
	b.bound->steps[1].optional = true;
	b.bound->range_ns = SECOND;
	/* The key of a step that may be left out is not implied. */
	block_key(&b, &b.bound->steps[2].define, 1, 2, COL_pid_key);
	assert_true(block_lower(&b));
	assert_int_equal(b.rules[0].root->runs_max, 8);
	assert_int_equal(b.rules[0].root->rows_per_key_max, 24);
	assert_string_equal(b.rules[0].root->steps[2].predicate->text,
			    "c.pid_key = x.pid_key");
	block_release(&b);
}

static void lower__until__is_a_scan_of_its_own(void **state)
{
	struct block b;
	unsigned u;

	(void)state;
	block_init(&b);
	block_rule(&b, "r", false);
	block_step(&b, "a", STREAM_PROCESS_EXEC);
	block_step(&b, "c", STREAM_NETWORK_CONNECT);
	u = block_step(&b, "u", STREAM_PROCESS_EXIT);
	b.bound->step_count = 2;
	b.bound->has_until = true;
	b.bound->range_ns = SECOND;
	block_key(&b, &b.bound->steps[u].define, 0, u, COL_pid_key);
	assert_true(block_lower(&b));
	assert_int_equal(b.rules[0].root->runs_max, 1);
	assert_non_null(strstr(block_plan(&b), "  until u by (u.pid_key)\n"));
	block_release(&b);
}

enum shape { FILTER, PAIRS, ONE, LEFT, EXISTS, ABSENT, WINDOW, THRESHOLD };

static void shape(struct block *b, enum shape shape)
{
	static const enum plan_join joins[] = { [PAIRS] = PLAN_JOIN_INNER,
						[ONE] = PLAN_JOIN_FIRST,
						[LEFT] = PLAN_JOIN_LEFT,
						[EXISTS] = PLAN_JOIN_SEMI,
						[ABSENT] = PLAN_JOIN_ANTI };

	if (shape == FILTER) {
		begin(b, STREAM_FILE_OPEN);
	} else if (shape == WINDOW) {
		grouped(b);
	} else if (shape == THRESHOLD) {
		over(b);
		block_aggregate(b, "n", PLAN_COUNT_ROWS, NULL);
		block_add(b, &b->bound->above,
			  block_two(b, EXPR_GE, block_slot(b, 0, VALUE_INT),
				    block_int(b, 5)));
	} else {
		joined(b, joins[shape]);
	}
}

#define REFUSED (-1)

static const struct {
	enum shape shape;
	int by_default, first, every, close;
} policies[] = {
	{ FILTER, PLAN_EMIT_EVERY, PLAN_EMIT_EVERY, PLAN_EMIT_EVERY,
	  PLAN_EMIT_CLOSE },
	{ PAIRS, PLAN_EMIT_EVERY, PLAN_EMIT_FIRST, PLAN_EMIT_EVERY,
	  PLAN_EMIT_CLOSE },
	{ ONE, PLAN_EMIT_EVERY, PLAN_EMIT_EVERY, PLAN_EMIT_EVERY,
	  PLAN_EMIT_CLOSE },
	{ LEFT, PLAN_EMIT_CLOSE, REFUSED, PLAN_EMIT_EVERY, PLAN_EMIT_CLOSE },
	{ EXISTS, PLAN_EMIT_EVERY, PLAN_EMIT_EVERY, PLAN_EMIT_EVERY,
	  PLAN_EMIT_CLOSE },
	{ ABSENT, PLAN_EMIT_CLOSE, REFUSED, REFUSED, PLAN_EMIT_CLOSE },
	{ WINDOW, PLAN_EMIT_CLOSE, REFUSED, REFUSED, PLAN_EMIT_CLOSE },
	{ THRESHOLD, PLAN_EMIT_FIRST, PLAN_EMIT_FIRST, PLAN_EMIT_EVERY,
	  PLAN_EMIT_CLOSE },
};

static void lower__emit__is_what_the_rule_can_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		const int want[] = {
			[AST_EMIT_DEFAULT] = policies[i].by_default,
			[AST_EMIT_EVERY] = policies[i].every,
			[AST_EMIT_FIRST] = policies[i].first,
			[AST_EMIT_CLOSE] = policies[i].close,
		};

		for (unsigned emit = 0; emit < ARRAY_SIZE(want); emit++) {
			struct block b;

			shape(&b, policies[i].shape);
			b.ast.emit = (enum ast_emit)emit;
			if (want[emit] == REFUSED) {
				block_is_refused(&b, "can become false again",
						 "EMIT ON WINDOW CLOSE");
			} else {
				assert_true(block_lower(&b));
				assert_int_equal(b.rules[0].emit, want[emit]);
			}
			block_release(&b);
		}
	}
}

static void lower__internal_rule__holds_nothing_back(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	b.ast.emit = AST_EMIT_FIRST;
	b.ast.suppress_ns = SECOND;
	b.ast.gap = AST_GAP_SUPPRESS;
	block_rule(&b, "r#1", true);
	block_input(&b, "f", STREAM_FILE_OPEN, PLAN_JOIN_INNER);
	block_output(&b, "pid_key", block_column(&b, 0, COL_pid_key));
	assert_true(block_lower(&b));
	assert_int_equal(b.rules[0].emit, PLAN_EMIT_EVERY);
	assert_int_equal(b.rules[0].suppress_ns, 0);
	assert_false(b.rules[0].suppress_on_gap);

	block_rule(&b, "r", false);
	block_reader(&b, "m", 0);
	block_add(&b, &b.bound->below,
		  block_test(&b, 0, COL_OWN_FIRST, EXPR_GT, 3));
	assert_true(block_lower(&b));
	assert_string_equal(block_plan(&b), "scan matches.r#1 m\n"
					    "  where m.pid_key > 3\n");
	/* A match has no process but the column of that name. */
	assert_int_equal(b.rules[1].key_count, 1);
	assert_int_equal(b.rules[1].keys[0].expr->column, COL_OWN_FIRST);
	assert_string_not_equal(b.rules[0].canonical, b.rules[1].canonical);
	block_release(&b);
}

static void lower__join_with_matches__is_by_their_time(void **state)
{
	struct block b;
	unsigned m;

	(void)state;
	block_init(&b);
	block_rule(&b, "first", false);
	block_input(&b, "f", STREAM_FILE_OPEN, PLAN_JOIN_INNER);
	block_output(&b, "who", block_column(&b, 0, COL_pid_key));
	assert_true(block_lower(&b));
	block_rule(&b, "second", false);
	block_input(&b, "e", STREAM_PROCESS_EXEC, PLAN_JOIN_INNER);
	m = block_reader(&b, "m", 0);
	block_add(&b, &b.bound->below,
		  block_two(&b, EXPR_EQ, block_column(&b, m, COL_OWN_FIRST),
			    block_column(&b, 0, COL_pid_key)));
	block_within(&b, &b.bound->below, 0, m, -SECOND, SECOND);
	block_is_plan(&b, "interval join with m\n"
			  "  key e.pid_key = m.who\n"
			  "  time m.ts BETWEEN e.ts - INTERVAL '1' SECOND AND "
			  "e.ts + INTERVAL '1' SECOND\n"
			  "  state INTERVAL '1' SECOND, 100000 keys, 64 rows a "
			  "key\n"
			  "  scan process.exec e\n"
			  "  scan matches.first m\n");
	block_release(&b);
}

static void lower__matches_without_process__mute_the_rule(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	block_rule(&b, "first", false);
	block_input(&b, "f", STREAM_FILE_OPEN, PLAN_JOIN_INNER);
	assert_true(block_lower(&b));
	block_rule(&b, "second", false);
	block_reader(&b, "m", 0);
	assert_true(block_lower(&b));
	assert_int_equal(b.rules[0].key_count, 1);
	assert_int_equal(b.rules[1].key_count, 0);
	block_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			lower__left_join__keeps_where_above_and_on_below),
		cmocka_unit_test(
			lower__not_exists__keeps_what_it_asks_of_the_left),
		cmocka_unit_test(lower__exists_and_first__ask_the_left_before),
		cmocka_unit_test(lower__join_on_left_out_row__is_refused),
		cmocka_unit_test(
			lower__exists_without_bound__names_the_subquery),
		cmocka_unit_test(lower__key_of_other_type__is_a_condition),
		cmocka_unit_test(lower__first_seen__stands_over_joins),
		cmocka_unit_test(
			lower__distinct_threshold__is_enough_at_its_number),
		cmocka_unit_test(lower__shown_aggregates__are_exact),
		cmocka_unit_test(
			lower__threshold_that_is_no_integer__counts_exactly),
		cmocka_unit_test(lower__group__has_having_orders_and_limit),
		cmocka_unit_test(lower__sequence__splits_define),
		cmocka_unit_test(lower__steps_that_compare__keep_more_chains),
		cmocka_unit_test(lower__until__is_a_scan_of_its_own),
		cmocka_unit_test(lower__emit__is_what_the_rule_can_hold),
		cmocka_unit_test(lower__internal_rule__holds_nothing_back),
		cmocka_unit_test(lower__join_with_matches__is_by_their_time),
		cmocka_unit_test(lower__matches_without_process__mute_the_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
