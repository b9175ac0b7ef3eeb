// SPDX-License-Identifier: Apache-2.0
/* A sound plan, broken in one place each: the checker names it. */
#include "compiler/block.h"

/* Rule 0: internal. Rule 1: a LEFT JOIN of events with its matches, a filter
 * over it, and sliding aggregates on top. */
static void sound(struct block *b)
{
	struct bound_conditions *on;

	block_init(b);
	block_rule(b, "r#1", true);
	block_input(b, "f", STREAM_FILE_OPEN, PLAN_JOIN_INNER);
	block_output(b, "k", block_column(b, 0, COL_pid_key));
	assert_true(block_lower(b));
	block_rule(b, "r", false);
	block_input(b, "e", STREAM_PROCESS_EXEC, PLAN_JOIN_INNER);
	block_reader(b, "m", 0);
	b->bound->inputs[1].join = PLAN_JOIN_LEFT;
	on = &b->bound->inputs[1].on;
	block_add(b, on,
		  block_two(b, EXPR_EQ, block_column(b, 1, COL_OWN_FIRST),
			    block_column(b, 0, COL_pid_key)));
	block_within(b, on, 0, 1, -SECOND, 0);
	block_add(b, &b->bound->below,
		  block_test(b, 1, COL_OWN_FIRST, EXPR_GT, 3));
	b->bound->top = BOUND_OVER;
	b->bound->range_ns = SECOND;
	block_aggregate(b, "n", PLAN_COUNT_ROWS, NULL);
	block_aggregate(b, "d", PLAN_COUNT_DISTINCT,
			block_column(b, 0, COL_uid));
	assert_true(block_lower(b));
}

static struct plan_node *over_of(struct block *b)
{
	return b->rules[1].root;
}

static struct plan_node *join_of(struct block *b)
{
	return over_of(b)->child[0]->child[0];
}

static void read_hidden_slot(struct block *b)
{
	over_of(b)->left_keys = block_alloc(b, 1, sizeof(struct expr *));
	over_of(b)->left_keys[0] = block_slot(b, 0, VALUE_INT);
	over_of(b)->key_count = 1;
}

static void read_no_slot(struct block *b)
{
	struct plan_output *out = (struct plan_output *)b->rules[1].outputs;

	out[0].expr = block_slot(b, 7, VALUE_INT);
}

static void read_no_column(struct block *b)
{
	struct expr *key = (struct expr *)join_of(b)->right_keys[0];

	key->column = COL_OWN_FIRST + 1;
}

static void mistake_a_type(struct block *b)
{
	struct expr *key = (struct expr *)join_of(b)->right_keys[0];

	key->type = VALUE_TEXT;
}

static void read_the_other_side(struct block *b)
{
	join_of(b)->left_keys[0] = join_of(b)->right_keys[0];
}

static void anchor_on_right(struct block *b)
{
	join_of(b)->anchor = 1;
}

static void lose_key(struct block *b)
{
	join_of(b)->key_count = 0;
}

static void lose_bound(struct block *b)
{
	join_of(b)->keys_max = 0;
}

static void lose_horizon(struct block *b)
{
	over_of(b)->horizon_ns = 0;
}

static void lose_filter(struct block *b)
{
	over_of(b)->child[0]->predicate = NULL;
}

static void condition_of_type_int(struct block *b)
{
	over_of(b)->child[0]->predicate = block_int(b, 1);
}

static void scan_twice(struct block *b)
{
	join_of(b)->child[1]->input = 0;
	join_of(b)->child[1]->stream = STREAM_PROCESS_EXEC;
}

static void scan_other_stream(struct block *b)
{
	join_of(b)->child[0]->stream = STREAM_FILE_OPEN;
}

static void share_a_slot(struct block *b)
{
	struct plan_aggregate *a =
		(struct plan_aggregate *)over_of(b)->aggregates;

	a[1].slot = 0;
}

static void saturate_a_count(struct block *b)
{
	struct plan_aggregate *a =
		(struct plan_aggregate *)over_of(b)->aggregates;

	a[0].saturate = 3;
}

static void hold_back(struct block *b)
{
	b->rules[0].suppress_ns = SECOND;
}

static void read_a_later_rule(struct block *b)
{
	const struct plan_rule **reads =
		(const struct plan_rule **)b->rules[1].input_rules;

	reads[1] = &b->rules[1];
}

static const struct {
	void (*breaks)(struct block *b);
	const char *wrong;
} defects[] = {
	{ read_hidden_slot, "a slot is read where it is not known" },
	{ read_no_slot, "a slot is read where it is not known" },
	{ read_no_column, "a column is not one of its stream" },
	{ mistake_a_type, "a column has not its type" },
	{ read_the_other_side,
	  "a column is read where its row is not at hand" },
	{ anchor_on_right, "a join is anchored outside of its left side" },
	{ lose_key, "a join has no key" },
	{ lose_bound, "a node with state has no bound" },
	{ lose_horizon, "a node with state has no horizon" },
	{ lose_filter, "a filter has no condition" },
	{ condition_of_type_int, "a condition is not BOOLEAN" },
	{ scan_twice, "an input is scanned twice" },
	{ scan_other_stream, "a scan of another stream than its input's" },
	{ share_a_slot, "two aggregates have one slot" },
	{ saturate_a_count, "an aggregate saturates that is no set" },
	{ hold_back, "an internal rule holds back matches" },
	{ read_a_later_rule,
	  "a rule reads matches of one that does not come before it" },
};

static void plan_check__broken_plan__is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(defects); i++) {
		struct block b;
		const char *wrong;

		sound(&b);
		defects[i].breaks(&b);
		wrong = plan_check(&b.plan);
		assert_non_null(wrong);
		assert_string_equal(wrong, defects[i].wrong);
		block_release(&b);
	}
}

/* What EXISTS looked at is gone above it. */
static void plan_check__partner_of_exists__is_out_of_sight(void **state)
{
	struct bound_conditions *on;
	struct plan_output *outputs;
	struct block b;

	(void)state;
	block_init(&b);
	block_rule(&b, "r", false);
	block_input(&b, "e", STREAM_PROCESS_EXEC, PLAN_JOIN_INNER);
	block_input(&b, "f", STREAM_FILE_OPEN, PLAN_JOIN_SEMI);
	on = &b.bound->inputs[1].on;
	block_key(&b, on, 0, 1, COL_pid_key);
	block_within(&b, on, 0, 1, 0, SECOND);
	assert_true(block_lower(&b));
	outputs = (struct plan_output *)b.rules[0].outputs;
	outputs[0].expr = block_column(&b, 1, COL_uid);
	assert_string_equal(plan_check(&b.plan),
			    "a column is read where its row is not at hand");
	block_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_check__broken_plan__is_named),
		cmocka_unit_test(
			plan_check__partner_of_exists__is_out_of_sight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
