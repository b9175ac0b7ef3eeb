// SPDX-License-Identifier: Apache-2.0
#include "support/ebpf_interp.h"

#include <stdbool.h>
#include <string.h>

#define FRAME_BYTES 512
#define OUT_BYTES 64
#define STEPS_MAX 1000000u

struct machine {
	uint64_t regs[11];
	bool set[11];
	uint8_t frame[FRAME_BYTES] __attribute__((aligned(8)));
	bool frame_set[FRAME_BYTES];
	const uint8_t *record;
	size_t record_bytes;
	uint8_t *out;
	size_t out_bytes;
	bool out_set[OUT_BYTES];
};

static uint64_t read_sized(const uint8_t *p, unsigned size)
{
	uint64_t value = 0;

	memcpy(&value, p, size);
	return value;
}

static unsigned access_size(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

/* Offset in the frame, or -1. */
static long in_frame(const struct machine *m, uint64_t address, unsigned size)
{
	uint64_t offset = address - (uintptr_t)m->frame;

	return offset <= FRAME_BYTES - size ? (long)offset : -1;
}

/* Offset in what is written, or -1. */
static long in_out(const struct machine *m, uint64_t address, unsigned size)
{
	uint64_t offset = address - (uintptr_t)m->out;

	return m->out && m->out_bytes >= size && offset <= m->out_bytes - size ?
		       (long)offset :
		       -1;
}

static const char *load_out(struct machine *m, unsigned reg, long at,
			    unsigned size)
{
	if ((unsigned long)at % size)
		return "load is not aligned";
	for (unsigned i = 0; i < size; i++)
		if (!m->out_set[(unsigned long)at + i])
			return "read of the result before its write";
	m->regs[reg] = read_sized(m->out + at, size);
	m->set[reg] = true;
	return NULL;
}

static const char *load(struct machine *m, const struct bpf_insn *insn)
{
	unsigned size = access_size(insn->code);
	uint64_t address =
		m->regs[insn->src_reg] + (uint64_t)(int64_t)insn->off;
	uint64_t offset = address - (uintptr_t)m->record;
	long frame = in_frame(m, address, size);
	long out = in_out(m, address, size);

	if (out >= 0)
		return load_out(m, insn->dst_reg, out, size);
	if (frame >= 0) {
		for (unsigned i = 0; i < size; i++)
			if (!m->frame_set[frame + i])
				return "read of the frame before its write";
		m->regs[insn->dst_reg] = read_sized(m->frame + frame, size);
	} else {
		if (!m->record || size > m->record_bytes ||
		    offset > m->record_bytes - size)
			return "load outside of the record";
		if (offset % size)
			return "load is not aligned";
		m->regs[insn->dst_reg] = read_sized(m->record + offset, size);
	}
	m->set[insn->dst_reg] = true;
	return NULL;
}

static const char *store(struct machine *m, const struct bpf_insn *insn)
{
	unsigned size = access_size(insn->code);
	uint64_t address =
		m->regs[insn->dst_reg] + (uint64_t)(int64_t)insn->off;
	long frame = in_frame(m, address, size);
	long out = in_out(m, address, size);

	if (out >= 0) {
		memcpy(m->out + out, &m->regs[insn->src_reg], size);
		memset(m->out_set + out, 1, size);
		return (unsigned long)out % size ? "store is not aligned" :
						   NULL;
	}
	if (frame < 0)
		return "store outside of the frame";
	memcpy(m->frame + frame, &m->regs[insn->src_reg], size);
	memset(m->frame_set + frame, 1, size);
	return NULL;
}

static const char *alu(struct machine *m, const struct bpf_insn *insn)
{
	uint64_t *dst = &m->regs[insn->dst_reg];
	uint64_t src = BPF_SRC(insn->code) == BPF_X ?
			       m->regs[insn->src_reg] :
			       (uint64_t)(int64_t)insn->imm;

	switch (BPF_OP(insn->code)) {
	case BPF_MOV:
		*dst = src;
		break;
	case BPF_ADD:
		*dst += src;
		break;
	case BPF_SUB:
		*dst -= src;
		break;
	case BPF_MUL:
		*dst *= src;
		break;
	case BPF_DIV: /* the kernel's: by zero is 0 */
		*dst = src ? *dst / src : 0;
		break;
	case BPF_MOD:
		*dst = src ? *dst % src : *dst;
		break;
	case BPF_AND:
		*dst &= src;
		break;
	case BPF_OR:
		*dst |= src;
		break;
	case BPF_XOR:
		*dst ^= src;
		break;
	case BPF_LSH:
		*dst <<= src & 63;
		break;
	case BPF_ARSH:
		*dst = (uint64_t)((int64_t)*dst >> (src & 63));
		break;
	default:
		return "unknown arithmetic";
	}
	m->set[insn->dst_reg] = true;
	return NULL;
}

static const char *jump(const struct machine *m, const struct bpf_insn *insn,
			bool *ret_taken)
{
	bool narrow = BPF_CLASS(insn->code) == BPF_JMP32;
	int64_t a = (int64_t)m->regs[insn->dst_reg];
	int64_t b = BPF_SRC(insn->code) == BPF_X ?
			    (int64_t)m->regs[insn->src_reg] :
			    insn->imm;

	if (narrow) {
		a = (int32_t)(uint32_t)(uint64_t)a;
		b = (int32_t)(uint32_t)(uint64_t)b;
	}
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		*ret_taken = true;
		return narrow ? "unknown jump" : NULL;
	case BPF_JEQ:
		*ret_taken = a == b;
		return NULL;
	case BPF_JNE:
		*ret_taken = a != b;
		return NULL;
	case BPF_JSLT:
		*ret_taken = a < b;
		return NULL;
	case BPF_JSLE:
		*ret_taken = a <= b;
		return NULL;
	case BPF_JSGT:
		*ret_taken = a > b;
		return NULL;
	case BPF_JSGE:
		*ret_taken = a >= b;
		return NULL;
	default:
		return "unknown jump";
	}
}

/* Are the registers that it reads written, and those it names there? */
static const char *check_registers(const struct machine *m,
				   const struct bpf_insn *insn)
{
	unsigned class = BPF_CLASS(insn->code);
	bool branches = class == BPF_JMP || class == BPF_JMP32;
	bool reads_dst = class == BPF_STX ||
			 (class == BPF_ALU64 && BPF_OP(insn->code) != BPF_MOV);
	bool reads_src = class == BPF_LDX || class == BPF_STX ||
			 (class == BPF_ALU64 && BPF_SRC(insn->code) == BPF_X);

	if (branches && BPF_OP(insn->code) != BPF_JA) {
		reads_dst = true;
		reads_src = BPF_SRC(insn->code) == BPF_X;
	}
	if (insn->dst_reg > 10 || insn->src_reg > 10)
		return "no such register";
	if (insn->dst_reg == 10 && class != BPF_STX)
		return "write to the frame pointer";
	if ((reads_dst && !m->set[insn->dst_reg]) ||
	    (reads_src && !m->set[insn->src_reg]))
		return "read of a register before its write";
	return NULL;
}

/* One instruction that is neither wide nor exit; *at moves on. */
static const char *step(struct machine *m, const struct bpf_insn *insn,
			unsigned *at)
{
	const char *wrong = check_registers(m, insn);
	bool taken = false;

	if (wrong)
		return wrong;
	++*at;
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		return load(m, insn);
	case BPF_STX:
		return store(m, insn);
	case BPF_ALU64:
		return alu(m, insn);
	case BPF_JMP:
	case BPF_JMP32:
		wrong = jump(m, insn, &taken);
		if (taken)
			*at += (unsigned)insn->off;
		return wrong;
	default:
		return "unknown instruction";
	}
}

const char *ebpf_interp(const struct bpf_insn *insns, unsigned count,
			const void *record, size_t record_bytes,
			uint64_t *ret_result, unsigned *ret_at)
{
	return ebpf_interp_out(insns, count, record, record_bytes, NULL, 0,
			       ret_result, ret_at);
}

const char *ebpf_interp_out(const struct bpf_insn *insns, unsigned count,
			    const void *record, size_t record_bytes, void *out,
			    size_t out_bytes, uint64_t *ret_result,
			    unsigned *ret_at)
{
	struct machine m = { .record = record,
			     .record_bytes = record_bytes,
			     .out = out,
			     .out_bytes = out_bytes };
	unsigned at = 0;

	if (out_bytes > OUT_BYTES)
		return "more is written than the interpreter takes";
	m.regs[2] = (uintptr_t)out;
	m.set[2] = out_bytes != 0;

	m.regs[1] = (uintptr_t)record;
	m.regs[10] = (uintptr_t)m.frame + FRAME_BYTES;
	m.set[1] = m.set[10] = true;
	for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
		const struct bpf_insn *insn = &insns[at];
		const char *wrong;

		*ret_at = at;
		if (at >= count)
			return "ran off the end";
		if (insn->code == (BPF_JMP | BPF_EXIT)) {
			*ret_result = m.regs[0];
			return m.set[0] ? NULL : "no result";
		}
		if (insn->code == (BPF_LD | BPF_DW | BPF_IMM)) {
			if (at + 1 >= count || insn->dst_reg > 9)
				return "half of a wide instruction";
			m.regs[insn->dst_reg] = (uint64_t)(uint32_t)insn[1].imm
							<< 32 |
						(uint32_t)insn->imm;
			m.set[insn->dst_reg] = true;
			at += 2;
			continue;
		}
		wrong = step(&m, insn, &at);
		if (wrong)
			return wrong;
	}
	return "does not end";
}
