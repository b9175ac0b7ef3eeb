/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relocatable ELF64 object for EM_BPF, written as bytes: sections in, file
 * out. Only what linking with a collector needs.
 */
#ifndef SHRIKE_COMPILER_ELF_H
#define SHRIKE_COMPILER_ELF_H

#include "user/base/buf.h"

#include <stdint.h>

struct elf_symbol {
	const char *name;
	uint64_t offset; /* in .text, bytes */
	uint64_t size;
};

struct elf_object {
	const struct buf *text;
	const struct buf *btf;
	const struct buf *btf_ext;
	const struct elf_symbol *symbols; /* global functions */
	unsigned symbol_count;
};

/* Append the file. Failures are out->failed. */
void elf_write(const struct elf_object *object, struct buf *out);

#endif
