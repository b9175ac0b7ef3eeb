/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel IR: one predicate as basic blocks over 64-bit virtual registers,
 * between the condition (pushdown_int.h) and eBPF (ebpf.h).
 *
 * Each register is written once. Branches only go forward, so there is no loop
 * and no phi. Nothing is stored to the record: a load of it gives the same value
 * wherever it stands. Register IR_RECORD holds the record's address on entry.
 *
 * A function with several answers writes them to a second argument; IR_OUT
 * holds its address. Its parts ("units") follow each other, and what one part
 * has loaded and compared is nothing to the next: a verifier that had to tell
 * all their outcomes apart would not end.
 */
#ifndef SHRIKE_COMPILER_KERNEL_IR_H
#define SHRIKE_COMPILER_KERNEL_IR_H

#include "user/base/arena.h"
#include "user/base/buf.h"
#include "user/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define IR_NONE UINT32_MAX
#define IR_RECORD 0u
#define IR_OUT 1u /* only where out_bytes is not 0 */

enum ir_op {
	IR_CONST, /* dst = imm */
	IR_LOAD,  /* dst = the `size` bytes at a + imm, zero-extended */
	IR_ADD,	  /* dst = a + b; b is imm when it is IR_NONE */
	IR_SUB,
	IR_MUL,
	IR_DIV, /* of a without its sign; by imm > 0 */
	IR_MOD,
	IR_AND,
	IR_OR,
	IR_XOR,
	IR_SHL,
	IR_SAR,	  /* shifts in copies of the sign */
	IR_STORE, /* the `size` bytes at a + imm = b; a is IR_OUT, no dst */
	IR_OP_COUNT
};

enum ir_cmp { IR_EQ, IR_NE, IR_LT, IR_LE, IR_GT, IR_GE, IR_CMP_COUNT };

struct ir_insn {
	enum ir_op op;
	uint8_t size;
	uint32_t dst;
	uint32_t a;
	uint32_t b;
	int64_t imm;   /* of an operation: fits 32 bits, signed */
	uint32_t line; /* which SQL term it serves */
};

enum ir_end { IR_OPEN, IR_BRANCH, IR_JUMP, IR_RETURN };

struct ir_block {
	uint32_t first; /* of its instructions, in kernel_ir.insns */
	uint32_t count;
	enum ir_end end;
	enum ir_cmp cmp; /* BRANCH: a cmp b, signed; b is imm when IR_NONE */
	bool narrow;	 /* compare the low 32 bits, EQ and NE only */
	uint32_t a;
	uint32_t b;
	int64_t imm; /* RETURN: the result */
	uint32_t then;
	uint32_t other; /* BRANCH */
	uint32_t line;
	uint32_t unit;
	uint32_t place; /* IR_NONE until it is placed */
};

struct kernel_ir {
	struct arena *arena;
	struct ir_block *blocks;
	uint32_t block_count;
	uint32_t block_size;
	uint32_t placed_count;
	uint32_t current; /* the block that is being filled */
	struct ir_insn *insns;
	uint32_t insn_count;
	uint32_t insn_size;
	uint32_t reg_count;
	uint32_t record_bytes;
	uint32_t out_bytes; /* 0: nothing is written */
	uint32_t line;	    /* given to what is added */
	uint32_t unit;	    /* likewise */
	bool failed;	    /* the arena was full: ir_finish() says so */
};

/* Build. Blocks are filled one after the other, in the order of ir_place(). */
void ir_init(struct kernel_ir *ir, struct arena *arena, size_t record_bytes,
	     size_t out_bytes);
uint32_t ir_block_new(struct kernel_ir *ir);
void ir_place(struct kernel_ir *ir, uint32_t block);
uint32_t ir_const(struct kernel_ir *ir, int64_t imm);
uint32_t ir_load(struct kernel_ir *ir, uint32_t base, uint32_t offset,
		 uint8_t size);
uint32_t ir_binary(struct kernel_ir *ir, enum ir_op op, uint32_t a, uint32_t b);
uint32_t ir_binary_imm(struct kernel_ir *ir, enum ir_op op, uint32_t a,
		       int64_t imm);

void ir_store(struct kernel_ir *ir, uint32_t offset, uint8_t size,
	      uint32_t value);

/* End the block that is being filled. */
struct ir_test {
	enum ir_cmp cmp;
	bool narrow;
	uint32_t a;
	uint32_t b;
	int64_t imm;
};
void ir_branch(struct kernel_ir *ir, struct ir_test test, uint32_t then,
	       uint32_t other);
void ir_jump(struct kernel_ir *ir, uint32_t to);
void ir_return(struct kernel_ir *ir, int64_t result);

/* Number the blocks as they lie. -ENOMEM when something did not fit. */
int ir_finish(struct kernel_ir *ir, struct err *err);

/*
 * Is it well formed: forward branches, no unreachable block, each register
 * written once and before all its uses on every path, fixed loads aligned and
 * inside the record, stores inside of what is written? -EINVAL with what is wrong. Runs between the passes.
 */
int ir_check(const struct kernel_ir *ir, struct err *err);

/* Immediate dominator of each block, IR_NONE for the first; NULL: no memory. */
uint32_t *ir_dominators(const struct kernel_ir *ir, struct arena *arena);
bool ir_dominates(const uint32_t *idom, uint32_t above, uint32_t block);

/* Pass: use the value of a dominating load of the same bytes in its unit. */
int ir_share_loads(struct kernel_ir *ir, struct err *err);

/* One line per instruction, for tests and for people who debug the compiler. */
void ir_print(const struct kernel_ir *ir, struct buf *out);

static inline bool ir_fits_s32(int64_t i)
{
	return i >= INT32_MIN && i <= INT32_MAX;
}

#endif
