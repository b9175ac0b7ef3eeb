// SPDX-License-Identifier: Apache-2.0
/* The kernel IR as text: "b0:", then "\tv1 = load2 [v0+152]" and the like. */
#include "compiler/kernel_ir.h"
#include "user/base/check.h"

#include <inttypes.h>

static const char *const op_names[] = {
	[IR_CONST] = "const", [IR_LOAD] = "load", [IR_ADD] = "add",
	[IR_SUB] = "sub",     [IR_MUL] = "mul",	  [IR_DIV] = "div",
	[IR_MOD] = "mod",     [IR_AND] = "and",	  [IR_OR] = "or",
	[IR_XOR] = "xor",     [IR_SHL] = "shl",	  [IR_SAR] = "sar",
	[IR_STORE] = "store",
};
BUILD_CHECK(ARRAY_SIZE(op_names) == IR_OP_COUNT);

static const char *const cmp_names[] = {
	[IR_EQ] = "==", [IR_NE] = "!=", [IR_LT] = "<",
	[IR_LE] = "<=", [IR_GT] = ">",	[IR_GE] = ">=",
};
BUILD_CHECK(ARRAY_SIZE(cmp_names) == IR_CMP_COUNT);

static void print_right(struct buf *out, uint32_t b, int64_t imm)
{
	if (b == IR_NONE)
		buf_printf(out, "%" PRId64, imm);
	else
		buf_printf(out, "v%u", b);
}

static void print_insn(struct buf *out, const struct ir_insn *insn)
{
	if (insn->op == IR_STORE) {
		buf_printf(out, "\tstore%u [v%u+%" PRId64 "], v%u\n",
			   insn->size, insn->a, insn->imm, insn->b);
		return;
	}
	buf_printf(out, "\tv%u = %s", insn->dst, op_names[insn->op]);
	if (insn->op == IR_CONST) {
		buf_printf(out, " %" PRId64 "\n", insn->imm);
		return;
	}
	if (insn->op == IR_LOAD) {
		buf_printf(out, "%u [v%u+%" PRId64 "]\n", insn->size, insn->a,
			   insn->imm);
		return;
	}
	buf_printf(out, " v%u, ", insn->a);
	print_right(out, insn->b, insn->imm);
	buf_putc(out, '\n');
}

void ir_print(const struct kernel_ir *ir, struct buf *out)
{
	for (uint32_t i = 0; i < ir->block_count; i++) {
		const struct ir_block *b = &ir->blocks[i];

		buf_printf(out, "b%u:\n", i);
		for (uint32_t k = 0; k < b->count; k++)
			print_insn(out, &ir->insns[b->first + k]);
		if (b->end == IR_RETURN) {
			buf_printf(out, "\treturn %" PRId64 "\n", b->imm);
			continue;
		}
		if (b->end == IR_JUMP) {
			buf_printf(out, "\tgo to b%u\n", b->then);
			continue;
		}
		buf_printf(out, "\tif %sv%u %s ", b->narrow ? "low " : "", b->a,
			   cmp_names[b->cmp]);
		print_right(out, b->b, b->imm);
		buf_printf(out, " b%u else b%u\n", b->then, b->other);
	}
}
