// SPDX-License-Identifier: Apache-2.0
/* Instructions: how they are printed, how far they may jump. */
#include "compiler/ebpf.h"
#include "support/ebpf_interp.h"
#include "support/unit.h"

#include <string.h>

static void prints(struct bpf_insn insn, const char *text)
{
	struct buf out = BUF_INIT;
	const struct bpf_insn next = { .imm = 0x12345678 };

	ebpf_print_insn(&insn, &next, &out);
	assert_string_equal(buf_text(&out), text);
	buf_release(&out);
}

/* As llvm-objdump writes them. */
static void print__each_kind__as_objdump(void **state)
{
	(void)state;
	prints((struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
				  .dst_reg = 0,
				  .imm = -1 },
	       "r0 = -1");
	prints((struct bpf_insn){ .code = BPF_ALU64 | BPF_ARSH | BPF_K,
				  .dst_reg = 4,
				  .imm = 32 },
	       "r4 s>>= 32");
	prints((struct bpf_insn){ .code = BPF_ALU64 | BPF_SUB | BPF_X,
				  .dst_reg = 4,
				  .src_reg = 5 },
	       "r4 -= r5");
	prints((struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM,
				  .dst_reg = 2,
				  .imm = (int32_t)0x9abcdef0 },
	       "r2 = 1311768467463790320 ll");
	prints((struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_H,
				  .dst_reg = 3,
				  .src_reg = 1,
				  .off = 158 },
	       "r3 = *(u16 *)(r1 + 158)");
	prints((struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW,
				  .dst_reg = 10,
				  .src_reg = 1,
				  .off = -8 },
	       "*(u64 *)(r10 - 8) = r1");
	prints((struct bpf_insn){ .code = BPF_JMP32 | BPF_JEQ | BPF_K,
				  .dst_reg = 2,
				  .off = 14,
				  .imm = -16 },
	       "if w2 == -16 goto +14");
	prints((struct bpf_insn){ .code = BPF_JMP | BPF_JSLE | BPF_X,
				  .dst_reg = 3,
				  .src_reg = 2,
				  .off = 6 },
	       "if r3 s<= r2 goto +6");
	prints((struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = 2 },
	       "goto +2");
	prints((struct bpf_insn){ .code = BPF_JMP | BPF_EXIT }, "exit");
	prints((struct bpf_insn){ .code = BPF_JMP | BPF_CALL }, "<unknown>");
}

/* A first test that skips over `between` others to its target. */
static int lower_long(struct arena *arena, unsigned between,
		      struct ebpf_code *ret_code)
{
	struct kernel_ir ir;
	struct ir_test test = { .cmp = IR_EQ, .b = IR_NONE };
	uint32_t keep, drop, next;

	ir_init(&ir, arena, 64, 0);
	next = ir_block_new(&ir);
	keep = ir_block_new(&ir);
	drop = ir_block_new(&ir);
	for (unsigned i = 0; i < between; i++) {
		ir_place(&ir, next);
		next = ir_block_new(&ir);
		test.a = ir_load(&ir, IR_RECORD, 0, 4);
		test.imm = (int32_t)i;
		ir_branch(&ir, test, keep, next);
	}
	ir_place(&ir, next);
	test.a = ir_load(&ir, IR_RECORD, 4, 4);
	ir_branch(&ir, test, drop, keep);
	ir_place(&ir, drop);
	ir_return(&ir, 0);
	ir_place(&ir, keep);
	ir_return(&ir, 1);
	assert_int_equal(ir_finish(&ir, NULL), 0);
	assert_int_equal(ir_check(&ir, NULL), 0);
	return ebpf_lower(&ir, 1, ret_code, NULL);
}

/* 2 instructions a test: 16,000 fit in a 16-bit offset, 17,000 do not. */
static void lower__branches_of_any_length__right_or_refused(void **state)
{
	uint32_t record[16] = { 15999, 3 };
	struct ebpf_code code;
	struct arena arena;
	uint64_t result;
	unsigned at;

	(void)state;
	arena_init(&arena, (size_t)64 * 1024 * 1024);
	assert_int_equal(lower_long(&arena, 16000, &code), EBPF_OK);
	assert_null(ebpf_interp(code.insns, code.count, record, sizeof(record),
				&result, &at));
	assert_int_equal(result, 1);
	record[0] = 16000;
	record[1] = 15999;
	assert_null(ebpf_interp(code.insns, code.count, record, sizeof(record),
				&result, &at));
	assert_int_equal(result, 0);
	assert_int_equal(lower_long(&arena, 17000, &code), EBPF_TOO_FAR);
	arena_release(&arena);
}

/* The interpreter itself: what it must not let through. */
static void interp__wrong_programs__are_refused(void **state)
{
	static const struct {
		struct bpf_insn insns[2];
		const char *why;
	} cases[] = {
		{ { { .code = BPF_JMP | BPF_EXIT } }, "no result" },
		{ { { .code = BPF_LDX | BPF_MEM | BPF_W,
		      .src_reg = 1,
		      .off = 16 } },
		  "load outside of the record" },
		{ { { .code = BPF_LDX | BPF_MEM | BPF_W,
		      .src_reg = 1,
		      .off = 2 } },
		  "load is not aligned" },
		{ { { .code = BPF_LDX | BPF_MEM | BPF_DW,
		      .src_reg = 10,
		      .off = -8 } },
		  "read of the frame before its write" },
		{ { { .code = BPF_ALU64 | BPF_ADD | BPF_X,
		      .dst_reg = 1,
		      .src_reg = 3 } },
		  "read of a register before its write" },
		{ { { .code = BPF_STX | BPF_MEM | BPF_DW,
		      .dst_reg = 10,
		      .src_reg = 1 } },
		  "store outside of the frame" },
	};
	uint64_t record[2] = { 0 }, result;
	unsigned at;

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(ebpf_interp(cases[i].insns, 2, record,
						sizeof(record), &result, &at),
				    cases[i].why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print__each_kind__as_objdump),
		cmocka_unit_test(
			lower__branches_of_any_length__right_or_refused),
		cmocka_unit_test(interp__wrong_programs__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
