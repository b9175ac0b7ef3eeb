/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small eBPF interpreter in user space, the second opinion on generated
 * predicates: the instructions that they may use, nothing more. Every access
 * must lie inside the record or the frame, be aligned, and a byte of the frame
 * must be written before it is read; registers, and what the function is to
 * write, likewise.
 */
#ifndef SHRIKE_TESTS_EBPF_INTERP_H
#define SHRIKE_TESTS_EBPF_INTERP_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Run with r1 = `record` (may be NULL). Returns NULL and *ret_result, or what
 * was wrong, with the instruction in *ret_at.
 */
/* The same of a function that writes `out_bytes` at r2 = `out`. */
const char *ebpf_interp_out(const struct bpf_insn *insns, unsigned count,
			    const void *record, size_t record_bytes, void *out,
			    size_t out_bytes, uint64_t *ret_result,
			    unsigned *ret_at);

const char *ebpf_interp(const struct bpf_insn *insns, unsigned count,
			const void *record, size_t record_bytes,
			uint64_t *ret_result, unsigned *ret_at);

#endif
