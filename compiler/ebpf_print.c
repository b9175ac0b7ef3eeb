// SPDX-License-Identifier: Apache-2.0
/* eBPF instructions as llvm-objdump writes them, SQL terms between them. */
#include "compiler/ebpf.h"
#include "compiler/pushdown.h"

#include <inttypes.h>

static const char *alu_sign(uint8_t code)
{
	switch (BPF_OP(code)) {
	case BPF_MOV:
		return "=";
	case BPF_ADD:
		return "+=";
	case BPF_SUB:
		return "-=";
	case BPF_MUL:
		return "*=";
	case BPF_DIV:
		return "/=";
	case BPF_MOD:
		return "%=";
	case BPF_AND:
		return "&=";
	case BPF_OR:
		return "|=";
	case BPF_XOR:
		return "^=";
	case BPF_LSH:
		return "<<=";
	case BPF_ARSH:
		return "s>>=";
	default:
		return NULL;
	}
}

static const char *jump_sign(uint8_t code)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return "==";
	case BPF_JNE:
		return "!=";
	case BPF_JSLT:
		return "s<";
	case BPF_JSLE:
		return "s<=";
	case BPF_JSGT:
		return "s>";
	case BPF_JSGE:
		return "s>=";
	default:
		return NULL;
	}
}

static const char *width(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return "u8";
	case BPF_H:
		return "u16";
	case BPF_W:
		return "u32";
	default:
		return "u64";
	}
}

static void print_source(const struct bpf_insn *insn, char bank,
			 struct buf *out)
{
	if (BPF_SRC(insn->code) == BPF_X)
		buf_printf(out, "%c%u", bank, insn->src_reg);
	else
		buf_printf(out, "%" PRId32, insn->imm);
}

static void print_address(unsigned reg, int16_t off, struct buf *out)
{
	buf_printf(out, "(r%u %c %d)", reg, off < 0 ? '-' : '+',
		   off < 0 ? -off : off);
}

static bool print_alu(const struct bpf_insn *insn, struct buf *out)
{
	const char *sign = alu_sign(insn->code);

	if (!sign)
		return false;
	buf_printf(out, "r%u %s ", insn->dst_reg, sign);
	print_source(insn, 'r', out);
	return true;
}

static bool print_jump(const struct bpf_insn *insn, struct buf *out)
{
	char bank = BPF_CLASS(insn->code) == BPF_JMP32 ? 'w' : 'r';
	const char *sign = jump_sign(insn->code);

	if (insn->code == (BPF_JMP | BPF_EXIT)) {
		buf_puts(out, "exit");
		return true;
	}
	if (insn->code != (BPF_JMP | BPF_JA)) {
		if (!sign)
			return false;
		buf_printf(out, "if %c%u %s ", bank, insn->dst_reg, sign);
		print_source(insn, bank, out);
		buf_putc(out, ' ');
	}
	buf_printf(out, "goto %+d", insn->off);
	return true;
}

static bool print_memory(const struct bpf_insn *insn, struct buf *out)
{
	if (BPF_MODE(insn->code) != BPF_MEM)
		return false;
	if (BPF_CLASS(insn->code) == BPF_LDX) {
		buf_printf(out, "r%u = *(%s *)", insn->dst_reg,
			   width(insn->code));
		print_address(insn->src_reg, insn->off, out);
	} else {
		buf_printf(out, "*(%s *)", width(insn->code));
		print_address(insn->dst_reg, insn->off, out);
		buf_printf(out, " = r%u", insn->src_reg);
	}
	return true;
}

void ebpf_print_insn(const struct bpf_insn *insn, const struct bpf_insn *next,
		     struct buf *out)
{
	bool known = false;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		known = ebpf_is_wide(insn) && next;
		if (known)
			buf_printf(
				out, "r%u = %" PRId64 " ll", insn->dst_reg,
				(int64_t)((uint64_t)(uint32_t)next->imm << 32 |
					  (uint32_t)insn->imm));
		break;
	case BPF_LDX:
	case BPF_STX:
		known = print_memory(insn, out);
		break;
	case BPF_ALU64:
		known = print_alu(insn, out);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		known = print_jump(insn, out);
		break;
	default:
		break;
	}
	if (!known)
		buf_puts(out, "<unknown>");
}

void kernel_function_print(const struct kernel_function *function,
			   struct buf *out)
{
	unsigned line = 0;

	buf_printf(out, "<%s>:\n", function->name);
	if (!function->insns) {
		buf_puts(out, "; every event passes\n");
		return;
	}
	for (unsigned i = 0; i < function->insn_count; i++) {
		const struct bpf_insn *insn = &function->insns[i];
		bool wide = ebpf_is_wide(insn) && i + 1 < function->insn_count;

		for (; line < function->line_count &&
		       function->lines[line].insn <= i;
		     line++)
			buf_printf(out, "; %s\n", function->lines[line].text);
		buf_printf(out, "%8u:\t", i);
		ebpf_print_insn(insn, wide ? insn + 1 : NULL, out);
		buf_putc(out, '\n');
		i += wide;
	}
}
