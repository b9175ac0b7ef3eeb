// SPDX-License-Identifier: Apache-2.0
/*
 * A hundred rules that ask for the same column load it once: a load of the
 * record is replaced by the register of an equal load that dominates it. The
 * allocator undoes this where registers run out.
 */
#include "compiler/kernel_ir.h"

#include <errno.h>

#define TABLE_SIZE 1024u /* power of two */

struct load {
	uint32_t reg;
	uint32_t block;
	uint32_t offset;
	uint8_t size;
};

struct sharing {
	struct kernel_ir *ir;
	const uint32_t *idom;
	struct load *table; /* the last load of each place, by hash */
	uint32_t *renamed;  /* register to use instead */
};

/* The register that holds the value already, or the load's own. */
static uint32_t find(struct sharing *s, const struct ir_insn *insn,
		     uint32_t block)
{
	uint32_t offset = (uint32_t)insn->imm;
	struct load *load =
		&s->table[(offset * 5 + insn->size) & (TABLE_SIZE - 1)];

	if (load->size == insn->size && load->offset == offset &&
	    s->ir->blocks[load->block].unit == s->ir->blocks[block].unit &&
	    ir_dominates(s->idom, load->block, block))
		return load->reg;
	*load = (struct load){ .reg = insn->dst,
			       .block = block,
			       .offset = offset,
			       .size = insn->size };
	return insn->dst;
}

static void rename_use(const struct sharing *s, uint32_t *reg)
{
	if (*reg != IR_NONE)
		*reg = s->renamed[*reg];
}

static void share_block(struct sharing *s, uint32_t block, uint32_t *kept)
{
	struct ir_block *b = &s->ir->blocks[block];
	uint32_t first = *kept;

	for (uint32_t i = 0; i < b->count; i++) {
		struct ir_insn insn = s->ir->insns[b->first + i];

		rename_use(s, &insn.a);
		rename_use(s, &insn.b);
		if (insn.op == IR_STORE) {
			s->ir->insns[(*kept)++] = insn;
			continue;
		}
		if (insn.op == IR_LOAD && insn.a == IR_RECORD)
			s->renamed[insn.dst] = find(s, &insn, block);
		if (s->renamed[insn.dst] == insn.dst)
			s->ir->insns[(*kept)++] = insn;
	}
	b->first = first;
	b->count = *kept - first;
	if (b->end == IR_BRANCH) {
		rename_use(s, &b->a);
		rename_use(s, &b->b);
	}
}

int ir_share_loads(struct kernel_ir *ir, struct err *err)
{
	struct sharing s = { .ir = ir };
	uint32_t kept = 0;

	s.idom = ir_dominators(ir, ir->arena);
	s.table = arena_array(ir->arena, TABLE_SIZE, sizeof(*s.table));
	s.renamed = arena_array(ir->arena, ir->reg_count, sizeof(*s.renamed));
	if (!s.idom || !s.table || !s.renamed)
		return err_nomem(err);
	for (uint32_t i = 0; i < ir->reg_count; i++)
		s.renamed[i] = i;
	for (uint32_t i = 0; i < ir->block_count; i++)
		share_block(&s, i, &kept);
	ir->insn_count = kept;
	return 0;
}
