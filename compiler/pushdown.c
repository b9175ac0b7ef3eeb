// SPDX-License-Identifier: Apache-2.0
/*
 * Pushdown, from the top: all rules' conditions on one stream become one
 * condition (OR of the rules), that becomes kernel IR, and that eBPF.
 *
 * For each part of a rule two questions can be asked: when may it be TRUE, and,
 * below a NOT, when may it be FALSE. walk() turns the one into the other at
 * NOT, so a term that the kernel cannot decide is taken to hold either way.
 *
 * A record whose path is cut passes as soon as some term asks for a path.
 *
 * When the function would be too long, long texts are tested in part. When
 * that is not enough, the most expensive terms are taken to hold too, first
 * those whose rule still has another term to filter by.
 */
#include "compiler/ebpf.h"
#include "compiler/plan_print.h"
#include "compiler/pushdown_process.h"
#include "user/base/check.h"

#include <errno.h>
#include <stdlib.h>

#define LINE_TEXT_MAX 200

struct builder {
	struct arena *arena;
	const struct stream *stream;
	enum pushdown_stage stage;
	const struct pushdown_input *inputs;
	unsigned input_count;
	struct process_term_table *process;
	struct path_set_list *sets; /* NULL: none */
	uint64_t *hints;	    /* HINT: the answer */
	const char **texts;	    /* HINT: the inputs' */
	unsigned sets_before;	    /* of other streams */
	struct cond_set set;
	struct pushdown_term *terms;
	uint32_t *costs;  /* of each term, 0: nothing in the kernel */
	uint32_t *owners; /* which input it belongs to */
	bool *dropped;
	unsigned term_count;
	unsigned next; /* the term that walk() comes to next */
	bool brief;    /* long texts are tested in part */
	bool exact;
	const char *accept_all_rule;
	const struct kernel_ir *ir; /* of what fitted */
};

static bool is_logic(const struct expr *expr)
{
	return expr->op == EXPR_AND || expr->op == EXPR_OR ||
	       expr->op == EXPR_NOT;
}

/* Does a bit of the process, or of its parent, decide it? */
static bool is_process(const struct builder *b, const struct expr *expr)
{
	enum process_scope scope =
		b->process ? process_scope(expr) : PROCESS_SCOPE_OTHER;

	return scope == PROCESS_SCOPE_OWN || scope == PROCESS_SCOPE_PARENT;
}

static unsigned count_terms(const struct builder *b, const struct expr *expr)
{
	unsigned count = 0;

	if (!is_logic(expr) || is_process(b, expr))
		return 1;
	for (unsigned i = 0; i < expr->arg_count; i++)
		count += count_terms(b, expr->args[i]);
	return count;
}

/* Does it ask for a path, or whether one was cut? */
static bool reads_path(const struct builder *b, const struct expr *expr)
{
	const struct column *column = column_of(&b->set, expr);
	bool reads = column &&
		     (column->wire == WIRE_PATH || column->id == COL_truncated);

	for (unsigned i = 0; i < expr->arg_count; i++)
		reads = reads || reads_path(b, expr->args[i]);
	return reads;
}

static struct leaf process_leaf(struct builder *b, const struct expr *expr,
				bool wanted, unsigned *ret_bit)
{
	struct leaf leaf = {
		.cond = process_cond(&b->set, b->process, expr, wanted,
				     ret_bit),
		.reason = "decided once for a process, see its terms",
	};

	return leaf;
}

/* Before the path is read. */
static struct leaf early_leaf(struct builder *b, const struct expr *expr,
			      bool wanted)
{
	struct leaf leaf = leaf_undecided("the path is not read yet");

	if (wanted)
		leaf.cond = name_cond(&b->set, expr);
	return leaf;
}

/* `shown` is the term with its NOT, if it has one. */
static const struct cond *term_cond(struct builder *b, unsigned input,
				    const struct expr *expr,
				    const struct expr *shown, bool wanted)
{
	unsigned i = b->next++, bit = 0;
	bool process = is_process(b, expr);
	struct leaf leaf;

	CHECK(i < b->term_count);
	b->set.line = LINE_TERMS + i;
	if (process)
		leaf = process_leaf(b, expr, wanted, &bit);
	else if (b->stage == PUSHDOWN_PRE && reads_path(b, expr))
		leaf = early_leaf(b, expr, wanted);
	else
		leaf = leaf_cond(&b->set, expr,
				 wanted ? WANT_TRUE : WANT_FALSE);
	if (b->dropped[i]) {
		leaf.cond = cond_const(true);
		leaf.reason = "left out: the kernel predicate would be too "
			      "long";
	}
	if (leaf.reason || leaf.reads_path)
		b->exact = false;
	b->costs[i] = leaf.cond->cost;
	b->owners[i] = input;
	b->terms[i] = (struct pushdown_term){ .rule = b->inputs[input].rule,
					      .expr = shown,
					      .in_kernel = !leaf.reason,
					      .in_stage = leaf.cond->cost,
					      .in_process = process,
					      .bit = bit,
					      .reason = leaf.reason };
	return leaf.cond;
}

/* What is always TRUE tests nothing: the terms from `first` on. */
static const struct cond *walked(struct builder *b, unsigned first,
				 const struct cond *cond)
{
	if (cond->kind <= COND_TRUE)
		for (unsigned i = first; i < b->next; i++)
			b->terms[i].in_stage = false;
	return cond;
}

static const struct cond *walk(struct builder *b, unsigned input,
			       const struct expr *expr, bool wanted)
{
	bool conjunction = (expr->op == EXPR_AND) == wanted;
	const struct cond **args;
	unsigned first = b->next;

	if (!is_logic(expr) || is_process(b, expr))
		return term_cond(b, input, expr, expr, wanted);
	if (expr->op == EXPR_NOT) {
		const struct expr *arg = expr->args[0];

		return is_logic(arg) && !is_process(b, arg) ?
			       walk(b, input, arg, !wanted) :
			       term_cond(b, input, arg, expr, !wanted);
	}
	args = arena_array(b->arena, expr->arg_count,
			   sizeof(const struct cond *));
	if (!args) {
		b->set.failed = true;
		return cond_const(true);
	}
	for (unsigned i = 0; i < expr->arg_count; i++)
		args[i] = walk(b, input, expr->args[i], wanted);
	return walked(b, first,
		      cond_join(&b->set, conjunction ? COND_AND : COND_OR, args,
				expr->arg_count, false));
}

/* And one of the slots is alive for the process. */
static const struct cond *after_exec(struct builder *b, const struct cond *cond,
				     uint64_t slots)
{
	struct field half = { .offset = offsetof(struct event_head, join_keys),
			      .size = sizeof(__u32) };
	const struct cond *low, *high = cond_const(false);
	const struct cond **args =
		arena_array(b->arena, 2, sizeof(const struct cond *));

	if (!args) {
		b->set.failed = true;
		return cond;
	}
	b->exact = false;
	b->set.line = LINE_SLOT;
	low = (uint32_t)slots ?
		      cond_bits(&b->set, half, (uint32_t)slots, true) :
		      cond_const(false);
	half.offset += sizeof(__u32);
	if (slots >> 32)
		high = cond_bits(&b->set, half, (uint32_t)(slots >> 32), true);
	args[0] = cond_join2(&b->set, COND_OR, low, high);
	args[1] = cond;
	return cond_join(&b->set, COND_AND, args, 2, false);
}

static int make_texts(struct builder *b, struct err *err)
{
	b->texts = arena_array(b->arena, b->input_count, sizeof(*b->texts));
	for (unsigned i = 0; b->texts && i < b->input_count; i++) {
		const struct expr *expr = b->inputs[i].expr;

		b->texts[i] =
			expr ? plan_expr_text(b->arena, expr, b->stream->alias,
					      b->stream->id) :
			       "";
		if (!b->texts[i])
			return err_nomem(err);
	}
	return b->texts ? 0 : err_nomem(err);
}

/* The condition of the whole from those of the inputs. */
static const struct cond *join_inputs(struct builder *b,
				      const struct cond **args)
{
	if (b->stage == PUSHDOWN_HINT)
		return hint_root(&b->set, args, b->texts, b->input_count,
				 b->hints);
	return cond_join(&b->set, COND_OR, args, b->input_count, false);
}

/* Where a path is cut all may hold. */
static const struct cond *or_path_is_cut(struct builder *b,
					 const struct cond *root)
{
	const struct field none = { .size = 0 };

	if (b->stage != PUSHDOWN_HINT)
		return cond_join2(&b->set, COND_OR, root, path_cut(&b->set));
	return cond_if(&b->set, path_cut(&b->set),
		       cond_mark(&b->set, none, ~0ULL), root);
}

/* Sets are made anew; a hint marks those of the predicate. */
static void begin_sets(struct builder *b)
{
	b->set.sets = b->sets;
	b->set.hint = b->stage == PUSHDOWN_HINT;
	if (b->set.hint)
		sets_unmark(&b->set);
	else if (b->sets)
		b->sets->count = b->sets_before;
}

static int build(struct builder *b, const struct cond **ret_root,
		 struct err *err)
{
	const struct cond **args = arena_array(b->arena, b->input_count,
					       sizeof(const struct cond *));
	const struct cond *root;
	bool takes_all = false;

	if (!args || cond_set_init(&b->set, b->arena, b->stream))
		return err_nomem(err);
	b->set.brief = b->brief;
	begin_sets(b);
	b->next = 0;
	b->exact = true;
	b->accept_all_rule = NULL;
	for (unsigned i = 0; i < b->input_count; i++) {
		const struct pushdown_input *input = &b->inputs[i];

		takes_all |= !input->expr && !input->slots;
		args[i] = input->expr ? walk(b, i, input->expr, true) :
					cond_const(true);
		if (input->slots)
			args[i] = after_exec(b, args[i], input->slots);
		if (args[i]->kind == COND_TRUE && !b->accept_all_rule)
			b->accept_all_rule = input->rule;
	}
	root = cond_factor(&b->set, join_inputs(b, args));
	b->set.line = LINE_SEARCH;
	root = cond_group(&b->set, root);
	b->set.line = LINE_CUT;
	if (b->set.reads_path && root->kind != COND_TRUE)
		root = or_path_is_cut(b, root);
	if (b->set.failed)
		return err_nomem(err);
	if (takes_all)
		b->exact = true;
	*ret_root = root;
	return 0;
}

struct price {
	uint32_t cost;
	uint32_t term;
};

static int dearest_first(const void *a, const void *b)
{
	const struct price *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost > y->cost ? -1 : 1;
	return x->term < y->term ? -1 : x->term > y->term;
}

/*
 * Leave out terms of `excess` instructions, the dearest first, as long as their
 * rules keep another term. Where none can be spared one is left out all the
 * same: its rule then needs every row, and no other term matters.
 */
static int drop_terms(struct builder *b, uint64_t excess, struct err *err)
{
	uint32_t *kept = arena_array(b->arena, b->input_count, sizeof(*kept));
	struct price *prices =
		arena_array(b->arena, b->term_count, sizeof(*prices));
	uint64_t saved = 0;
	unsigned count = 0;

	if (!kept || !prices)
		return err_nomem(err);
	for (unsigned i = 0; i < b->term_count; i++) {
		if (!b->costs[i])
			continue;
		prices[count++] = (struct price){ b->costs[i], i };
		kept[b->owners[i]]++;
	}
	CHECK(count > 0);
	qsort(prices, count, sizeof(*prices), dearest_first);
	for (unsigned i = 0; i < count && saved < excess; i++) {
		unsigned owner = b->owners[prices[i].term];

		if (kept[owner] < 2)
			continue;
		kept[owner]--;
		b->dropped[prices[i].term] = true;
		saved += prices[i].cost;
	}
	/* Whatever could be spared was: the next round sees if it was enough. */
	if (saved == 0)
		b->dropped[prices[0].term] = true;
	return 0;
}

/* Positive: too long by *ret_excess. */
static int generate(struct builder *b, const struct cond *root,
		    struct ebpf_code *ret_code, uint64_t *ret_excess,
		    struct err *err)
{
	struct ebpf_code code;
	struct kernel_ir *ir = arena_alloc(b->arena, sizeof(*ir));
	int r;

	if (!ir)
		return err_nomem(err);
	if (root->cost > 4 * PUSHDOWN_INSNS_MAX) {
		*ret_excess = root->cost - 4 * PUSHDOWN_INSNS_MAX;
		return 1;
	}
	r = b->stage == PUSHDOWN_HINT ?
		    cond_emit_marks(root, b->stream, b->arena, ir, err) :
		    cond_emit(root, b->stream, b->arena, ir, err);
	if (!r)
		r = ebpf_generate(ir, &code, err);
	if (r < 0)
		return r;
	if (r == EBPF_TOO_FAR || code.count > PUSHDOWN_INSNS_MAX) {
		*ret_excess = r == EBPF_TOO_FAR ?
				      PUSHDOWN_INSNS_MAX :
				      code.count - PUSHDOWN_INSNS_MAX;
		return 1;
	}
	*ret_code = code;
	b->ir = ir;
	return 0;
}

/* The SQL of a term on one line. */
static const char *term_text(struct builder *b, const struct expr *expr)
{
	const char *text = expr->text;

	if (!text)
		text = plan_expr_text(b->arena, expr, b->stream->alias,
				      b->stream->id);
	if (text && strlen(text) > LINE_TEXT_MAX)
		text = arena_printf(b->arena, "%.*s ...", LINE_TEXT_MAX, text);
	return text ? plan_text_line(b->arena, text) : NULL;
}

static const char *line_text(struct builder *b, uint32_t line)
{
	if (line == LINE_ENTRY)
		return "a record that is not there passes";
	if (line == LINE_KEEP)
		return "keep";
	if (line == LINE_DROP)
		return "drop";
	if (line == LINE_SEARCH)
		return "which of the values it could be";
	if (line == LINE_SLOT)
		return "after an exec of the process that a join wants";
	if (line == LINE_MARK)
		return "whose rules may use it";
	if (line == LINE_DONE)
		return "done";
	if (line == LINE_CUT)
		return "a path that is not whole passes";
	return term_text(b, b->terms[line - LINE_TERMS].expr);
}

static int make_lines(struct builder *b, const struct ebpf_code *code,
		      struct kernel_function *function, struct err *err)
{
	struct kernel_line *lines =
		arena_array(b->arena, code->count, sizeof(*lines));
	const char **texts = arena_array(
		b->arena, (size_t)b->term_count + LINE_TERMS, sizeof(*texts));
	unsigned count = 0;

	if (!lines || !texts)
		return err_nomem(err);
	for (unsigned i = 0; i < code->count; i++) {
		uint32_t line = code->lines[i];

		if (i && line == code->lines[i - 1])
			continue;
		if (!texts[line])
			texts[line] = line_text(b, line);
		if (!texts[line])
			return err_nomem(err);
		lines[count++] =
			(struct kernel_line){ .insn = i, .text = texts[line] };
	}
	function->lines = lines;
	function->line_count = count;
	function->insns = code->insns;
	function->insn_count = code->count;
	return 0;
}

/* Nothing runs in the kernel when one rule needs every row. */
static int explain_accept_all(struct builder *b, struct err *err)
{
	const char *reason = arena_printf(
		b->arena, "rule %s needs every event of %s",
		b->accept_all_rule ? b->accept_all_rule : "", b->stream->name);

	if (!reason)
		return err_nomem(err);
	for (unsigned i = 0; i < b->term_count; i++) {
		b->terms[i].in_stage = false;
		/* Nor is what would be tested in part. */
		if (!b->terms[i].in_kernel && !b->costs[i])
			continue;
		b->terms[i].in_kernel = false;
		b->terms[i].reason = reason;
	}
	return 0;
}

static int builder_init(struct builder *b, struct err *err)
{
	for (unsigned i = 0; i < b->input_count; i++)
		if (b->inputs[i].expr)
			b->term_count += count_terms(b, b->inputs[i].expr);
	b->terms = arena_array(b->arena, b->term_count, sizeof(*b->terms));
	b->costs = arena_array(b->arena, b->term_count, sizeof(*b->costs));
	b->owners = arena_array(b->arena, b->term_count, sizeof(*b->owners));
	b->dropped = arena_array(b->arena, b->term_count, sizeof(*b->dropped));
	if (!b->terms || !b->costs || !b->owners || !b->dropped)
		return err_nomem(err);
	return 0;
}

/* Build, and again with shorter, then with fewer terms while it is too long. */
static int build_to_fit(struct builder *b, const struct cond **ret_root,
			struct ebpf_code *ret_code, struct err *err)
{
	unsigned round = 0;

	for (;;) {
		uint64_t excess = 0;
		int r = build(b, ret_root, err);

		if (r || (*ret_root)->kind == COND_TRUE)
			return r;
		r = generate(b, *ret_root, ret_code, &excess, err);
		if (r <= 0)
			return r;
		if (!b->brief) {
			b->brief = true;
			continue;
		}
		/* Shared terms save less than they cost: ask for more. */
		r = drop_terms(b, excess << round, err);
		if (r)
			return r;
		round += round < 16;
	}
}

bool pushdown_has_pre(enum stream_id stream)
{
	const struct stream *s = catalog_stream(stream);

	for (unsigned i = 0; i < catalog_column_count(s); i++)
		if (catalog_column_at(s, i)->wire == WIRE_PATH)
			return true;
	return false;
}

/* What there is to say of a function that has code. */
static int describe(struct builder *b, const struct cond *root,
		    const struct ebpf_code *code,
		    struct kernel_function *function, struct err *err)
{
	function->ir = b->ir;
	note_reads(function);
	for (unsigned i = 0; i < b->input_count; i++)
		function->tests_slots |= b->inputs[i].slots;
	if (b->stage == PUSHDOWN_HINT)
		function->out = "event_hint";
	else
		note_needs(root, &function->needs_terms);
	return make_lines(b, code, function, err);
}

static int finish(struct builder *b, const struct cond *root,
		  const struct ebpf_code *code,
		  struct kernel_function *function, struct err *err)
{
	if (root->kind != COND_TRUE)
		return describe(b, root, code, function, err);
	if (b->stage == PUSHDOWN_HINT)
		return 0;
	if (b->sets)
		b->sets->count = b->sets_before;
	function->accept_all_rule = b->accept_all_rule;
	return explain_accept_all(b, err);
}

int pushdown_stage(const struct pushdown_request *request,
		   struct kernel_function *ret_function, bool *ret_exact,
		   struct err *err)
{
	static const char *const names[] = {
		[PUSHDOWN_PRE] = "pre",
		[PUSHDOWN_PREDICATE] = "predicate",
		[PUSHDOWN_HINT] = "hint",
	};
	struct builder b = { .arena = request->arena,
			     .stream = catalog_stream(request->stream),
			     .stage = request->stage,
			     .inputs = request->inputs,
			     .input_count = request->input_count,
			     .hints = request->hints,
			     .process = request->process };
	struct kernel_function function = { .stream = request->stream,
					    .stage = request->stage };
	struct ebpf_code code = { 0 };
	const struct cond *root = NULL;
	int r;

	/* The first stage does not have the path yet. */
	b.sets = b.stage == PUSHDOWN_PRE ? NULL : request->sets;
	b.sets_before = b.sets ? b.sets->count : 0;
	r = builder_init(&b, err);
	if (!r && b.stage == PUSHDOWN_HINT)
		r = make_texts(&b, err);
	if (!r)
		r = build_to_fit(&b, &root, &code, err);
	if (r)
		return r;
	function.record = b.stream->record;
	function.name =
		arena_printf(b.arena, "%s_%s", names[b.stage], b.stream->ident);
	if (!function.name)
		return err_nomem(err);
	r = finish(&b, root, &code, &function, err);
	if (r)
		return r;
	/* A hint's are the predicate's. */
	if (b.stage != PUSHDOWN_HINT) {
		function.terms = b.terms;
		function.term_count = b.term_count;
	}
	*ret_function = function;
	*ret_exact = b.exact;
	return 0;
}

int pushdown(struct arena *arena, enum stream_id stream,
	     const struct pushdown_input *inputs, unsigned input_count,
	     struct kernel_function *ret_function, bool *ret_exact,
	     struct err *err)
{
	const struct pushdown_request request = { .arena = arena,
						  .stream = stream,
						  .stage = PUSHDOWN_PREDICATE,
						  .inputs = inputs,
						  .input_count = input_count };

	return pushdown_stage(&request, ret_function, ret_exact, err);
}
