/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers for the kernel IR, by linear scan. In: a checked IR; out: for each
 * virtual register a machine register, or how to get the value without one.
 */
#ifndef SHRIKE_COMPILER_REGALLOC_H
#define SHRIKE_COMPILER_REGALLOC_H

#include "compiler/kernel_ir.h"

#define REGALLOC_SCRATCH_0 0 /* only set aside when something is spilled */
#define REGALLOC_SCRATCH_1 2
#define REGALLOC_OUT 9 /* holds IR_OUT; only then set aside */
#define REGALLOC_STACK_BYTES 512

enum home_kind {
	HOME_REGISTER,
	HOME_STACK,  /* in the slot at r10 + offset */
	HOME_REPEAT, /* not kept: `def` is done again at each use */
};

struct home {
	enum home_kind kind;
	uint8_t reg;
	int16_t offset;
	const struct ir_insn *def;
};

struct regalloc {
	struct home *homes; /* one per virtual register */
	unsigned spill_count;
	unsigned stack_bytes;
};

/* -E2BIG when the stack cannot hold what the registers do not. */
int regalloc(const struct kernel_ir *ir, struct regalloc *ret_regalloc,
	     struct err *err);

#endif
