// SPDX-License-Identifier: Apache-2.0
/* What is said of each kind of rule, and what is collected for it. */
#include "compiler/block.h"

#include "compiler/explain_int.h"
#include "compiler/share.h"
#include "compiler/subscribe.h"

static void program_of(struct block *b, struct program *program)
{
	struct err err;

	*program = (struct program){ .plan = &b->plan };
	assert_int_equal(share_find(&b->arena, &b->plan, &program->share, &err),
			 0);
	assert_int_equal(subscribe(&b->arena, program, &err), 0);
}

static const char *explained(struct block *b)
{
	struct program program;

	program_of(b, &program);
	buf_reset(&b->text);
	explain(&program, &b->text);
	return buf_text(&b->text);
}

static void says(struct block *b, const char *part)
{
	const char *text = explained(b);

	if (!strstr(text, part))
		print_error("%s\nlacks: %s\n", text, part);
	assert_non_null(strstr(text, part));
}

static void begin(struct block *b, const char *name, bool internal)
{
	block_rule(b, name, internal);
	block_input(b, "n", STREAM_NETWORK_CONNECT, PLAN_JOIN_INNER);
	block_add(b, &b->bound->below,
		  block_test(b, 0, COL_NETWORK_CONNECT_dst_port, EXPR_EQ, 22));
}

static void explain__kernel_filter__is_cheap(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	begin(&b, "r", false);
	assert_true(block_lower(&b));
	says(&b, "    kernel      n.dst_port = 22\n");
	says(&b, "  keeps no state\n");
	says(&b, "  costs cheap: decided in the kernel\n");
	block_release(&b);
}

static void explain__internal_rule__stands_under_its_reader(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	begin(&b, "r#1", true);
	b.bound->top = BOUND_GROUP;
	b.bound->window = PLAN_TUMBLE;
	b.bound->size_ns = 60 * SECOND;
	block_aggregate(&b, "n", PLAN_COUNT_ROWS, NULL);
	block_output(&b, "n", block_slot(&b, 2, VALUE_INT));
	assert_true(block_lower(&b));
	block_rule(&b, "r", false);
	block_reader(&b, "m", 0);
	block_add(&b, &b.bound->below,
		  block_test(&b, 0, COL_OWN_FIRST, EXPR_GT, 3));
	assert_true(block_lower(&b));
	says(&b, "    m    matches.r#1: below\n         columns: ts, n\n");
	says(&b, "    user space  m.n > 3\n                -- matches are "
		 "made in user space\n");
	says(&b, "\n  internal rule r#1\n    reads\n      n    "
		 "network.connect: filtered in the kernel\n");
	says(&b, "    keeps\n      the groups of open windows, for INTERVAL "
		 "'1' MINUTE:\n        at most 100000 keys, 64 rows a key: ");
	says(&b, "cut to the 40 MiB that all rules share\n");
	says(&b, "    costs per event and key: one look-up in state\n");
	assert_int_equal(strncmp(explained(&b), "rule r, ", 8), 0);
	block_release(&b);
}

static void explain__sequence__tells_its_steps_and_their_terms(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	block_rule(&b, "r", false);
	block_step(&b, "a", STREAM_PROCESS_EXEC);
	block_step(&b, "c", STREAM_NETWORK_CONNECT);
	b.bound->range_ns = 60 * SECOND;
	block_add(&b, &b.bound->steps[1].define,
		  block_test(&b, 1, COL_NETWORK_CONNECT_dst_port, EXPR_EQ, 22));
	block_key(&b, &b.bound->steps[1].define, 0, 1, COL_uid);
	assert_true(block_lower(&b));
	says(&b, "    kernel      c.dst_port = 22\n");
	says(&b, "    user space  c.uid = a.uid\n                -- needs the "
		 "rows of earlier steps\n");
	says(&b, "    the open chains of the sequence, for INTERVAL '1' "
		 "MINUTE:\n      at most 100000 keys, 8 rows a key: ");
	says(&b, "         columns: ts, pid_key, uid\n");
	says(&b, "  costs per event and row of its key: ");
	block_release(&b);
}

static void explain__absence__waits(void **state)
{
	struct bound_conditions *on;
	struct block b;

	(void)state;
	block_init(&b);
	begin(&b, "r", false);
	block_input(&b, "f", STREAM_FILE_OPEN, PLAN_JOIN_ANTI);
	on = &b.bound->inputs[1].on;
	block_key(&b, on, 0, 1, COL_pid_key);
	block_within(&b, on, 0, 1, 0, SECOND);
	assert_true(block_lower(&b));
	says(&b, "    anti join with f\n      key n.pid_key = f.pid_key\n");
	says(&b, "  emits when no partner can come any more; ");
	says(&b, "    rows that wait for a partner in f, for INTERVAL '1' "
		 "SECOND:\n");
	block_release(&b);
}

static void explain__rules__tell_what_they_share(void **state)
{
	struct block b;

	(void)state;
	block_init(&b);
	begin(&b, "one", false);
	assert_true(block_lower(&b));
	begin(&b, "two", false);
	assert_true(block_lower(&b));
	says(&b, "the rules together\n"
		 "  conditions on one stream: 2, of which 1 distinct\n"
		 "    n.dst_port = 22 (network.connect): one, two\n");
	block_release(&b);
}

static void explain__expanded_rule__shows_what_it_stands_for(void **state)
{
	const char *const expanded[] = { "SELECT 1\nFROM file.open;\n" };
	struct program program;
	struct block b;

	(void)state;
	block_init(&b);
	begin(&b, "r", false);
	assert_true(block_lower(&b));
	program_of(&b, &program);
	program.expanded = expanded;
	explain(&program, &b.text);
	assert_non_null(strstr(buf_text(&b.text),
			       "  stands for\n    SELECT 1\n    FROM "
			       "file.open;\n  reads\n"));
	block_release(&b);
}

static bool collected(const struct program *program, enum stream_id stream,
		      unsigned column)
{
	return program->subscriptions[stream].columns[column / 64] >>
		       column % 64 &
	       1;
}

/* Arguments of aggregates, orders, keys of groups, steps and what is seen. */
static void subscribe__every_place__is_read(void **state)
{
	struct program program;
	struct block b;

	(void)state;
	block_init(&b);
	block_rule(&b, "r", false);
	block_input(&b, "n", STREAM_NETWORK_CONNECT, PLAN_JOIN_INNER);
	b.bound->seen_count = 1;
	b.bound->seen[0] = block_column(&b, 0, COL_NETWORK_CONNECT_dst_ip);
	b.bound->seen_ns = SECOND;
	b.bound->top = BOUND_GROUP;
	b.bound->window = PLAN_TUMBLE;
	b.bound->size_ns = SECOND;
	block_by(&b, "gid", block_column(&b, 0, COL_gid));
	block_aggregate(&b, "m", PLAN_MAX, block_column(&b, 0, COL_uid));
	assert_true(block_lower(&b));
	block_rule(&b, "s", false);
	block_step(&b, "a", STREAM_FILE_OPEN);
	block_step(&b, "c", STREAM_FILE_OPEN);
	block_key(&b, &b.bound->steps[1].define, 0, 1, COL_euid);
	b.bound->range_ns = SECOND;
	assert_true(block_lower(&b));
	program_of(&b, &program);
	assert_true(collected(&program, STREAM_NETWORK_CONNECT,
			      COL_NETWORK_CONNECT_dst_ip));
	assert_true(collected(&program, STREAM_NETWORK_CONNECT, COL_gid));
	assert_true(collected(&program, STREAM_NETWORK_CONNECT, COL_uid));
	assert_false(collected(&program, STREAM_NETWORK_CONNECT, COL_euid));
	assert_true(collected(&program, STREAM_FILE_OPEN, COL_pid_key));
	assert_true(collected(&program, STREAM_FILE_OPEN, COL_euid));
	assert_false(collected(&program, STREAM_FILE_OPEN, COL_gid));
	block_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explain__kernel_filter__is_cheap),
		cmocka_unit_test(
			explain__internal_rule__stands_under_its_reader),
		cmocka_unit_test(
			explain__sequence__tells_its_steps_and_their_terms),
		cmocka_unit_test(explain__absence__waits),
		cmocka_unit_test(explain__rules__tell_what_they_share),
		cmocka_unit_test(
			explain__expanded_rule__shows_what_it_stands_for),
		cmocka_unit_test(subscribe__every_place__is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
