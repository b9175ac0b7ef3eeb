/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From kernel IR to eBPF instructions (the v3 set: 32-bit comparisons, 16-bit
 * branches; every kernel since 5.1 has it), and from those to text.
 */
#ifndef SHRIKE_COMPILER_EBPF_H
#define SHRIKE_COMPILER_EBPF_H

#include "compiler/kernel_ir.h"

#include <linux/bpf.h>

struct ebpf_code {
	struct bpf_insn *insns;
	uint32_t *lines; /* per instruction: ir_insn.line */
	unsigned count;
};

/*
 * A whole function: r1 is the record or NULL, r2 what it writes or NULL if it
 * writes, the result is in r0. NULL gives `null_result` before anything else is
 * done. EBPF_TOO_FAR: a branch is over
 * 32,767 instructions long, nothing was made.
 */
enum ebpf_outcome { EBPF_OK = 0, EBPF_TOO_FAR = 1 };
int ebpf_lower(const struct kernel_ir *ir, int32_t null_result,
	       struct ebpf_code *ret_code, struct err *err);

/*
 * The passes from a predicate's IR to its function, each checked. A record that
 * is not there passes. As ebpf_lower().
 */
int ebpf_generate(struct kernel_ir *ir, struct ebpf_code *ret_code,
		  struct err *err);

/* One instruction as llvm-objdump writes it, without its number. */
void ebpf_print_insn(const struct bpf_insn *insn, const struct bpf_insn *next,
		     struct buf *out);

/* A 16-byte instruction: two of struct bpf_insn. */
static inline bool ebpf_is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_DW | BPF_IMM);
}

#endif
