// SPDX-License-Identifier: Apache-2.0
/* Which terms go to the kernel, why others do not, and the exact code. */
#include "compiler/pushdown.h"
#include "compiler/predicate_gen.h"
#include "support/ebpf_interp.h"
#include "support/unit.h"

#include <errno.h>

#define CONNECT(name) COL_NETWORK_CONNECT_##name
#define OPEN(name) COL_FILE_OPEN_##name

struct fixture {
	struct arena arena;
	struct gen g; /* for its constructors of expressions */
	struct kernel_function function;
	bool exact;
};

static int set_up(void **state)
{
	static struct fixture f;

	arena_init(&f.arena, (size_t)128 * 1024 * 1024);
	f.g = (struct gen){ .arena = &f.arena };
	f.g.stream = catalog_stream(STREAM_NETWORK_CONNECT);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_release(&f->arena);
	return 0;
}

static const struct expr *column(struct fixture *f, unsigned id)
{
	return gen_column(&f->g, catalog_column_at(f->g.stream, id));
}

static const struct expr *two(struct fixture *f, enum expr_op op,
			      const struct expr *a, const struct expr *b)
{
	struct expr *e = gen_node(&f->g, op, VALUE_BOOL, 2);

	e->args[0] = a;
	e->args[1] = b;
	return e;
}

static const struct expr * not(struct fixture * f, const struct expr *a)
{
	struct expr *e = gen_node(&f->g, EXPR_NOT, VALUE_BOOL, 1);

	e->args[0] = a;
	return e;
}

static const struct expr *compare(struct fixture *f, enum expr_op op,
				  unsigned id, struct value value)
{
	return two(f, op, column(f, id), gen_const(&f->g, value));
}

static const struct expr *pattern(struct fixture *f, enum expr_op op,
				  unsigned id, const char *text)
{
	struct expr *e = gen_node(&f->g, op, VALUE_BOOL, 1);

	e->args[0] = column(f, id);
	e->value = value_text(text);
	return e;
}

static void push_all(struct fixture *f, const struct pushdown_input *inputs,
		     unsigned count)
{
	struct err err = { 0 };

	if (pushdown(&f->arena, f->g.stream->id, inputs, count, &f->function,
		     &f->exact, &err))
		fail_msg("%s", err.text);
}

static void push(struct fixture *f, const struct expr *expr)
{
	struct pushdown_input input = { .rule = "rule", .expr = expr };

	push_all(f, &input, 1);
}

static bool passes(const struct fixture *f, const union gen_record *record)
{
	uint64_t result;
	unsigned at;

	if (!f->function.insns)
		return true;
	assert_null(ebpf_interp(f->function.insns, f->function.insn_count,
				record, f->g.stream->record_bytes, &result,
				&at));
	return result;
}

static void stays_in_user_space(struct fixture *f, const struct expr *expr,
				const char *reason)
{
	push(f, expr);
	assert_int_equal(f->function.term_count, 1);
	assert_false(f->function.terms[0].in_kernel);
	assert_string_equal(f->function.terms[0].reason, reason);
	assert_false(f->exact);
	push(f, not(f, expr));
	assert_null(f->function.insns);
	assert_string_equal(f->function.accept_all_rule, "rule");
}

static void terms__undecidable__say_why_and_accept_all(void **state)
{
	struct fixture *f = *state;

	stays_in_user_space(f, pattern(f, EXPR_SUFFIX, COL_exe, "/bash"),
			    "exe comes from the process table");
	stays_in_user_space(f, compare(f, EXPR_GT, COL_ts, value_int(5)),
			    "ts is set after the predicate has run");
	stays_in_user_space(f, compare(f, EXPR_GT, COL_seq, value_int(5)),
			    "seq is set after the predicate has run");
	stays_in_user_space(f, pattern(f, EXPR_CONTAINS, COL_comm, "a"),
			    "contains is decided in user space");
	stays_in_user_space(f, pattern(f, EXPR_LIKE, COL_comm, "%a_b"),
			    "LIKE with such a pattern is decided in user "
			    "space");
	stays_in_user_space(f,
			    two(f, EXPR_ANY, column(f, COL_args),
				gen_const(&f->g, value_bool(true))),
			    "ANY and ALL are decided in user space");
	stays_in_user_space(f, compare(f, EXPR_LT, COL_comm, value_text("b")),
			    "the order of texts is decided in user space");
	stays_in_user_space(f,
			    two(f, EXPR_GT,
				two(f, EXPR_ADD, column(f, COL_cgroup_id),
				    column(f, COL_pid)),
				gen_const(&f->g, value_int(1))),
			    "the sum may overflow, which user space decides");
	f->g.stream = catalog_stream(STREAM_SECURITY_LOG);
	stays_in_user_space(
		f, pattern(f, EXPR_PREFIX, COL_SECURITY_LOG_message, "/tmp"),
		"message has no fixed place in the record");
}

static void like__with_a_beginning__filters_by_it(void **state)
{
	struct fixture *f = *state;
	union gen_record record = { 0 };

	push(f, pattern(f, EXPR_LIKE, COL_comm, "ba%h_"));
	assert_false(f->function.terms[0].in_kernel);
	assert_string_equal(f->function.terms[0].reason,
			    "only the beginning of the pattern is tested in "
			    "the kernel");
	memcpy(record.head.comm, "bald", 5);
	assert_true(passes(f, &record));
	memcpy(record.head.comm, "cald", 5);
	assert_false(passes(f, &record));
}

static void null__compared__is_never_wanted(void **state)
{
	struct fixture *f = *state;
	union gen_record record = { 0 };
	const struct expr *e =
		compare(f, EXPR_EQ, CONNECT(dst_port), value_null());

	push(f, e);
	assert_true(f->exact);
	assert_false(passes(f, &record));
	push(f, not(f, e));
	assert_true(f->exact);
	assert_false(passes(f, &record));
}

/* One term the kernel knows, one it does not: under NOT, AND becomes OR. */
static void not__of_half_decidable_and__accepts_all(void **state)
{
	struct fixture *f = *state;
	const struct expr *port =
		compare(f, EXPR_EQ, CONNECT(dst_port), value_int(4444));
	const struct expr *exe = pattern(f, EXPR_SUFFIX, COL_exe, "/sh");

	push(f, two(f, EXPR_AND, port, exe));
	assert_non_null(f->function.insns);
	assert_false(f->exact);
	push(f, not(f, two(f, EXPR_AND, port, exe)));
	assert_null(f->function.insns);
	push(f, not(f, two(f, EXPR_OR, port, exe)));
	assert_non_null(f->function.insns);
}

static void rules__one_takes_all__is_named(void **state)
{
	struct fixture *f = *state;
	struct pushdown_input inputs[] = {
		{ .rule = "narrow",
		  .expr = compare(f, EXPR_EQ, CONNECT(dst_port),
				  value_int(1)) },
		{ .rule = "wide",
		  .expr = pattern(f, EXPR_SUFFIX, COL_exe, "/sh") },
		{ .rule = "wider", .expr = NULL },
	};

	push_all(f, inputs, 3);
	assert_null(f->function.insns);
	assert_string_equal(f->function.accept_all_rule, "wide");
	assert_int_equal(f->function.term_count, 2);
	assert_false(f->function.terms[0].in_kernel);
	assert_string_equal(f->function.terms[0].reason,
			    "rule wide needs every event of network.connect");
	assert_true(f->exact);
	push_all(f, inputs, 2);
	assert_false(f->exact);
}

/* Where all is kept nothing is tested, not even the beginning of a pattern. */
static void rules__one_takes_all__not_tested_in_part(void **state)
{
	struct fixture *f = *state;
	struct pushdown_input inputs[] = {
		{ .rule = "part",
		  .expr = pattern(f, EXPR_LIKE, OPEN(path), "/tmp/_/key") },
		{ .rule = "wide", .expr = NULL },
	};

	f->g.stream = catalog_stream(STREAM_FILE_OPEN);
	push_all(f, inputs, 1);
	assert_false(f->function.terms[0].in_kernel);
	assert_string_equal(f->function.terms[0].reason,
			    "only the ends of the pattern are tested in the "
			    "kernel");
	push_all(f, inputs, 2);
	assert_false(f->function.terms[0].in_kernel);
	assert_string_equal(f->function.terms[0].reason,
			    "rule wide needs every event of file.open");
}

static void path__cut_or_not_known__passes_or_not(void **state)
{
	struct fixture *f = *state;
	union gen_record record = { 0 };

	f->g.stream = catalog_stream(STREAM_FILE_OPEN);
	push(f, pattern(f, EXPR_SUFFIX, OPEN(path), "/passwd"));
	assert_true(f->function.terms[0].in_kernel);
	assert_false(f->exact);
	record.open.path.off = offsetof(struct file_open_event, path_bytes);
	record.open.path.len = 11;
	memcpy(record.open.path_bytes, "/etc/passwd", 11);
	assert_true(passes(f, &record));
	record.open.path.len = 10;
	assert_false(passes(f, &record));
	record.head.truncated = EVENT_PART_PATH;
	assert_true(passes(f, &record));
	push(f, not(f, pattern(f, EXPR_SUFFIX, OPEN(path), "/passwd")));
	assert_true(passes(f, &record));
	record.head.truncated = EVENT_PART_ARGS;
	assert_true(passes(f, &record));
	record.open.path = (struct event_blob){ 0 };
	assert_false(passes(f, &record));
}

/* 4,000 rules on users and paths: users stay, the dear paths go. */
static void rules__too_long_together__dearest_terms_are_left_out(void **state)
{
	struct fixture *f = *state;
	struct pushdown_input *inputs =
		arena_array(&f->arena, 4000, sizeof(*inputs));
	union gen_record record = { 0 };
	unsigned left_out = 0;

	assert_non_null(inputs);
	f->g.stream = catalog_stream(STREAM_FILE_OPEN);
	for (unsigned i = 0; i < 4000; i++) {
		char *path = arena_printf(&f->arena, "/usr/lib/%%/%u", i);

		assert_non_null(path);
		inputs[i].rule = "many";
		inputs[i].expr = compare(f, EXPR_EQ, COL_uid, value_int(i));
		if (i % 2)
			inputs[i].expr =
				two(f, EXPR_AND, inputs[i].expr,
				    pattern(f, EXPR_LIKE, OPEN(path), path));
	}
	push_all(f, inputs, 4000);
	assert_non_null(f->function.insns);
	assert_true(f->function.insn_count <= 16000);
	assert_int_equal(f->function.term_count, 6000);
	for (unsigned i = 0; i < f->function.term_count; i++) {
		const struct pushdown_term *term = &f->function.terms[i];

		if (term->in_kernel)
			continue;
		left_out++;
		assert_string_equal(term->reason,
				    "left out: the kernel predicate would be "
				    "too long");
		assert_int_equal(term->expr->args[0]->column, OPEN(path));
	}
	assert_true(left_out > 0);
	record.head.uid = 3998;
	assert_true(passes(f, &record));
	record.head.uid = 4000;
	assert_false(passes(f, &record));
}

/*
 * 6,000 rules on one path each: of each its length and four bytes are tested.
 * What passes is at least what is meant, and little else.
 */
static void rules__too_long_texts__are_tested_in_part(void **state)
{
	struct fixture *f = *state;
	struct pushdown_input *inputs =
		arena_array(&f->arena, 6000, sizeof(*inputs));
	union gen_record record = { 0 };
	unsigned passed = 0;

	assert_non_null(inputs);
	f->g.stream = catalog_stream(STREAM_FILE_OPEN);
	for (unsigned i = 0; i < 6000; i++) {
		char *path = arena_printf(&f->arena, "/srv/%u/data/%u",
					  i * 7919 % 6000, i * 5);

		assert_non_null(path);
		inputs[i].rule = "r";
		inputs[i].expr =
			compare(f, EXPR_EQ, OPEN(path), value_text(path));
	}
	push_all(f, inputs, 6000);
	assert_non_null(f->function.insns);
	assert_false(f->exact);
	assert_string_equal(f->function.terms[0].reason,
			    "only a part of the text is tested in the kernel: "
			    "all rules' texts would be too long");
	record.open.path.off = offsetof(struct file_open_event, path_bytes);
	for (unsigned i = 0; i < 6000; i++) {
		const struct value *v = &inputs[i].expr->args[1]->value;

		record.open.path.len = (uint16_t)v->len;
		memcpy(record.open.path_bytes, v->p, v->len);
		assert_true(passes(f, &record));
		record.open.path_bytes[v->len - 2] ^= 0x40;
		passed += passes(f, &record);
	}
	assert_true(passed < 3000);
}

/* As deep as the parser allows: what doubles at each level has an end. */
static void nested__conditions_of_conditions__end(void **state)
{
	struct fixture *f = *state;
	const struct expr *e = column(f, CONNECT(dst_port));
	const struct expr *truth =
		compare(f, EXPR_EQ, CONNECT(dst_port), value_int(1));

	for (unsigned i = 0; i < 64; i++) {
		struct expr *outer =
			gen_node(&f->g, i % 2 ? EXPR_CASE : EXPR_IS_NULL,
				 VALUE_BOOL, i % 2 ? 3 : 1);
		const struct expr *exe = pattern(f, EXPR_PREFIX, COL_exe, "/");

		outer->args[0] = i ? e : truth;
		if (i % 2) {
			outer->args[0] = two(f, EXPR_AND, e, exe);
			outer->args[1] = truth;
			outer->args[2] = e;
		}
		e = two(f, EXPR_LE, outer, gen_const(&f->g, value_int(1)));
	}
	push(f, e);
	assert_false(f->function.terms[0].in_kernel);
	assert_string_equal(f->function.terms[0].reason,
			    "so many cases are decided in user space");
}

/* Twelve lists, all of them to hold: not the product of them. */
static void lists__side_by_side__are_not_multiplied(void **state)
{
	struct fixture *f = *state;
	struct expr *all = gen_node(&f->g, EXPR_AND, VALUE_BOOL, 12);

	f->g.stream = catalog_stream(STREAM_FILE_OPEN);
	for (unsigned i = 0; i < 12; i++) {
		struct expr *in = gen_node(&f->g, EXPR_OR, VALUE_BOOL, 20);

		for (unsigned k = 0; k < 20; k++)
			in->args[k] =
				compare(f, EXPR_EQ, i % 2 ? COL_uid : COL_pid,
					value_int(i + k * 10));
		all->args[i] = in;
	}
	push(f, all);
	assert_true(f->exact);
	assert_true(f->function.insn_count < 800);
	assert_true(f->arena.used_bytes < 1024 * 1024);
}

/* Sixteen paths alike but for their ends: the tree does not go all the way. */
static void paths__long_and_alike__take_little_memory(void **state)
{
	struct fixture *f = *state;
	struct pushdown_input inputs[16];

	f->g.stream = catalog_stream(STREAM_FILE_OPEN);
	for (unsigned i = 0; i < 16; i++) {
		char *path = arena_alloc(&f->arena, 4096);

		assert_non_null(path);
		memset(path, 'x', 4096);
		snprintf(path + 4000, 64, "%u", i);
		inputs[i].rule = "r";
		inputs[i].expr =
			compare(f, EXPR_EQ, OPEN(path), value_text(path));
	}
	push_all(f, inputs, 16);
	assert_non_null(f->function.insns);
	assert_true(f->arena.used_bytes < 32 * 1024 * 1024);
}

/* Nothing can be spared: the stream accepts all rather than the wrong rows. */
static void rules__too_long_and_nothing_to_spare__accept_all(void **state)
{
	struct fixture *f = *state;
	struct pushdown_input *inputs =
		arena_array(&f->arena, 40000, sizeof(*inputs));

	assert_non_null(inputs);
	for (unsigned i = 0; i < 40000; i++) {
		inputs[i].rule = "port";
		inputs[i].expr = compare(f, EXPR_EQ, COL_pid, value_int(i));
	}
	push_all(f, inputs, 40000);
	assert_null(f->function.insns);
	assert_string_equal(f->function.accept_all_rule, "port");
}

static void in__many_numbers__is_searched_in_few_steps(void **state)
{
	struct fixture *f = *state;
	struct expr *in = gen_node(&f->g, EXPR_IN, VALUE_BOOL, 1001);
	union gen_record record = { 0 };

	in->args[0] = column(f, CONNECT(dst_port));
	for (unsigned i = 1; i <= 1000; i++)
		in->args[i] = gen_const(&f->g, value_int(i * 3));
	push(f, in);
	assert_true(f->exact);
	assert_true(f->function.insn_count < 1400);
	for (unsigned port = 0; port <= 3100; port++) {
		record.connect.dst_port = (uint16_t)port;
		assert_int_equal(passes(f, &record),
				 port % 3 == 0 && port && port <= 3000);
	}
}

/* Consecutive numbers are one range. */
static void in__a_range__is_two_comparisons(void **state)
{
	struct fixture *f = *state;
	struct expr *in = gen_node(&f->g, EXPR_IN, VALUE_BOOL, 1001);

	in->args[0] = column(f, CONNECT(dst_port));
	for (unsigned i = 1; i <= 1000; i++)
		in->args[i] = gen_const(&f->g, value_int(8000 + i));
	push(f, in);
	assert_int_equal(f->function.insn_count, 10);
}

/* Every allocation fails once. */
static void pushdown__no_memory__is_an_error(void **state)
{
	struct fixture *f = *state;
	struct pushdown_input inputs[3];
	size_t limit = 64;
	int r = -ENOMEM;

	f->g.state = 7;
	f->g.stream = catalog_stream(STREAM_FILE_OPEN);
	for (unsigned i = 0; i < 3; i++)
		inputs[i] =
			(struct pushdown_input){ .rule = "r",
						 .expr = gen_expr(&f->g, 3) };
	for (; r; limit += 64) {
		struct kernel_function function;
		struct err err = { 0 };
		const uint8_t *bytes;
		struct arena tight;
		size_t len;
		bool exact;

		arena_init(&tight, limit);
		r = pushdown(&tight, STREAM_FILE_OPEN, inputs, 3, &function,
			     &exact, &err);
		if (!r)
			r = kernel_object(&tight, &function, 1, &bytes, &len,
					  &err);
		assert_true(r == 0 || r == -ENOMEM);
		assert_int_equal(err.code, r);
		arena_release(&tight);
	}
	assert_true(limit > 8192);
}

static void prints(struct fixture *f, const char *text)
{
	struct buf out = BUF_INIT;

	kernel_function_print(&f->function, &out);
	assert_string_equal(buf_text(&out), text);
	buf_release(&out);
}

static void golden__port_and_comm(void **state)
{
	struct fixture *f = *state;

	push(f,
	     two(f, EXPR_AND, compare(f, EXPR_EQ, COL_comm, value_text("bash")),
		 compare(f, EXPR_EQ, CONNECT(dst_port), value_int(4444))));
	assert_true(f->exact);
	prints(f, "<predicate_network_connect>:\n"
		  "; a record that is not there passes\n"
		  "       0:\tif r1 != 0 goto +2\n"
		  "       1:\tr0 = 1\n"
		  "       2:\texit\n"
		  "; n.dst_port = 4444\n"
		  "       3:\tr3 = *(u16 *)(r1 + 270)\n"
		  "       4:\tif r3 != 4444 goto +6\n"
		  "; n.comm = 'bash'\n"
		  "       5:\tr3 = *(u32 *)(r1 + 240)\n"
		  "       6:\tif r3 != 1752392034 goto +4\n"
		  "       7:\tr3 = *(u8 *)(r1 + 244)\n"
		  "       8:\tif r3 != 0 goto +2\n"
		  "; keep\n"
		  "       9:\tr0 = 1\n"
		  "      10:\texit\n"
		  "; drop\n"
		  "      11:\tr0 = 0\n"
		  "      12:\texit\n");
}

static void golden__two_rules_share_a_term(void **state)
{
	struct fixture *f = *state;
	struct pushdown_input inputs[] = {
		{ .rule = "a",
		  .expr = two(f, EXPR_AND,
			      compare(f, EXPR_EQ, COL_loginuid,
				      value_int(4294967295)),
			      compare(f, EXPR_GT, CONNECT(dst_port),
				      value_int(1024))) },
		{ .rule = "b",
		  .expr = two(f, EXPR_AND,
			      compare(f, EXPR_LT, COL_uid, value_int(1000)),
			      compare(f, EXPR_EQ, COL_loginuid,
				      value_int(4294967295))) },
	};

	push_all(f, inputs, 2);
	prints(f, "<predicate_network_connect>:\n"
		  "; a record that is not there passes\n"
		  "       0:\tif r1 != 0 goto +2\n"
		  "       1:\tr0 = 1\n"
		  "       2:\texit\n"
		  "; n.loginuid = 4294967295\n"
		  "       3:\tr3 = *(u32 *)(r1 + 184)\n"
		  "       4:\tif w3 != -1 goto +6\n"
		  "; n.dst_port > 1024\n"
		  "       5:\tr3 = *(u16 *)(r1 + 270)\n"
		  "       6:\tif r3 s> 1024 goto +2\n"
		  "; n.uid < 1000\n"
		  "       7:\tr3 = *(u32 *)(r1 + 168)\n"
		  "       8:\tif r3 s>= 1000 goto +2\n"
		  "; keep\n"
		  "       9:\tr0 = 1\n"
		  "      10:\texit\n"
		  "; drop\n"
		  "      11:\tr0 = 0\n"
		  "      12:\texit\n");
}

static void golden__accept_all(void **state)
{
	struct fixture *f = *state;

	push(f, NULL);
	prints(f, "<predicate_network_connect>:\n"
		  "; every event passes\n");
}

#define PUSH_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PUSH_TEST(terms__undecidable__say_why_and_accept_all),
		PUSH_TEST(like__with_a_beginning__filters_by_it),
		PUSH_TEST(null__compared__is_never_wanted),
		PUSH_TEST(not__of_half_decidable_and__accepts_all),
		PUSH_TEST(rules__one_takes_all__is_named),
		PUSH_TEST(rules__one_takes_all__not_tested_in_part),
		PUSH_TEST(path__cut_or_not_known__passes_or_not),
		PUSH_TEST(rules__too_long_together__dearest_terms_are_left_out),
		PUSH_TEST(rules__too_long_texts__are_tested_in_part),
		PUSH_TEST(nested__conditions_of_conditions__end),
		PUSH_TEST(lists__side_by_side__are_not_multiplied),
		PUSH_TEST(paths__long_and_alike__take_little_memory),
		PUSH_TEST(rules__too_long_and_nothing_to_spare__accept_all),
		PUSH_TEST(in__many_numbers__is_searched_in_few_steps),
		PUSH_TEST(in__a_range__is_two_comparisons),
		PUSH_TEST(pushdown__no_memory__is_an_error),
		PUSH_TEST(golden__port_and_comm),
		PUSH_TEST(golden__two_rules_share_a_term),
		PUSH_TEST(golden__accept_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
