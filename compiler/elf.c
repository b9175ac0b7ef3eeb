// SPDX-License-Identifier: Apache-2.0
/*
 * The file, little-endian, every part on 8 bytes:
 *
 *	0	64	ELF header: ET_REL, EM_BPF
 *	64		.text		ALLOC|EXECINSTR, align 8
 *			.BTF
 *			.BTF.ext
 *			.symtab		null, then one GLOBAL FUNC for each function
 *			.strtab		names of symbols and of sections
 *			section headers: null and these five, in this order
 */
#include "compiler/elf.h"
#include "user/base/check.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

#ifndef EM_BPF
#define EM_BPF 247
#endif

enum section {
	SECTION_NULL,
	SECTION_TEXT,
	SECTION_BTF,
	SECTION_BTF_EXT,
	SECTION_SYMTAB,
	SECTION_STRTAB,
	SECTION_COUNT
};

static const struct {
	const char *name;
	uint32_t type;
	uint64_t flags;
	uint64_t align;
} kinds[SECTION_COUNT] = {
	[SECTION_NULL] = { "", SHT_NULL, 0, 0 },
	[SECTION_TEXT] = { ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR,
			   8 },
	[SECTION_BTF] = { ".BTF", SHT_PROGBITS, 0, 4 },
	[SECTION_BTF_EXT] = { ".BTF.ext", SHT_PROGBITS, 0, 4 },
	[SECTION_SYMTAB] = { ".symtab", SHT_SYMTAB, 0, 8 },
	[SECTION_STRTAB] = { ".strtab", SHT_STRTAB, 0, 1 },
};

static uint32_t add_name(struct buf *names, const char *name)
{
	uint32_t at = (uint32_t)names->len;

	buf_put(names, name, strlen(name) + 1);
	return at;
}

static void put_symbol(struct buf *out, uint32_t name, uint8_t info,
		       uint16_t section, uint64_t value, uint64_t size)
{
	buf_put_le32(out, name);
	buf_putc(out, (char)info);
	buf_putc(out, STV_DEFAULT);
	buf_put_le16(out, section);
	buf_put_le64(out, value);
	buf_put_le64(out, size);
}

static void make_symbols(const struct elf_object *object, struct buf *symtab,
			 struct buf *names)
{
	put_symbol(symtab, 0, 0, SHN_UNDEF, 0, 0);
	for (unsigned i = 0; i < object->symbol_count; i++) {
		const struct elf_symbol *symbol = &object->symbols[i];

		put_symbol(symtab, add_name(names, symbol->name),
			   ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), SECTION_TEXT,
			   symbol->offset, symbol->size);
	}
}

static void align(struct buf *out)
{
	while (out->len % 8 && !out->failed)
		buf_putc(out, 0);
}

static void put_header(struct buf *out, uint64_t section_headers)
{
	static const uint8_t ident[EI_NIDENT] = { ELFMAG0,    ELFMAG1,
						  ELFMAG2,    ELFMAG3,
						  ELFCLASS64, ELFDATA2LSB,
						  EV_CURRENT };

	buf_put(out, ident, sizeof(ident));
	buf_put_le16(out, ET_REL);
	buf_put_le16(out, EM_BPF);
	buf_put_le32(out, EV_CURRENT);
	buf_put_le64(out, 0); /* entry */
	buf_put_le64(out, 0); /* program headers */
	buf_put_le64(out, section_headers);
	buf_put_le32(out, 0); /* flags */
	buf_put_le16(out, sizeof(Elf64_Ehdr));
	buf_put_le16(out, 0);
	buf_put_le16(out, 0);
	buf_put_le16(out, sizeof(Elf64_Shdr));
	buf_put_le16(out, SECTION_COUNT);
	buf_put_le16(out, SECTION_STRTAB);
}

static void put_section_header(struct buf *out, enum section section,
			       uint32_t name, uint64_t offset, uint64_t size)
{
	bool symtab = section == SECTION_SYMTAB;

	buf_put_le32(out, name);
	buf_put_le32(out, kinds[section].type);
	buf_put_le64(out, kinds[section].flags);
	buf_put_le64(out, 0); /* address */
	buf_put_le64(out, offset);
	buf_put_le64(out, size);
	buf_put_le32(out, symtab ? SECTION_STRTAB : 0);
	buf_put_le32(out, symtab); /* the first global symbol */
	buf_put_le64(out, kinds[section].align);
	buf_put_le64(out, symtab ? sizeof(Elf64_Sym) : 0);
}

static uint64_t aligned(uint64_t size)
{
	return (size + 7) & ~(uint64_t)7;
}

void elf_write(const struct elf_object *object, struct buf *out)
{
	struct buf symtab = BUF_INIT, strtab = BUF_INIT;
	const struct buf empty = BUF_INIT;
	const struct buf *bytes[SECTION_COUNT] = {
		&empty,		 object->text, object->btf,
		object->btf_ext, &symtab,      &strtab,
	};
	uint64_t offset = sizeof(Elf64_Ehdr), end = offset;
	uint32_t names[SECTION_COUNT];

	CHECK(out->len == 0);
	add_name(&strtab, "");
	make_symbols(object, &symtab, &strtab);
	names[SECTION_NULL] = 0;
	for (unsigned i = SECTION_TEXT; i < SECTION_COUNT; i++)
		names[i] = add_name(&strtab, kinds[i].name);
	for (unsigned i = 0; i < SECTION_COUNT; i++)
		end += aligned(bytes[i]->len);
	put_header(out, end);
	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		buf_put(out, bytes[i]->bytes, bytes[i]->len);
		align(out);
	}
	put_section_header(out, SECTION_NULL, 0, 0, 0);
	for (unsigned i = SECTION_TEXT; i < SECTION_COUNT; i++) {
		put_section_header(out, i, names[i], offset, bytes[i]->len);
		offset += aligned(bytes[i]->len);
	}
	if (symtab.failed || strtab.failed)
		out->failed = symtab.failed ? symtab.failed : strtab.failed;
	buf_release(&symtab);
	buf_release(&strtab);
}
