// SPDX-License-Identifier: Apache-2.0
/*
 * Lowering kernel IR to eBPF. eBPF has two-address arithmetic, comparisons that
 * branch, and 32-bit immediates that are sign-extended. The block that follows
 * is reached by falling through; a comparison is turned round where that saves
 * a jump.
 */
#include "compiler/ebpf.h"
#include "compiler/regalloc.h"
#include "user/base/check.h"

#include <errno.h>

#define FRAME_REG 10
#define OUT_ARGUMENT 2

struct lowering {
	const struct kernel_ir *ir;
	const struct home *homes;
	struct bpf_insn *insns;
	uint32_t *lines;
	uint32_t *targets; /* block that a branch goes to, or IR_NONE */
	uint32_t *starts;  /* first instruction of each block */
	unsigned count;
	unsigned size;
	uint32_t line;
};

static void emit(struct lowering *l, struct bpf_insn insn, uint32_t target)
{
	CHECK(l->count < l->size);
	l->insns[l->count] = insn;
	l->lines[l->count] = l->line;
	l->targets[l->count] = target;
	l->count++;
}

static void emit_move(struct lowering *l, uint8_t dst, uint8_t src)
{
	if (dst != src)
		emit(l,
		     (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
					.dst_reg = dst & 15u,
					.src_reg = src & 15u },
		     IR_NONE);
}

static void emit_const(struct lowering *l, uint8_t dst, int64_t imm)
{
	struct bpf_insn insn = { .code = BPF_ALU64 | BPF_MOV | BPF_K,
				 .dst_reg = dst & 15u,
				 .imm = (int32_t)(uint32_t)imm };

	if (!ir_fits_s32(imm))
		insn.code = BPF_LD | BPF_DW | BPF_IMM;
	emit(l, insn, IR_NONE);
	if (ebpf_is_wide(&insn))
		emit(l,
		     (struct bpf_insn){
			     .imm = (int32_t)(uint32_t)((uint64_t)imm >> 32) },
		     IR_NONE);
}

static uint8_t size_code(uint8_t size)
{
	switch (size) {
	case 1:
		return BPF_B;
	case 2:
		return BPF_H;
	case 4:
		return BPF_W;
	default:
		CHECK(size == 8);
		return BPF_DW;
	}
}

static void emit_load(struct lowering *l, uint8_t dst, uint8_t base,
		      int64_t offset, uint8_t size)
{
	emit(l,
	     (struct bpf_insn){
		     .code = (uint8_t)(BPF_LDX | BPF_MEM | size_code(size)),
		     .dst_reg = dst & 15u,
		     .src_reg = base & 15u,
		     .off = (int16_t)offset },
	     IR_NONE);
}

/* The value of `v` in a register: its own, or `scratch`. */
static uint8_t operand(struct lowering *l, uint32_t v, uint8_t scratch)
{
	const struct home *home = &l->homes[v];

	switch (home->kind) {
	case HOME_REGISTER:
		return home->reg;
	case HOME_STACK:
		emit_load(l, scratch, FRAME_REG, home->offset, 8);
		break;
	case HOME_REPEAT:
		if (home->def->op == IR_CONST)
			emit_const(l, scratch, home->def->imm);
		else
			emit_load(l, scratch, l->homes[IR_RECORD].reg,
				  home->def->imm, home->def->size);
		break;
	}
	return scratch;
}

static uint8_t alu_code(enum ir_op op)
{
	switch (op) {
	case IR_ADD:
		return BPF_ADD;
	case IR_SUB:
		return BPF_SUB;
	case IR_MUL:
		return BPF_MUL;
	case IR_DIV:
		return BPF_DIV;
	case IR_MOD:
		return BPF_MOD;
	case IR_AND:
		return BPF_AND;
	case IR_OR:
		return BPF_OR;
	case IR_XOR:
		return BPF_XOR;
	case IR_SHL:
		return BPF_LSH;
	case IR_SAR:
		return BPF_ARSH;
	case IR_CONST:
	case IR_LOAD:
	case IR_STORE:
	case IR_OP_COUNT:
		break;
	}
	CHECK(!"an operation");
	return 0;
}

static void lower_binary(struct lowering *l, const struct ir_insn *insn,
			 uint8_t dst)
{
	struct bpf_insn out = { .code = (uint8_t)(BPF_ALU64 |
						  alu_code(insn->op)),
				.dst_reg = dst & 15u };
	uint8_t left = operand(l, insn->a, dst);

	if (insn->b == IR_NONE) {
		out.code |= BPF_K;
		out.imm = (int32_t)insn->imm;
	} else {
		uint8_t right = operand(l, insn->b, REGALLOC_SCRATCH_1);

		/* The allocator keeps the right operand out of the result. */
		CHECK(right != dst || right == left);
		out.code |= BPF_X;
		out.src_reg = right & 15u;
	}
	emit_move(l, dst, left);
	emit(l, out, IR_NONE);
}

static void lower_store(struct lowering *l, const struct ir_insn *insn)
{
	uint8_t value = operand(l, insn->b, REGALLOC_SCRATCH_0);

	emit(l,
	     (struct bpf_insn){ .code = (uint8_t)(BPF_STX | BPF_MEM |
						  size_code(insn->size)),
				.dst_reg = l->homes[insn->a].reg & 15u,
				.src_reg = value & 15u,
				.off = (int16_t)insn->imm },
	     IR_NONE);
}

static void lower_insn(struct lowering *l, const struct ir_insn *insn)
{
	const struct home *home;
	uint8_t dst;

	l->line = insn->line;
	if (insn->op == IR_STORE) {
		lower_store(l, insn);
		return;
	}
	home = &l->homes[insn->dst];
	dst = home->kind == HOME_REGISTER ? home->reg : REGALLOC_SCRATCH_0;
	if (home->kind == HOME_REPEAT)
		return;
	if (insn->op == IR_CONST)
		emit_const(l, dst, insn->imm);
	else if (insn->op == IR_LOAD)
		emit_load(l, dst, operand(l, insn->a, REGALLOC_SCRATCH_1),
			  insn->imm, insn->size);
	else
		lower_binary(l, insn, dst);
	if (home->kind == HOME_STACK)
		emit(l,
		     (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW,
					.dst_reg = FRAME_REG,
					.src_reg = dst & 15u,
					.off = home->offset },
		     IR_NONE);
}

static uint8_t jump_code(enum ir_cmp cmp)
{
	static const uint8_t codes[] = {
		[IR_EQ] = BPF_JEQ,  [IR_NE] = BPF_JNE,	[IR_LT] = BPF_JSLT,
		[IR_LE] = BPF_JSLE, [IR_GT] = BPF_JSGT, [IR_GE] = BPF_JSGE,
	};

	CHECK(cmp < ARRAY_SIZE(codes));
	return codes[cmp];
}

static enum ir_cmp inverse(enum ir_cmp cmp)
{
	static const uint8_t inverses[] = {
		[IR_EQ] = IR_NE, [IR_NE] = IR_EQ, [IR_LT] = IR_GE,
		[IR_LE] = IR_GT, [IR_GT] = IR_LE, [IR_GE] = IR_LT,
	};

	CHECK(cmp < ARRAY_SIZE(inverses));
	return inverses[cmp];
}

static void lower_branch(struct lowering *l, const struct ir_block *b,
			 uint32_t following)
{
	bool turn = b->then == following;
	enum ir_cmp cmp = turn ? inverse(b->cmp) : b->cmp;
	struct bpf_insn jump = { .code = b->narrow ? BPF_JMP32 : BPF_JMP };

	l->line = b->line;
	jump.code |= jump_code(cmp);
	jump.dst_reg = operand(l, b->a, REGALLOC_SCRATCH_0) & 15u;
	if (b->b == IR_NONE) {
		jump.code |= BPF_K;
		jump.imm = (int32_t)b->imm;
	} else {
		jump.code |= BPF_X;
		jump.src_reg = operand(l, b->b, REGALLOC_SCRATCH_1) & 15u;
	}
	emit(l, jump, turn ? b->other : b->then);
	if (!turn && b->other != following)
		emit(l, (struct bpf_insn){ .code = BPF_JMP | BPF_JA },
		     b->other);
}

static void emit_return(struct lowering *l, int32_t result)
{
	emit_const(l, 0, result);
	emit(l, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT }, IR_NONE);
}

static void emit_null_check(struct lowering *l, uint8_t reg, int32_t result)
{
	emit(l,
	     (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K,
				.dst_reg = reg & 15u,
				.off = 2 },
	     IR_NONE);
	emit_return(l, result);
}

static void lower_blocks(struct lowering *l)
{
	const struct kernel_ir *ir = l->ir;

	for (uint32_t i = 0; i < ir->block_count; i++) {
		const struct ir_block *b = &ir->blocks[i];

		l->starts[i] = l->count;
		for (uint32_t k = 0; k < b->count; k++)
			lower_insn(l, &ir->insns[b->first + k]);
		if (b->end == IR_RETURN) {
			l->line = b->line;
			emit_return(l, (int32_t)b->imm);
		} else if (b->end == IR_JUMP) {
			l->line = b->line;
			if (b->then != i + 1)
				emit(l,
				     (struct bpf_insn){ .code = BPF_JMP |
								BPF_JA },
				     b->then);
		} else {
			lower_branch(l, b, i + 1);
		}
	}
}

static int resolve_branches(struct lowering *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		uint32_t distance;

		if (l->targets[i] == IR_NONE)
			continue;
		distance = l->starts[l->targets[i]] - (i + 1);
		if (distance > INT16_MAX)
			return EBPF_TOO_FAR;
		l->insns[i].off = (int16_t)distance;
	}
	return EBPF_OK;
}

int ebpf_lower(const struct kernel_ir *ir, int32_t null_result,
	       struct ebpf_code *ret_code, struct err *err)
{
	struct lowering l = { .ir = ir };
	struct arena *arena = ir->arena;
	struct regalloc regs;
	int r = regalloc(ir, &regs, err);

	if (r)
		return r;
	l.homes = regs.homes;
	/* Most of one IR instruction: two wide operands, move, work, store. */
	l.size = 16 + ir->insn_count * 7 + ir->block_count * 6;
	l.insns = arena_array(arena, l.size, sizeof(*l.insns));
	l.lines = arena_array(arena, l.size, sizeof(*l.lines));
	l.targets = arena_array(arena, l.size, sizeof(*l.targets));
	l.starts = arena_array(arena, ir->block_count, sizeof(*l.starts));
	if (!l.insns || !l.lines || !l.targets || !l.starts)
		return err_nomem(err);
	emit_null_check(&l, l.homes[IR_RECORD].reg, null_result);
	if (ir->out_bytes) {
		emit_null_check(&l, OUT_ARGUMENT, null_result);
		emit_move(&l, l.homes[IR_OUT].reg, OUT_ARGUMENT);
	}
	lower_blocks(&l);
	r = resolve_branches(&l);
	if (r)
		return r;
	*ret_code = (struct ebpf_code){ .insns = l.insns,
					.lines = l.lines,
					.count = l.count };
	return EBPF_OK;
}

int ebpf_generate(struct kernel_ir *ir, struct ebpf_code *ret_code,
		  struct err *err)
{
	int r = ir_check(ir, err);

	if (!r)
		r = ir_share_loads(ir, err);
	if (!r)
		r = ir_check(ir, err);
	return r ? r : ebpf_lower(ir, 1, ret_code, err);
}
