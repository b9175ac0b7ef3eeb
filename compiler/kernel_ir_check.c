// SPDX-License-Identifier: Apache-2.0
/*
 * What a well-formed kernel IR is. The verifier of the kernel would refuse most
 * of what is refused here, but later and with less to go by.
 */
#include "compiler/kernel_ir.h"

#include <errno.h>

/* How many blocks a block leads to: `then`, `other`. */
static unsigned edge_count(const struct ir_block *b)
{
	return b->end == IR_BRANCH ? 2 : b->end == IR_JUMP ? 1 : 0;
}

uint32_t *ir_dominators(const struct kernel_ir *ir, struct arena *arena)
{
	uint32_t *idom = arena_array(arena, ir->block_count, sizeof(*idom));

	if (!idom)
		return NULL;
	for (uint32_t i = 0; i < ir->block_count; i++)
		idom[i] = IR_NONE;
	/* All edges go forward: a block's predecessors are done before it. */
	for (uint32_t i = 0; i < ir->block_count; i++) {
		const struct ir_block *b = &ir->blocks[i];
		uint32_t next[2] = { b->then, b->other };

		for (unsigned k = 0; k < edge_count(b); k++) {
			uint32_t *d = &idom[next[k]];
			uint32_t j = i;

			if (*d == IR_NONE)
				*d = i;
			while (*d != j) {
				if (*d > j)
					*d = idom[*d];
				else
					j = idom[j];
			}
		}
	}
	return idom;
}

bool ir_dominates(const uint32_t *idom, uint32_t above, uint32_t block)
{
	while (block != IR_NONE && block > above)
		block = idom[block];
	return block == above;
}

struct checker {
	const struct kernel_ir *ir;
	const uint32_t *idom;
	uint32_t *defined_in; /* block that writes the register, or IR_NONE */
	uint32_t block;	      /* the one being checked */
	struct err *err;
};

static int bad(struct checker *c, const char *what, uint32_t at)
{
	return err_set(c->err, ERR_INTERNAL, -EINVAL,
		       "kernel IR: block %u: %s (%u)", c->block, what, at);
}

static int check_use(struct checker *c, uint32_t reg)
{
	if (reg >= c->ir->reg_count)
		return bad(c, "no such register", reg);
	if (c->defined_in[reg] == IR_NONE)
		return bad(c, "register read before it is written", reg);
	if (!ir_dominates(c->idom, c->defined_in[reg], c->block))
		return bad(c, "register not written on every path", reg);
	return 0;
}

static int check_load(struct checker *c, const struct ir_insn *insn)
{
	int64_t size = insn->size;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return bad(c, "size of a load", insn->size);
	if (insn->imm < 0 || insn->imm > INT16_MAX)
		return bad(c, "offset of a load", insn->dst);
	if (c->ir->out_bytes && insn->a == IR_OUT)
		return insn->imm % size || insn->imm + size > c->ir->out_bytes ?
			       bad(c, "access outside of what is written",
				   (uint32_t)insn->imm) :
			       0;
	if (insn->op == IR_STORE)
		return bad(c, "store to what is not written", insn->a);
	if (insn->a != IR_RECORD)
		return size == 1 ? 0 :
				   bad(c, "computed load of many bytes",
				       insn->size);
	if (insn->imm % size)
		return bad(c, "load is not aligned", (uint32_t)insn->imm);
	if (insn->imm + size > c->ir->record_bytes)
		return bad(c, "load outside of the record",
			   (uint32_t)insn->imm);
	return 0;
}

static int check_insn(struct checker *c, const struct ir_insn *insn)
{
	int r = 0;

	if (insn->op >= IR_OP_COUNT)
		return bad(c, "no such operation", insn->op);
	if (insn->op != IR_CONST)
		r = check_use(c, insn->a);
	if (!r && (insn->op == IR_LOAD || insn->op == IR_STORE))
		r = check_load(c, insn);
	if (!r && insn->b != IR_NONE)
		r = check_use(c, insn->b);
	if (!r && insn->op != IR_CONST && !ir_fits_s32(insn->imm))
		r = bad(c, "immediate is too wide", insn->dst);
	if (!r && (insn->op == IR_DIV || insn->op == IR_MOD) &&
	    (insn->b != IR_NONE || insn->imm <= 0))
		r = bad(c, "divisor is no positive constant", insn->dst);
	if (r || insn->op == IR_STORE)
		return r;
	if (insn->dst >= c->ir->reg_count)
		return bad(c, "no such register", insn->dst);
	if (c->defined_in[insn->dst] != IR_NONE)
		return bad(c, "register written twice", insn->dst);
	c->defined_in[insn->dst] = c->block;
	return 0;
}

static int check_end(struct checker *c, const struct ir_block *b)
{
	int r;

	if (b->end == IR_RETURN || b->end == IR_JUMP)
		return 0;
	if (b->end != IR_BRANCH)
		return bad(c, "has no end", b->end);
	if (b->cmp >= IR_CMP_COUNT)
		return bad(c, "no such comparison", b->cmp);
	r = check_use(c, b->a);
	if (!r && b->b != IR_NONE)
		r = check_use(c, b->b);
	return r;
}

/* Edges first: the dominators are only defined on forward edges. */
static int check_edges(struct checker *c)
{
	const struct kernel_ir *ir = c->ir;

	for (c->block = 0; c->block < ir->block_count; c->block++) {
		const struct ir_block *b = &ir->blocks[c->block];

		uint32_t next[2] = { b->then, b->other };

		for (unsigned k = 0; k < edge_count(b); k++)
			if (next[k] <= c->block || next[k] >= ir->block_count)
				return bad(c, "branch does not go forward",
					   next[k]);
	}
	return 0;
}

static int check_blocks(struct checker *c)
{
	const struct kernel_ir *ir = c->ir;

	for (c->block = 0; c->block < ir->block_count; c->block++) {
		const struct ir_block *b = &ir->blocks[c->block];
		int r = 0;

		if (c->block && c->idom[c->block] == IR_NONE)
			return bad(c, "cannot be reached", c->block);
		if (b->first > ir->insn_count ||
		    b->count > ir->insn_count - b->first)
			return bad(c, "instructions out of range", b->first);
		for (uint32_t i = 0; !r && i < b->count; i++)
			r = check_insn(c, &ir->insns[b->first + i]);
		if (!r)
			r = check_end(c, b);
		if (r)
			return r;
	}
	return 0;
}

int ir_check(const struct kernel_ir *ir, struct err *err)
{
	struct checker c = { .ir = ir, .err = err };
	int r;

	if (!ir->block_count)
		return bad(&c, "no blocks", 0);
	r = check_edges(&c);
	if (r)
		return r;
	c.idom = ir_dominators(ir, ir->arena);
	c.defined_in =
		arena_array(ir->arena, ir->reg_count, sizeof(*c.defined_in));
	if (!c.idom || !c.defined_in)
		return err_nomem(err);
	for (uint32_t i = 0; i < ir->reg_count; i++)
		c.defined_in[i] = IR_NONE;
	c.defined_in[IR_RECORD] = 0;
	if (ir->out_bytes)
		c.defined_in[IR_OUT] = 0;
	return check_blocks(&c);
}
