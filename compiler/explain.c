// SPDX-License-Identifier: Apache-2.0
/* What runs where, for people: each rule, what rules share, each stream. */
#include "compiler/explain_int.h"

#include "compiler/interval.h"
#include "compiler/plan_print.h"
#include "compiler/plan_walk.h"
#include "compiler/share.h"

#include <string.h>

#define SHARED_MAX 20 /* shown of each kind; the rest is counted */

const struct kernel_function *explain_function_of(const struct program *program,
						  enum stream_id stream,
						  enum pushdown_stage stage)
{
	for (unsigned i = 0; i < program->function_count; i++)
		if (program->functions[i].stream == stream &&
		    program->functions[i].stage == stage)
			return &program->functions[i];
	return NULL;
}

void explain_indent(struct buf *out, struct buf *text, unsigned columns)
{
	const char *line = buf_text(text);

	while (*line) {
		size_t len = strcspn(line, "\n");

		if (len)
			buf_printf(out, "%*s", (int)columns, "");
		buf_put(out, line, len);
		buf_putc(out, '\n');
		line += len + (line[len] == '\n');
	}
}

/* The distinct rules of a run, by their places. */
static void put_sharers(struct buf *out, const struct share_place *places,
			unsigned count)
{
	const struct plan_rule *last = NULL;

	for (unsigned i = 0; i < count; i++) {
		if (places[i].rule == last)
			continue;
		buf_printf(out, "%s%s", last ? ", " : "", places[i].rule->name);
		last = places[i].rule;
	}
}

static void put_shared(struct buf *out, const struct share_place *places,
		       unsigned count)
{
	const struct share_place *first = places;
	const struct plan_rule *rule = first->rule;
	const struct expr_names names = plan_rule_names(rule);

	buf_puts(out, "    ");
	if (first->kind == SHARE_TERM) {
		expr_print(out, first->expr, &names);
		buf_printf(out, " (%s%s)",
			   plan_input_prefix(rule, first->node->input),
			   plan_input_stream(rule, first->node->input));
	} else {
		buf_puts(out, "a part of the plan");
	}
	buf_puts(out, ": ");
	put_sharers(out, places, count);
	buf_putc(out, '\n');
	if (first->kind == SHARE_PART)
		plan_node_print(out, rule, first->node, 3);
}

/* A shared scan is told by its conditions. */
static bool is_told(const struct share_place *place, enum share_kind kind)
{
	return place->kind == kind &&
	       (kind == SHARE_TERM || plan_is_stateful(place->node));
}

static void put_sharing(struct buf *out, const struct share *share,
			enum share_kind kind, const char *what)
{
	unsigned at = 0, n, places = 0, distinct = 0, shared = 0;

	while ((n = share_next(share, &at)) > 0) {
		if (!is_told(&share->places[at - n], kind))
			continue;
		places += n;
		distinct++;
		shared += n > 1;
	}
	if (!places)
		return;
	buf_printf(out, "  %s: %u, of which %u distinct\n", what, places,
		   distinct);
	at = 0;
	for (unsigned told = 0; told < shared && told < SHARED_MAX;) {
		n = share_next(share, &at);
		if (n < 2 || !is_told(&share->places[at - n], kind))
			continue;
		put_shared(out, &share->places[at - n], n);
		told++;
	}
	if (shared > SHARED_MAX)
		buf_printf(out, "    and %u more\n", shared - SHARED_MAX);
}

static void explain_sharing(struct buf *out, const struct program *program)
{
	if (program->plan->rule_count < 2)
		return;
	buf_puts(out, "the rules together\n");
	put_sharing(out, program->share, SHARE_TERM,
		    "conditions on one stream");
	put_sharing(out, program->share, SHARE_PART,
		    "joins, aggregates, sequences");
	buf_putc(out, '\n');
}

/* What the bits of exec_keys() stand for. */
static void explain_slots(struct buf *out, const struct program *program)
{
	if (!program->join_slot_count)
		return;
	buf_puts(out, "execs that other events of their process must follow\n");
	for (unsigned i = 0; i < program->join_slot_count; i++) {
		const struct join_slot *slot = &program->join_slots[i];

		if (!slot->used)
			continue;
		buf_printf(out, "    slot %-3u within ", i);
		interval_print(out, slot->time_to_live_ns);
		buf_printf(out, ", for rule %s: %s\n", slot->rule, slot->text);
	}
	buf_putc(out, '\n');
}

/* What the bits of process_terms() stand for. */
static void explain_terms(struct buf *out, const struct program *program)
{
	if (!program->process_term_count)
		return;
	buf_puts(out, "terms on processes, decided when one executes\n");
	for (unsigned i = 0; i < program->process_term_count; i++) {
		const struct process_term *term = &program->process_terms[i];

		buf_printf(out, "    bit %-4u%s\n", term->bit, term->text);
		if (!term->in_kernel)
			buf_printf(out,
				   "            -- user space clears it: %s\n",
				   term->reason);
	}
	buf_putc(out, '\n');
}

/* The maps that the collector looks a stream's paths up in. */
static void explain_sets(struct buf *out, const struct program *program,
			 enum stream_id stream)
{
	static const char *const kinds[PATH_SET_KIND_COUNT] = {
		[PATH_SET_WHOLE] = "whole",
		[PATH_SET_NAME] = "by its last component",
		[PATH_SET_PREFIX] = "by its beginning",
	};

	for (unsigned i = 0; i < program->path_set_count; i++) {
		const struct path_set *set = &program->path_sets[i];
		unsigned groups = 0;

		if (set->stream != stream)
			continue;
		for (unsigned k = 0; k < set->entry_count; k++)
			if (set->entries[k].group > groups)
				groups = set->entries[k].group;
		buf_printf(
			out,
			"  %s is looked up in a map, %s: %u texts in %u "
			"group%s\n",
			catalog_column_at(catalog_stream(stream), set->column)
				->name,
			kinds[set->kind], set->entry_count, groups,
			groups == 1 ? "" : "s");
	}
}

static void explain_function(struct buf *out, const struct program *program,
			     const struct kernel_function *function)
{
	if (function->stage == PUSHDOWN_HINT)
		return;
	if (function->stage == PUSHDOWN_BITS) {
		buf_printf(out, "%s: %u instructions\n", function->name,
			   function->insn_count);
		kernel_function_print(function, out);
		buf_putc(out, '\n');
		return;
	}
	buf_printf(out, "stream %s, ", catalog_stream(function->stream)->name);
	if (!function->insns) {
		buf_puts(out, "no kernel predicate: every event is wanted\n\n");
		return;
	}
	buf_printf(out, "%s %s: %u instructions\n",
		   function->stage == PUSHDOWN_PRE ? "before the path is read" :
						     "kernel predicate",
		   function->name, function->insn_count);
	if (function->stage == PUSHDOWN_PREDICATE)
		explain_sets(out, program, function->stream);
	kernel_function_print(function, out);
	buf_putc(out, '\n');
}

void explain(const struct program *program, struct buf *out)
{
	for (unsigned i = 0; i < program->plan->rule_count; i++) {
		if (program->plan->rules[i].internal)
			continue;
		explain_rule(out, program, &program->plan->rules[i]);
		buf_putc(out, '\n');
	}
	explain_sharing(out, program);
	explain_terms(out, program);
	explain_slots(out, program);
	for (unsigned i = 0; i < program->function_count; i++)
		explain_function(out, program, &program->functions[i]);
	for (unsigned i = 0; i < STREAM_COUNT; i++)
		if (program->subscriptions[i].wanted && STREAM_IS_LIFECYCLE(i))
			buf_printf(out,
				   "stream %s, every event: it feeds the "
				   "process table\n",
				   catalog_stream(i)->name);
}
