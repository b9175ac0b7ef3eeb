// SPDX-License-Identifier: Apache-2.0
/*
 * Which columns a function reads: those whose bytes in the record its loads
 * touch. Bytes before a path's end are found by its length, which is loaded;
 * what else is known of a path, in scratch alone, is the path's.
 */
#include "bpf/process_terms.h"
#include "compiler/pushdown_int.h"

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool reads_scratch(const struct stream *stream, const struct column *c,
			  const struct ir_insn *load)
{
	uint32_t groups = catalog_path_groups(stream->id, c->id);
	uint32_t name = catalog_path_name(stream->id, c->id);
	uint32_t at = (uint32_t)load->imm;

	return (groups &&
		overlap(at, load->size, groups, sizeof(struct path_groups))) ||
	       (name &&
		overlap(at, load->size, name, sizeof(struct path_name)));
}

static void add_columns(const struct stream *stream, const struct ir_insn *load,
			uint64_t columns[4])
{
	uint32_t at = (uint32_t)load->imm;

	for (unsigned i = 0; i < catalog_column_count(stream); i++) {
		const struct column *c = catalog_column_at(stream, i);

		if (c->wire == WIRE_NONE)
			continue;
		if (overlap(at, load->size, c->offset, c->size) ||
		    (c->wire == WIRE_PATH &&
		     (overlap(at, load->size, c->bytes_offset, c->bytes_size) ||
		      reads_scratch(stream, c, load))))
			columns[i / 64] |= 1ULL << i % 64;
	}
}

static bool reads_head(const struct ir_insn *load, size_t offset, size_t size)
{
	return overlap((uint32_t)load->imm, load->size, (uint32_t)offset,
		       (uint32_t)size);
}

void note_reads(struct kernel_function *function)
{
	const struct stream *stream = catalog_stream(function->stream);
	const struct kernel_ir *ir = function->ir;

	for (uint32_t i = 0; i < ir->insn_count; i++) {
		const struct ir_insn *load = &ir->insns[i];

		if (load->op != IR_LOAD || load->a != IR_RECORD)
			continue;
		add_columns(stream, load, function->columns);
		function->tests_process[PROCESS_TERMS_OWN] |=
			reads_head(load, offsetof(struct event_head, terms),
				   sizeof(struct process_terms));
		function->tests_process[PROCESS_TERMS_PARENT] |= reads_head(
			load, offsetof(struct event_head, parent_terms),
			sizeof(struct process_terms));
	}
}
