// SPDX-License-Identifier: Apache-2.0
/*
 * Linear scan over the instructions as they lie. Branches only go forward and a
 * definition dominates its uses, so a register is live from its definition to
 * its last use in that order, without holes that matter.
 *
 * When all machine registers are taken, the value that is needed last gives way,
 * for its whole life: a load of the record or a constant is repeated at each
 * use, anything else goes to the stack. A value that becomes part of an address
 * never gives way: the verifier knows the bounds of the register that was
 * compared, not of a second load, nor (before Linux 6.5) of a copy on the stack.
 *
 * r1 holds the record for the whole function, r9 what is written if anything
 * is, r10 is the frame. If nothing is
 * spilled all others are handed out; else two are set aside to carry spilled
 * operands and the scan is done again.
 */
#include "compiler/regalloc.h"
#include "user/base/check.h"

#include <errno.h>

#define RECORD_REG 1

/*
 * First those that a call does not preserve: they need no saving. The last one
 * is REGALLOC_OUT.
 */
static const uint8_t all_regs[] = { 3, 4, 5, 0, 2, 6, 7, 8, 9 };
static const uint8_t without_scratch[] = { 3, 4, 5, 6, 7, 8, 9 };

struct scan {
	const struct kernel_ir *ir;
	uint32_t *defined;  /* position */
	uint32_t *last_use; /* position; 0: never used */
	bool *pinned;	    /* part of an address: stays in a register */
	struct home *homes;
	const uint8_t *regs;
	unsigned reg_count;
	uint32_t active[ARRAY_SIZE(all_regs)]; /* by index in regs */
	unsigned spill_count;
	/* Stack slots, and the position after which each is free again. */
	uint32_t slot_until[REGALLOC_STACK_BYTES / 8];
	unsigned slot_count;
};

/* Positions start at 1; a block's end has one of its own. */
static void note_uses(struct scan *s)
{
	const struct kernel_ir *ir = s->ir;
	uint32_t position = 1;

	for (uint32_t i = 0; i < ir->block_count; i++) {
		const struct ir_block *b = &ir->blocks[i];

		for (uint32_t k = 0; k < b->count; k++, position++) {
			const struct ir_insn *insn = &ir->insns[b->first + k];

			if (insn->op != IR_CONST && insn->a != IR_NONE)
				s->last_use[insn->a] = position;
			if (insn->b != IR_NONE)
				s->last_use[insn->b] = position;
			if (insn->a == IR_RECORD && insn->b != IR_NONE)
				s->pinned[insn->b] = true;
		}
		if (b->end == IR_BRANCH) {
			s->last_use[b->a] = position;
			if (b->b != IR_NONE)
				s->last_use[b->b] = position;
		}
		position++;
	}
}

/* A register whose value is no longer needed at `position`, else -1. */
static int free_register(const struct scan *s, const struct ir_insn *insn,
			 uint32_t position)
{
	for (unsigned i = 0; i < s->reg_count; i++) {
		uint32_t v = s->active[i];

		if (v == IR_NONE || s->last_use[v] < position)
			return (int)i;
		/*
		 * The result may replace the left operand, never the right
		 * one: the left is copied to the result first.
		 */
		if (s->last_use[v] == position && v == insn->a)
			return (int)i;
	}
	return -1;
}

static int no_room(struct err *err)
{
	return err_set(err, ERR_INTERNAL, -E2BIG,
		       "a predicate needs more than %d bytes of stack",
		       REGALLOC_STACK_BYTES);
}

/* A slot that nobody uses from the definition of `v` on. */
static int stack_slot(struct scan *s, uint32_t v, struct err *err)
{
	unsigned i = 0;

	while (i < s->slot_count && s->slot_until[i] >= s->defined[v])
		i++;
	if (i == ARRAY_SIZE(s->slot_until))
		return no_room(err);
	if (i == s->slot_count)
		s->slot_count++;
	s->slot_until[i] = s->last_use[v];
	s->homes[v].kind = HOME_STACK;
	s->homes[v].offset = (int16_t)(-8 * (int)(i + 1));
	return 0;
}

static int spill(struct scan *s, uint32_t v, struct err *err)
{
	const struct ir_insn *def = s->homes[v].def;

	s->spill_count++;
	if (def->op != IR_CONST && (def->op != IR_LOAD || def->a != IR_RECORD))
		return stack_slot(s, v, err);
	s->homes[v].kind = HOME_REPEAT;
	return 0;
}

/* The index of the register whose value is needed last, else -1. */
static int needed_last(const struct scan *s)
{
	int last = -1;

	for (unsigned i = 0; i < s->reg_count; i++) {
		uint32_t v = s->active[i];

		if (s->pinned[v])
			continue;
		if (last < 0 || s->last_use[v] > s->last_use[s->active[last]])
			last = (int)i;
	}
	return last;
}

static int place_result(struct scan *s, const struct ir_insn *insn,
			uint32_t position, struct err *err)
{
	uint32_t v = insn->dst;
	int i = free_register(s, insn, position);
	int r;

	s->homes[v].def = insn;
	s->defined[v] = position;
	if (i < 0) {
		i = needed_last(s);
		if (i < 0)
			return no_room(err);
		if (!s->pinned[v] &&
		    s->last_use[s->active[i]] <= s->last_use[v])
			return spill(s, v, err);
		r = spill(s, s->active[i], err);
		if (r)
			return r;
	}
	s->active[i] = v;
	s->homes[v].kind = HOME_REGISTER;
	s->homes[v].reg = s->regs[i];
	return 0;
}

static int scan_all(struct scan *s, struct err *err)
{
	const struct kernel_ir *ir = s->ir;
	uint32_t position = 1;

	s->spill_count = 0;
	s->slot_count = 0;
	for (unsigned i = 0; i < s->reg_count; i++)
		s->active[i] = IR_NONE;
	s->homes[IR_RECORD] = (struct home){ .reg = RECORD_REG };
	if (ir->out_bytes)
		s->homes[IR_OUT] = (struct home){ .reg = REGALLOC_OUT };
	for (uint32_t i = 0; i < ir->block_count; i++, position++) {
		const struct ir_block *b = &ir->blocks[i];

		for (uint32_t k = 0; k < b->count; k++, position++) {
			const struct ir_insn *insn = &ir->insns[b->first + k];
			int r = insn->op == IR_STORE ?
					0 :
					place_result(s, insn, position, err);

			if (r)
				return r;
		}
	}
	return 0;
}

int regalloc(const struct kernel_ir *ir, struct regalloc *ret_regalloc,
	     struct err *err)
{
	struct scan s = { .ir = ir,
			  .regs = all_regs,
			  .reg_count =
				  ARRAY_SIZE(all_regs) - (ir->out_bytes != 0) };
	int r;

	s.last_use = arena_array(ir->arena, ir->reg_count, sizeof(*s.last_use));
	s.defined = arena_array(ir->arena, ir->reg_count, sizeof(*s.defined));
	s.pinned = arena_array(ir->arena, ir->reg_count, sizeof(*s.pinned));
	s.homes = arena_array(ir->arena, ir->reg_count, sizeof(*s.homes));
	if (!s.last_use || !s.defined || !s.pinned || !s.homes)
		return err_nomem(err);
	note_uses(&s);
	r = scan_all(&s, NULL);
	if (r || s.spill_count) {
		s.regs = without_scratch;
		s.reg_count =
			ARRAY_SIZE(without_scratch) - (ir->out_bytes != 0);
		r = scan_all(&s, err);
	}
	if (r)
		return r;
	*ret_regalloc = (struct regalloc){ .homes = s.homes,
					   .spill_count = s.spill_count,
					   .stack_bytes = s.slot_count * 8 };
	return 0;
}
