// SPDX-License-Identifier: Apache-2.0
/* The kernel IR: what its checker refuses, sharing of loads, allocation. */
#include "compiler/ebpf.h"
#include "compiler/kernel_ir.h"
#include "compiler/regalloc.h"
#include "compiler/predicate_gen.h"
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
	ir_init(&f.ir, &f.arena, RECORD_BYTES, 0);
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
	uint32_t values[64], sum, entry, keep, drop;

	assert_true(n <= 64);
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
	for (unsigned n = 1; n <= 64; n++) {
		int64_t want = (int64_t)1 << 40;
		struct regalloc regs;
		struct ebpf_code code;
		uint64_t result;
		unsigned at;

		for (unsigned i = 0; i < n; i++)
			want += (i % 2 ? -2 : 2) * record[i];
		ir_init(&f->ir, &f->arena, RECORD_BYTES, 0);
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

/* What the IR says, by its own definition. */
static uint64_t binary(enum ir_op op, uint64_t a, uint64_t b)
{
	switch ((int)op) {
	case IR_ADD:
		return a + b;
	case IR_SUB:
		return a - b;
	case IR_MUL:
		return a * b;
	case IR_DIV:
		return a / b;
	case IR_MOD:
		return a % b;
	case IR_AND:
		return a & b;
	case IR_XOR:
		return a ^ b;
	case IR_SHL:
		return a << b;
	case IR_SAR:
		return (uint64_t)((int64_t)a >> b);
	default:
		fail_msg("no operation of two");
		return 0;
	}
}

static bool compares(const struct ir_block *b, int64_t x, int64_t y)
{
	const bool results[] = {
		[IR_EQ] = x == y,
		[IR_NE] = x != y,
		[IR_LT] = x<y, [IR_LE] = x <= y, [IR_GT] = x> y,
		[IR_GE] = x >= y,
	};

	return results[b->cmp];
}

static int64_t interpret(const struct kernel_ir *ir, const uint8_t *record,
			 uint64_t *regs)
{
	const struct ir_block *b = ir->blocks;

	while (b->end != IR_RETURN) {
		for (uint32_t i = b->first; i < b->first + b->count; i++) {
			const struct ir_insn *insn = &ir->insns[i];
			uint64_t imm = (uint64_t)insn->imm, loaded = 0;

			if (insn->op == IR_LOAD) {
				memcpy(&loaded, record + imm, insn->size);
				regs[insn->dst] = loaded;
			} else if (insn->op == IR_CONST) {
				regs[insn->dst] = imm;
			} else {
				regs[insn->dst] = binary(
					insn->op, regs[insn->a],
					insn->b == IR_NONE ? imm :
							     regs[insn->b]);
			}
		}
		b = &ir->blocks[compares(b, (int64_t)regs[b->a],
					 b->b == IR_NONE ?
						 b->imm :
						 (int64_t)regs[b->b]) ?
					b->then :
					b->other];
	}
	return b->imm;
}

/* Any value of the last 60, so that the stack has room. */
static uint32_t some_value(struct gen *g, const struct kernel_ir *ir)
{
	uint32_t count = ir->reg_count - 1;

	return ir->reg_count - 1 - gen_below(g, count < 60 ? count : 60);
}

static void random_value(struct gen *g, struct kernel_ir *ir)
{
	static const enum ir_op ops[] = { IR_ADD, IR_SUB, IR_MUL, IR_AND,
					  IR_XOR };
	enum ir_op op = ops[gen_below(g, ARRAY_SIZE(ops))];
	unsigned dice = gen_below(g, 100);
	uint8_t size = (uint8_t)(1u << gen_below(g, 4));

	if (dice < 15 || ir->reg_count < 4)
		ir_load(ir, IR_RECORD, gen_below(g, RECORD_BYTES / size) * size,
			size);
	else if (dice < 20)
		ir_const(ir, gen_number(g));
	else if (dice < 30)
		ir_binary_imm(ir, gen_chance(g, 50) ? IR_SHL : IR_SAR,
			      some_value(g, ir), gen_below(g, 64));
	else if (dice < 40)
		ir_binary_imm(ir, gen_chance(g, 50) ? IR_DIV : IR_MOD,
			      some_value(g, ir), 1 + gen_below(g, 1000));
	else if (dice < 55)
		ir_binary_imm(ir, op, some_value(g, ir),
			      (int32_t)gen_number(g));
	else
		ir_binary(ir, op, some_value(g, ir), some_value(g, ir));
}

/* Values, a test that goes on or returns, values, a test ... */
static void random_ir(struct gen *g, struct kernel_ir *ir)
{
	unsigned tests = 1 + gen_below(g, 20);
	uint32_t keep, drop, next;

	next = ir_block_new(ir);
	keep = ir_block_new(ir);
	drop = ir_block_new(ir);
	for (unsigned i = 0; i < tests; i++) {
		struct ir_test test = { .cmp = gen_below(g, IR_CMP_COUNT),
					.b = IR_NONE };
		uint32_t out = i % 2 ? keep : drop;

		ir_place(ir, next);
		for (unsigned k = 3 + gen_below(g, 40); k > 0; k--)
			random_value(g, ir);
		test.a = some_value(g, ir);
		if (gen_chance(g, 50))
			test.b = some_value(g, ir);
		else
			test.imm = (int32_t)gen_number(g);
		next = i + 1 < tests ? ir_block_new(ir) :
		       out == keep   ? drop :
				       keep;
		ir_branch(ir, test, out, next);
	}
	ir_place(ir, keep);
	ir_return(ir, 1);
	ir_place(ir, drop);
	ir_return(ir, 0);
	assert_int_equal(ir_finish(ir, NULL), 0);
}

static void regalloc__random_values__computes_the_same(void **state)
{
	struct fixture *f = *state;
	unsigned rounds = gen_full() ? 20000 : 2000, spilled = 0, stored = 0;
	struct gen g = { .state = test_seed(), .arena = &f->arena };

	for (unsigned i = 0; i < rounds; i++) {
		uint8_t record[RECORD_BYTES] __attribute__((aligned(8)));
		uint64_t result, *values;
		struct regalloc regs;
		struct ebpf_code code;
		unsigned at;

		ir_init(&f->ir, &f->arena, RECORD_BYTES, 0);
		random_ir(&g, &f->ir);
		if (gen_chance(&g, 50))
			assert_int_equal(ir_share_loads(&f->ir, NULL), 0);
		assert_int_equal(ir_check(&f->ir, NULL), 0);
		assert_int_equal(regalloc(&f->ir, &regs, NULL), 0);
		spilled += regs.spill_count > 0;
		stored += regs.stack_bytes > 0;
		assert_int_equal(ebpf_lower(&f->ir, 1, &code, NULL), EBPF_OK);
		values = arena_array(&f->arena, f->ir.reg_count,
				     sizeof(*values));
		assert_non_null(values);
		for (unsigned k = 0; k < 5; k++) {
			for (unsigned n = 0; n < RECORD_BYTES; n++)
				record[n] = (uint8_t)(gen_u64(&g) >>
						      gen_below(&g, 8));
			assert_null(ebpf_interp(code.insns, code.count, record,
						sizeof(record), &result, &at));
			assert_int_equal(result,
					 interpret(&f->ir, record, values));
		}
		arena_reset(&f->arena);
	}
	printf("%u of %u spill, %u to the stack\n", spilled, rounds, stored);
	assert_true(stored * 2 > rounds);
}

static void build__no_memory__is_an_error(void **state)
{
	struct arena tiny;
	struct kernel_ir ir;

	(void)state;
	arena_init(&tiny, 16 * 1024);
	ir_init(&ir, &tiny, RECORD_BYTES, 0);
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
		IR_TEST(regalloc__random_values__computes_the_same),
		IR_TEST(build__no_memory__is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
