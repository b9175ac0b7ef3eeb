// SPDX-License-Identifier: Apache-2.0
/*
 * A function that writes a bit for each of many conditions on the record of
 * process.exec: process_terms() and exec_keys().
 *
 * A bit is set where its condition may be TRUE. When the function would be too
 * long, long texts are tested in part; then the dearest conditions are taken to
 * hold.
 */
#include "compiler/ebpf.h"
#include "compiler/pushdown_process.h"
#include "user/base/check.h"

#include <stdlib.h>

#define LINE_TEXT_MAX 200

struct bits_builder {
	struct arena *arena;
	struct cond_set set;
	struct bit_term *terms;
	unsigned count;
	const struct cond **conds;
	bool brief;
};

static void build_bit(struct bits_builder *b, unsigned i)
{
	struct bit_term *term = &b->terms[i];
	const struct expr *expr = exec_expr(b->arena, term->expr);
	struct leaf leaf;

	if (!expr) {
		b->set.failed = true;
		return;
	}
	b->set.line = LINE_TERMS + i;
	b->set.reads_path = false;
	leaf = leaf_cond(&b->set, expr, WANT_TRUE);
	if (term->dropped) {
		leaf.cond = cond_const(true);
		leaf.reason = "left out: the kernel function would be too long";
	}
	leaf.cond = cond_group(&b->set, leaf.cond);
	b->set.line = LINE_CUT;
	if (b->set.reads_path && !term->dropped)
		leaf.cond = cond_join2(&b->set, COND_OR, leaf.cond,
				       path_cut(&b->set));
	term->reason = leaf.reason;
	b->conds[i] = leaf.cond;
}

static int build(struct bits_builder *b, uint64_t *ret_cost, struct err *err)
{
	uint64_t cost = 0;

	if (cond_set_init(&b->set, b->arena,
			  catalog_stream(STREAM_PROCESS_EXEC)))
		return err_nomem(err);
	b->set.brief = b->brief;
	b->set.of_exec = true;
	for (unsigned i = 0; i < b->count; i++) {
		build_bit(b, i);
		if (b->set.failed)
			return err_nomem(err);
		cost += b->conds[i]->cost;
	}
	*ret_cost = cost;
	return 0;
}

static int generate(struct bits_builder *b, size_t out_bytes,
		    struct kernel_ir *ir, struct ebpf_code *ret_code,
		    struct err *err)
{
	int r = cond_emit_bits(b->conds, b->count, b->set.stream, out_bytes,
			       b->arena, ir, err);

	if (!r)
		r = ebpf_generate(ir, ret_code, err);
	if (!r && ret_code->count > PUSHDOWN_INSNS_MAX)
		r = EBPF_TOO_FAR;
	return r;
}

/* Index of the dearest condition that is not dropped. */
static unsigned dearest(const struct bits_builder *b)
{
	unsigned at = b->count;

	for (unsigned i = 0; i < b->count; i++)
		if (!b->terms[i].dropped &&
		    (at == b->count || b->conds[i]->cost > b->conds[at]->cost))
			at = i;
	CHECK(at < b->count);
	return at;
}

/* Shorter texts, then without the dearest, as many as are too much. */
static void shorten(struct bits_builder *b, uint64_t cost)
{
	uint64_t wanted =
		cost / 2 < PUSHDOWN_INSNS_MAX ? cost / 2 : PUSHDOWN_INSNS_MAX;

	if (!b->brief) {
		b->brief = true;
		return;
	}
	do {
		unsigned i = dearest(b);

		CHECK(b->conds[i]->cost);
		cost -= b->conds[i]->cost;
		b->terms[i].dropped = true;
	} while (cost > wanted);
}

static const char *line_text(struct bits_builder *b, uint32_t line)
{
	const char *text;

	if (line == LINE_ENTRY)
		return "a record that is not there decides nothing";
	if (line == LINE_SEARCH)
		return "which of the values it could be";
	if (line == LINE_CUT)
		return "a path that is not whole may be it";
	if (line < LINE_TERMS)
		return "done";
	text = b->terms[line - LINE_TERMS].text;
	return arena_printf(b->arena, "%.*s", LINE_TEXT_MAX, text);
}

static int make_lines(struct bits_builder *b, const struct ebpf_code *code,
		      struct kernel_function *function, struct err *err)
{
	struct kernel_line *lines =
		arena_array(b->arena, code->count, sizeof(*lines));
	unsigned count = 0;

	if (!lines)
		return err_nomem(err);
	for (unsigned i = 0; i < code->count; i++) {
		const char *text;

		if (i && code->lines[i] == code->lines[i - 1])
			continue;
		text = line_text(b, code->lines[i]);
		if (!text)
			return err_nomem(err);
		lines[count++] =
			(struct kernel_line){ .insn = i, .text = text };
	}
	function->lines = lines;
	function->line_count = count;
	function->insns = code->insns;
	function->insn_count = code->count;
	return 0;
}

int pushdown_bits(struct arena *arena, const struct bits_function *what,
		  struct bit_term *terms, unsigned count,
		  struct kernel_function *ret_function, struct err *err)
{
	struct bits_builder b = { .arena = arena,
				  .terms = terms,
				  .count = count,
				  .conds = arena_array(arena, count,
						       sizeof(*b.conds)) };
	struct kernel_function function = {
		.stream = STREAM_PROCESS_EXEC,
		.stage = PUSHDOWN_BITS,
		.name = what->name,
		.record = catalog_stream(STREAM_PROCESS_EXEC)->record,
		.out = what->out,
	};
	struct kernel_ir *ir = arena_alloc(arena, sizeof(*ir));
	struct ebpf_code code;
	int r;

	if (!b.conds || !ir)
		return err_nomem(err);
	for (;;) {
		uint64_t cost = 0;

		r = build(&b, &cost, err);
		if (r)
			return r;
		r = cost > 4 * PUSHDOWN_INSNS_MAX ?
			    EBPF_TOO_FAR :
			    generate(&b, what->out_bytes, ir, &code, err);
		if (r <= 0)
			break;
		shorten(&b, cost);
	}
	if (!r)
		r = make_lines(&b, &code, &function, err);
	if (r)
		return r;
	function.ir = ir;
	note_reads(&function);
	*ret_function = function;
	return 0;
}
