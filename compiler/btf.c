// SPDX-License-Identifier: Apache-2.0
/*
 * .BTF, little-endian (linux/btf.h):
 *
 *	0	2	magic 0xeb9f
 *	2	1	version 1
 *	3	1	flags 0
 *	4	4	length of this header, 24
 *	8	4+4	types: offset behind the header, length
 *	16	4+4	strings: offset behind the header, length
 *
 * Types, each {name, kind << 24 | vlen, size or type}, numbered from 1:
 *
 *	1	INT "unsigned long long", 8 bytes
 *	then for each function
 *	+0	FWD struct "<ident>_event"	the collector holds the struct
 *	+1	CONST of +0
 *	+2	PTR to +1
 *	+3	FUNC_PROTO (+2 "e") returning 1
 *	+4	FUNC "predicate_<ident>", global, of +3
 *
 * and of a function that writes, before its FUNC_PROTO
 *
 *	+3	FWD struct of what it writes
 *	+4	PTR to +3, the second parameter "out"
 *
 * .BTF.ext:
 *
 *	0	8	magic, version, flags, length of this header, 24
 *	8	4+4	func_info: offset behind the header, length
 *	16	4+4	line_info: likewise
 *
 * and each of the two: record size (8, 16), section name, number of records,
 * then the records {byte offset, type} and {byte offset, file, line text,
 * line << 10}. The first line of a function lies at its first instruction.
 */
#include "compiler/btf.h"

#include <errno.h>
#include <linux/btf.h>
#include <string.h>

#define HEADER_BYTES 24
#define FUNC_INFO_BYTES 8
#define LINE_INFO_BYTES 16
#define LINE_NUMBER_MAX ((1u << 22) - 1)

struct btf_writer {
	struct buf types;
	struct buf strings;
	struct buf funcs;
	struct buf lines;
	uint32_t type_count; /* the last type's number */
	uint32_t func_count;
	uint32_t line_count;
	const char *last_text; /* the string added last, and where it lies */
	uint32_t last_offset;
};

static uint32_t add_string(struct btf_writer *w, const char *text)
{
	if (text != w->last_text) {
		w->last_offset = (uint32_t)w->strings.len;
		w->last_text = text;
		buf_put(&w->strings, text, strlen(text) + 1);
	}
	return w->last_offset;
}

/* Returns its number. */
static uint32_t add_type(struct btf_writer *w, uint32_t name, uint32_t kind,
			 uint32_t vlen, uint32_t size_or_type)
{
	buf_put_le32(&w->types, name);
	buf_put_le32(&w->types, kind << 24 | vlen);
	buf_put_le32(&w->types, size_or_type);
	return ++w->type_count;
}

static void add_function(struct btf_writer *w,
			 const struct kernel_function *function,
			 uint32_t insn_offset)
{
	uint32_t record, out = 0, type;

	type = add_type(w, add_string(w, function->record), BTF_KIND_FWD, 0, 0);
	type = add_type(w, 0, BTF_KIND_CONST, 0, type);
	record = add_type(w, 0, BTF_KIND_PTR, 0, type);
	if (function->out) {
		type = add_type(w, add_string(w, function->out), BTF_KIND_FWD,
				0, 0);
		out = add_type(w, 0, BTF_KIND_PTR, 0, type);
	}
	type = add_type(w, 0, BTF_KIND_FUNC_PROTO, out ? 2 : 1, 1);
	buf_put_le32(&w->types, add_string(w, "e"));
	buf_put_le32(&w->types, record);
	if (out) {
		buf_put_le32(&w->types, add_string(w, "out"));
		buf_put_le32(&w->types, out);
	}
	type = add_type(w, add_string(w, function->name), BTF_KIND_FUNC,
			BTF_FUNC_GLOBAL, type);
	buf_put_le32(&w->funcs, insn_offset * 8);
	buf_put_le32(&w->funcs, type);
	w->func_count++;
}

static void add_lines(struct btf_writer *w,
		      const struct kernel_function *function,
		      uint32_t insn_offset, uint32_t file)
{
	for (unsigned i = 0; i < function->line_count; i++) {
		const struct kernel_line *line = &function->lines[i];
		uint32_t number = i < LINE_NUMBER_MAX ? i + 1 : LINE_NUMBER_MAX;

		buf_put_le32(&w->lines, (insn_offset + line->insn) * 8);
		buf_put_le32(&w->lines, file);
		buf_put_le32(&w->lines, add_string(w, line->text));
		buf_put_le32(&w->lines, number << 10);
		w->line_count++;
	}
}

static void put_header(struct buf *out, size_t first_bytes, size_t second_bytes)
{
	buf_put_le16(out, BTF_MAGIC);
	buf_putc(out, BTF_VERSION);
	buf_putc(out, 0);
	buf_put_le32(out, HEADER_BYTES);
	buf_put_le32(out, 0);
	buf_put_le32(out, (uint32_t)first_bytes);
	buf_put_le32(out, (uint32_t)first_bytes);
	buf_put_le32(out, (uint32_t)second_bytes);
}

static void put_records(struct buf *out, uint32_t record_bytes,
			uint32_t section, uint32_t count,
			const struct buf *records)
{
	buf_put_le32(out, record_bytes);
	buf_put_le32(out, section);
	buf_put_le32(out, count);
	buf_put(out, records->bytes, records->len);
}

static void put_sections(struct btf_writer *w, uint32_t section,
			 struct buf *btf, struct buf *btf_ext)
{
	const size_t overhead = 3 * sizeof(uint32_t);

	put_header(btf, w->types.len, w->strings.len);
	buf_put(btf, w->types.bytes, w->types.len);
	buf_put(btf, w->strings.bytes, w->strings.len);
	put_header(btf_ext, w->funcs.len + overhead, w->lines.len + overhead);
	put_records(btf_ext, FUNC_INFO_BYTES, section, w->func_count,
		    &w->funcs);
	put_records(btf_ext, LINE_INFO_BYTES, section, w->line_count,
		    &w->lines);
}

int btf_sections(const struct kernel_function *functions,
		 unsigned function_count, const char *text, struct buf *btf,
		 struct buf *btf_ext, struct err *err)
{
	struct btf_writer w = { .types = BUF_INIT };
	uint32_t section, file, insn_offset = 0;
	bool failed;

	add_string(&w, "");
	section = add_string(&w, text);
	file = add_string(&w, "rules");
	add_type(&w, add_string(&w, "unsigned long long"), BTF_KIND_INT, 0, 8);
	buf_put_le32(&w.types, 64);
	for (unsigned i = 0; i < function_count; i++) {
		if (!functions[i].insns)
			continue;
		add_function(&w, &functions[i], insn_offset);
		add_lines(&w, &functions[i], insn_offset, file);
		insn_offset += functions[i].insn_count;
	}
	failed = w.types.failed || w.strings.failed || w.funcs.failed ||
		 w.lines.failed;
	if (!failed)
		put_sections(&w, section, btf, btf_ext);
	failed = failed || btf->failed || btf_ext->failed;
	buf_release(&w.types);
	buf_release(&w.strings);
	buf_release(&w.funcs);
	buf_release(&w.lines);
	return failed ? err_nomem(err) : 0;
}
