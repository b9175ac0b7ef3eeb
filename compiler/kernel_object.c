// SPDX-License-Identifier: Apache-2.0
/* The generated functions of all streams as one object file. */
#include "compiler/btf.h"
#include "compiler/elf.h"

#include <errno.h>

#define TEXT ".text"

static void put_insn(struct buf *out, const struct bpf_insn *insn)
{
	buf_putc(out, (char)insn->code);
	buf_putc(out, (char)(insn->src_reg << 4 | insn->dst_reg));
	buf_put_le16(out, (uint16_t)insn->off);
	buf_put_le32(out, (uint32_t)insn->imm);
}

static unsigned put_functions(const struct kernel_function *functions,
			      unsigned function_count, struct buf *text,
			      struct elf_symbol *symbols)
{
	unsigned count = 0;

	for (unsigned i = 0; i < function_count; i++) {
		const struct kernel_function *function = &functions[i];

		if (!function->insns)
			continue;
		symbols[count++] = (struct elf_symbol){
			.name = function->name,
			.offset = text->len,
			.size = (uint64_t)function->insn_count * 8,
		};
		for (unsigned k = 0; k < function->insn_count; k++)
			put_insn(text, &function->insns[k]);
	}
	return count;
}

int kernel_object(struct arena *arena, const struct kernel_function *functions,
		  unsigned function_count, const uint8_t **ret_bytes,
		  size_t *ret_len, struct err *err)
{
	struct buf text = BUF_INIT, btf = BUF_INIT, btf_ext = BUF_INIT;
	struct buf file = BUF_INIT;
	struct elf_symbol *symbols =
		arena_array(arena, function_count, sizeof(*symbols));
	struct elf_object object = { &text, &btf, &btf_ext, symbols, 0 };
	const uint8_t *copy = NULL;
	int r = 0;

	if (!symbols)
		return err_nomem(err);
	object.symbol_count =
		put_functions(functions, function_count, &text, symbols);
	if (object.symbol_count) {
		r = btf_sections(functions, function_count, TEXT, &btf,
				 &btf_ext, err);
		elf_write(&object, &file);
		if (!r && !text.failed && !file.failed)
			copy = (const uint8_t *)arena_copy(arena, file.bytes,
							   file.len);
		if (!r && !copy)
			r = err_nomem(err);
	}
	if (!r) {
		*ret_bytes = copy;
		*ret_len = copy ? file.len : 0;
	}
	buf_release(&text);
	buf_release(&btf);
	buf_release(&btf_ext);
	buf_release(&file);
	return r;
}
