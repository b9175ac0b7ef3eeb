// SPDX-License-Identifier: Apache-2.0
/* The kernel IR: what its checker refuses, sharing of loads, allocation. */
#include "compiler/ebpf.h"
#include "compiler/kernel_ir.h"
#include "compiler/regalloc.h"
#include "support/ebpf_interp.h"
#include "support/unit.h"

#include <errno.h>
#include <string.h>

#define RECORD_BYTES 64

struct fixture {
	struct arena arena;
	struct kernel_ir ir;
};

static int set_up(void **state)
{
	static struct fixture f;

	arena_init(&f.arena, (size_t)16 * 1024 * 1024);
	ir_init(&f.ir, &f.arena, RECORD_BYTES);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_release(&f->arena);
	return 0;
}

static struct ir_test equals(uint32_t a, int64_t imm)
{
	return (struct ir_test){
		.cmp = IR_EQ, .a = a, .b = IR_NONE, .imm = imm
	};
}

/* if (u32 at 0 == 5) return 1; if (u32 at 0 == 7) return 1; return 0 */
static void two_tests(struct kernel_ir *ir)
{
	uint32_t entry = ir_block_new(ir), second = ir_block_new(ir);
	uint32_t keep = ir_block_new(ir), drop = ir_block_new(ir);

	ir_place(ir, entry);
	ir_branch(ir, equals(ir_load(ir, IR_RECORD, 0, 4), 5), keep, second);
	ir_place(ir, second);
	ir_branch(ir, equals(ir_load(ir, IR_RECORD, 0, 4), 7), keep, drop);
	ir_place(ir, keep);
	ir_return(ir, 1);
	ir_place(ir, drop);
	ir_return(ir, 0);
	assert_int_equal(ir_finish(ir, NULL), 0);
}

static void refused(const struct kernel_ir *ir, const char *why)
{
	struct err err = { 0 };

	assert_int_equal(ir_check(ir, &err), -EINVAL);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
}

static void check__well_formed__accepts(void **state)
{
	struct fixture *f = *state;

	two_tests(&f->ir);
	assert_int_equal(ir_check(&f->ir, NULL), 0);
}

static void check__branch_back__refuses(void **state)
{
	struct fixture *f = *state;

	two_tests(&f->ir);
	f->ir.blocks[1].other = 0;
	refused(&f->ir, "forward");
}

static void check__unreachable_block__refuses(void **state)
{
	struct fixture *f = *state;

	two_tests(&f->ir);
	f->ir.blocks[1].other = 2;
	refused(&f->ir, "reached");
}

static void check__register_of_another_path__refuses(void **state)
{
	struct fixture *f = *state;

	two_tests(&f->ir);
	/* The second load, used where the first branch may have gone. */
	f->ir.blocks[2].end = IR_BRANCH;
	f->ir.blocks[2].a = f->ir.insns[1].dst;
	f->ir.blocks[2].b = IR_NONE;
	f->ir.blocks[2].then = f->ir.blocks[2].other = 3;
	refused(&f->ir, "every path");
}

static void check__register_written_twice__refuses(void **state)
{
	struct fixture *f = *state;

	two_tests(&f->ir);
	f->ir.insns[1].dst = f->ir.insns[0].dst;
	refused(&f->ir, "written twice");
}

static void check__register_never_written__refuses(void **state)
{
	struct fixture *f = *state;

	two_tests(&f->ir);
	f->ir.blocks[0].a = f->ir.insns[1].dst;
	refused(&f->ir, "before it is written");
}

static void check__bad_loads__refuses(void **state)
{
	struct fixture *f = *state;

	two_tests(&f->ir);
	f->ir.insns[0].imm = 2;
	refused(&f->ir, "aligned");
	f->ir.insns[0].imm = RECORD_BYTES;
	refused(&f->ir, "outside");
	f->ir.insns[0].imm = RECORD_BYTES - 4;
	assert_int_equal(ir_check(&f->ir, NULL), 0);
	f->ir.insns[0].size = 3;
	refused(&f->ir, "size");
}

static void share_loads__dominated__one_is_left(void **state)
{
	struct fixture *f = *state;
	struct buf text = BUF_INIT;

	two_tests(&f->ir);
	assert_int_equal(ir_share_loads(&f->ir, NULL), 0);
	assert_int_equal(ir_check(&f->ir, NULL), 0);
	ir_print(&f->ir, &text);
	assert_string_equal(buf_text(&text), "b0:\n"
					     "\tv1 = load4 [v0+0]\n"
					     "\tif v1 == 5 b2 else b1\n"
					     "b1:\n"
					     "\tif v1 == 7 b2 else b3\n"
					     "b2:\n"
					     "\treturn 1\n"
					     "b3:\n"
					     "\treturn 0\n");
	buf_release(&text);
}

/* The same load on both sides of a branch: neither stands above the other. */
static void share_loads__side_by_side__both_are_left(void **state)
{
	struct fixture *f = *state;
	struct kernel_ir *ir = &f->ir;
	uint32_t b[5];

	for (unsigned i = 0; i < 5; i++)
		b[i] = ir_block_new(ir);
	ir_place(ir, b[0]);
	ir_branch(ir, equals(ir_load(ir, IR_RECORD, 0, 4), 1), b[1], b[2]);
	ir_place(ir, b[1]);
	ir_branch(ir, equals(ir_load(ir, IR_RECORD, 8, 4), 1), b[3], b[4]);
	ir_place(ir, b[2]);
	ir_branch(ir, equals(ir_load(ir, IR_RECORD, 8, 4), 2), b[3], b[4]);
	ir_place(ir, b[3]);
	ir_return(ir, 1);
	ir_place(ir, b[4]);
	ir_return(ir, 0);
	assert_int_equal(ir_finish(ir, NULL), 0);
	assert_int_equal(ir_share_loads(ir, NULL), 0);
	assert_int_equal(ir->insn_count, 3);
	assert_int_equal(ir_check(ir, NULL), 0);
}

/*
 * Sum of n bytes of the record, all loaded, doubled, and only then added: n
 * values are alive at once. Keeps when the sum is `want`.
 */
static void wide_sum(struct kernel_ir *ir, unsigned n, int64_t want)
{
	uint32_t values[60], sum, entry, keep, drop;

	assert_true(n <= 60);
	entry = ir_block_new(ir);
	keep = ir_block_new(ir);
	drop = ir_block_new(ir);
	ir_place(ir, entry);
	for (unsigned i = 0; i < n; i++) {
		uint32_t byte = ir_load(ir, IR_RECORD, i, 1);

		values[i] = ir_binary(ir, IR_ADD, byte, byte);
	}
	sum = ir_const(ir, (int64_t)1 << 40);
	for (unsigned i = 0; i < n; i++)
		sum = ir_binary(ir, i % 2 ? IR_SUB : IR_ADD, sum, values[i]);
	ir_branch(ir,
		  (struct ir_test){
			  .cmp = IR_EQ, .a = sum, .b = ir_const(ir, want) },
		  keep, drop);
	ir_place(ir, keep);
	ir_return(ir, 1);
	ir_place(ir, drop);
	ir_return(ir, 0);
	assert_int_equal(ir_finish(ir, NULL), 0);
	assert_int_equal(ir_check(ir, NULL), 0);
}

static void regalloc__many_values_alive__spills_and_computes_the_same(void **s)
{
	struct fixture *f = *s;
	uint8_t record[RECORD_BYTES] __attribute__((aligned(8)));

	for (unsigned i = 0; i < RECORD_BYTES; i++)
		record[i] = (uint8_t)(i * 37 + 11);
	for (unsigned n = 1; n <= 60; n++) {
		int64_t want = (int64_t)1 << 40;
		struct regalloc regs;
		struct ebpf_code code;
		uint64_t result;
		unsigned at;

		for (unsigned i = 0; i < n; i++)
			want += (i % 2 ? -2 : 2) * record[i];
		ir_init(&f->ir, &f->arena, RECORD_BYTES);
		wide_sum(&f->ir, n, want);
		assert_int_equal(regalloc(&f->ir, &regs, NULL), 0);
		assert_true(n < 9 || regs.stack_bytes > 0);
		assert_true(n > 5 || regs.spill_count == 0);
		assert_true(regs.stack_bytes <= REGALLOC_STACK_BYTES);
		assert_int_equal(ebpf_lower(&f->ir, 1, &code, NULL), EBPF_OK);
		assert_null(ebpf_interp(code.insns, code.count, record,
					sizeof(record), &result, &at));
		assert_int_equal(result, 1);
		record[n - 1]++;
		assert_null(ebpf_interp(code.insns, code.count, record,
					sizeof(record), &result, &at));
		assert_int_equal(result, 0);
		record[n - 1]--;
	}
}

/* Loads that are alive for long are repeated, not stored. */
static void regalloc__loads__are_repeated(void **state)
{
	struct fixture *f = *state;
	struct kernel_ir *ir = &f->ir;
	uint32_t values[20], entry, keep, drop, sum;
	struct regalloc regs;

	entry = ir_block_new(ir);
	keep = ir_block_new(ir);
	drop = ir_block_new(ir);
	ir_place(ir, entry);
	for (unsigned i = 0; i < 20; i++)
		values[i] = ir_load(ir, IR_RECORD, i, 1);
	sum = ir_const(ir, 0);
	for (unsigned i = 0; i < 20; i++)
		sum = ir_binary(ir, IR_ADD, sum, values[i]);
	ir_branch(ir, equals(sum, 0), keep, drop);
	ir_place(ir, keep);
	ir_return(ir, 1);
	ir_place(ir, drop);
	ir_return(ir, 0);
	assert_int_equal(ir_finish(ir, NULL), 0);
	assert_int_equal(regalloc(ir, &regs, NULL), 0);
	assert_true(regs.spill_count > 0);
	assert_int_equal(regs.stack_bytes, 0);
}

static void build__no_memory__is_an_error(void **state)
{
	struct arena tiny;
	struct kernel_ir ir;

	(void)state;
	arena_init(&tiny, 16 * 1024);
	ir_init(&ir, &tiny, RECORD_BYTES);
	ir_place(&ir, ir_block_new(&ir));
	for (unsigned i = 0; i < 10000; i++)
		ir_load(&ir, IR_RECORD, 0, 4);
	ir_return(&ir, 1);
	assert_int_equal(ir_finish(&ir, NULL), -ENOMEM);
	arena_release(&tiny);
}

#define IR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IR_TEST(check__well_formed__accepts),
		IR_TEST(check__branch_back__refuses),
		IR_TEST(check__unreachable_block__refuses),
		IR_TEST(check__register_of_another_path__refuses),
		IR_TEST(check__register_written_twice__refuses),
		IR_TEST(check__register_never_written__refuses),
		IR_TEST(check__bad_loads__refuses),
		IR_TEST(share_loads__dominated__one_is_left),
		IR_TEST(share_loads__side_by_side__both_are_left),
		IR_TEST(regalloc__many_values_alive__spills_and_computes_the_same),
		IR_TEST(regalloc__loads__are_repeated),
		IR_TEST(build__no_memory__is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
