// SPDX-License-Identifier: Apache-2.0
/* Building the kernel IR; see kernel_ir.h. */
#include "compiler/kernel_ir.h"
#include "user/base/check.h"

#include <errno.h>
#include <string.h>

void ir_init(struct kernel_ir *ir, struct arena *arena, size_t record_bytes,
	     size_t out_bytes)
{
	CHECK(record_bytes <= UINT16_MAX && out_bytes <= INT16_MAX);
	*ir = (struct kernel_ir){
		.arena = arena,
		.current = IR_NONE,
		.reg_count = out_bytes ? IR_OUT + 1 : IR_RECORD + 1,
		.record_bytes = (uint32_t)record_bytes,
		.out_bytes = (uint32_t)out_bytes,
	};
}

/* Room for one more element: the old array stays behind in the arena. */
static void *grow(struct kernel_ir *ir, void *array, uint32_t count,
		  uint32_t *size, size_t element_bytes)
{
	uint32_t wanted = *size ? *size * 2 : 64;
	void *bigger;

	if (ir->failed)
		return NULL;
	if (count < *size)
		return array;
	bigger = *size < UINT32_MAX / 4 ?
			 arena_array(ir->arena, wanted, element_bytes) :
			 NULL;
	if (!bigger) {
		ir->failed = true;
		return NULL;
	}
	if (count)
		memcpy(bigger, array, count * element_bytes);
	*size = wanted;
	return bigger;
}

uint32_t ir_block_new(struct kernel_ir *ir)
{
	struct ir_block *blocks = grow(ir, ir->blocks, ir->block_count,
				       &ir->block_size, sizeof(*blocks));

	if (!blocks)
		return 0;
	ir->blocks = blocks;
	blocks[ir->block_count] = (struct ir_block){ .place = IR_NONE };
	return ir->block_count++;
}

void ir_place(struct kernel_ir *ir, uint32_t block)
{
	struct ir_block *b;

	if (ir->failed)
		return;
	CHECK(ir->current == IR_NONE);
	CHECK(block < ir->block_count);
	b = &ir->blocks[block];
	CHECK(b->place == IR_NONE);
	b->place = ir->placed_count++;
	b->first = ir->insn_count;
	b->unit = ir->unit;
	ir->current = block;
}

static uint32_t add(struct kernel_ir *ir, struct ir_insn insn)
{
	struct ir_insn *insns = grow(ir, ir->insns, ir->insn_count,
				     &ir->insn_size, sizeof(*insns));

	if (!insns)
		return IR_RECORD;
	CHECK(ir->current != IR_NONE);
	ir->insns = insns;
	insn.dst = insn.op == IR_STORE ? IR_NONE : ir->reg_count++;
	insn.line = ir->line;
	insns[ir->insn_count++] = insn;
	ir->blocks[ir->current].count++;
	return insn.dst;
}

uint32_t ir_const(struct kernel_ir *ir, int64_t imm)
{
	return add(ir, (struct ir_insn){ .op = IR_CONST,
					 .a = IR_NONE,
					 .b = IR_NONE,
					 .imm = imm });
}

uint32_t ir_load(struct kernel_ir *ir, uint32_t base, uint32_t offset,
		 uint8_t size)
{
	return add(ir, (struct ir_insn){ .op = IR_LOAD,
					 .size = size,
					 .a = base,
					 .b = IR_NONE,
					 .imm = offset });
}

uint32_t ir_binary(struct kernel_ir *ir, enum ir_op op, uint32_t a, uint32_t b)
{
	return add(ir, (struct ir_insn){ .op = op, .a = a, .b = b });
}

uint32_t ir_binary_imm(struct kernel_ir *ir, enum ir_op op, uint32_t a,
		       int64_t imm)
{
	CHECK(ir_fits_s32(imm));
	return add(ir, (struct ir_insn){
			       .op = op, .a = a, .b = IR_NONE, .imm = imm });
}

void ir_store(struct kernel_ir *ir, uint32_t offset, uint8_t size,
	      uint32_t value)
{
	add(ir, (struct ir_insn){ .op = IR_STORE,
				  .size = size,
				  .a = IR_OUT,
				  .b = value,
				  .imm = offset });
}

static struct ir_block *end_block(struct kernel_ir *ir, enum ir_end end)
{
	struct ir_block *b;

	if (ir->failed)
		return NULL;
	CHECK(ir->current != IR_NONE);
	b = &ir->blocks[ir->current];
	b->end = end;
	b->line = ir->line;
	ir->current = IR_NONE;
	return b;
}

void ir_branch(struct kernel_ir *ir, struct ir_test test, uint32_t then,
	       uint32_t other)
{
	struct ir_block *b = end_block(ir, IR_BRANCH);

	if (!b)
		return;
	CHECK(!test.narrow || test.cmp == IR_EQ || test.cmp == IR_NE);
	CHECK(test.b != IR_NONE || ir_fits_s32(test.imm));
	b->cmp = test.cmp;
	b->narrow = test.narrow;
	b->a = test.a;
	b->b = test.b;
	b->imm = test.imm;
	b->then = then;
	b->other = other;
}

void ir_jump(struct kernel_ir *ir, uint32_t to)
{
	struct ir_block *b = end_block(ir, IR_JUMP);

	if (b)
		b->then = to;
}

void ir_return(struct kernel_ir *ir, int64_t result)
{
	struct ir_block *b = end_block(ir, IR_RETURN);

	CHECK(ir_fits_s32(result));
	if (b)
		b->imm = result;
}

int ir_finish(struct kernel_ir *ir, struct err *err)
{
	struct ir_block *placed;

	if (ir->failed)
		return err_nomem(err);
	CHECK(ir->current == IR_NONE);
	CHECK(ir->placed_count == ir->block_count);
	placed = arena_array(ir->arena, ir->block_count, sizeof(*placed));
	if (!placed)
		return err_nomem(err);
	for (uint32_t i = 0; i < ir->block_count; i++) {
		struct ir_block b = ir->blocks[i];

		if (b.end == IR_BRANCH || b.end == IR_JUMP)
			b.then = ir->blocks[b.then].place;
		if (b.end == IR_BRANCH)
			b.other = ir->blocks[b.other].place;
		placed[b.place] = b;
	}
	ir->blocks = placed;
	ir->block_size = ir->block_count;
	return 0;
}
