// SPDX-License-Identifier: Apache-2.0
/* What rules have in common is found whatever it is called, and is the same. */
#include "compiler/block.h"

#include "compiler/share.h"

static const struct share *share_of(struct block *b)
{
	const struct share *share;
	struct err err;

	assert_int_equal(share_find(&b->arena, &b->plan, &share, &err), 0);
	assert_null(share_check(share));
	return share;
}

static const char *dump(struct block *b)
{
	buf_reset(&b->text);
	share_print(share_of(b), &b->text);
	return buf_text(&b->text);
}

/* An internal rule that counts, and a reader of it. */
static void counted(struct block *b, const char *name, const char *inner,
		    const char *alias, int64_t port)
{
	unsigned index;

	block_rule(b, inner, true);
	index = b->plan.rule_count - 1;
	block_input(b, alias, STREAM_NETWORK_CONNECT, PLAN_JOIN_INNER);
	block_add(
		b, &b->bound->below,
		block_test(b, 0, COL_NETWORK_CONNECT_dst_port, EXPR_EQ, port));
	b->bound->top = BOUND_OVER;
	b->bound->range_ns = SECOND;
	block_aggregate(b, alias, PLAN_COUNT_ROWS, NULL);
	block_output(b, "n", block_slot(b, 0, VALUE_INT));
	assert_true(block_lower(b));
	block_rule(b, name, false);
	block_reader(b, "m", index);
	block_add(b, &b->bound->below,
		  block_test(b, 0, COL_OWN_FIRST, EXPR_GT, 3));
	assert_true(block_lower(b));
}

static void share__equal_parts__are_found_under_any_name(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	counted(&b, "one", "one#1", "a", 22);
	counted(&b, "two", "two#1", "b", 22);
	assert_string_equal(
		dump(&b),
		"term, 2 times: one two\n"
		"  matches.one#1 1.n > 3\n"
		"term, 2 times: one#1 two#1\n"
		"  network.connect 1.dst_port = 22\n"
		"part, 2 times: one two\n"
		"  scan matches.one#1 1\n"
		"    where 1.n > 3\n"
		"part, 2 times: one#1 two#1\n"
		"  scan network.connect 1\n"
		"    where 1.dst_port = 22\n"
		"part, 2 times: one#1 two#1\n"
		"  sliding count #0 by () range INTERVAL '1' SECOND\n"
		"    state INTERVAL '1' SECOND, 100000 keys, 4096 rows a key\n"
		"    scan network.connect 1\n"
		"      where 1.dst_port = 22\n");
	block_release(&b);
}

static void share__different_parts__are_kept_apart(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	counted(&b, "one", "one#1", "a", 22);
	counted(&b, "two", "two#1", "a", 23);
	assert_string_equal(dump(&b), "");
	block_release(&b);
}

/* The checker compares plans, not texts: a changed plan under an old text. */
static void share__text_that_lies__is_caught(void **state)
{
	const struct share *share;
	struct block b;

	(void)state;
	block_init(&b);
	counted(&b, "one", "one#1", "a", 22);
	counted(&b, "two", "two#1", "b", 22);
	share = share_of(&b);
	b.rules[2].root->range_ns++;
	assert_non_null(share_check(share));
	b.rules[2].root->range_ns--;
	assert_null(share_check(share));
	((struct expr *)b.rules[2].root->child[0]->predicate->args[1])
		->value.i++;
	assert_non_null(share_check(share));
	block_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(share__equal_parts__are_found_under_any_name),
		cmocka_unit_test(share__different_parts__are_kept_apart),
		cmocka_unit_test(share__text_that_lies__is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
