// SPDX-License-Identifier: Apache-2.0
/* What runs where, for people. */
#include "compiler/compiler.h"
#include "compiler/interval.h"
#include "compiler/plan_print.h"
#include "compiler/subscribe.h"

#include <inttypes.h>
#include <string.h>

#define LINE_COLUMNS 76

static const struct kernel_function *function_of(const struct program *program,
						 enum stream_id stream)
{
	for (unsigned i = 0; i < program->function_count; i++)
		if (program->functions[i].stream == stream)
			return &program->functions[i];
	return NULL;
}

/* Column names, wrapped; `at` is where the line stands. */
static void put_columns(struct buf *out, const struct stream *stream,
			const uint64_t columns[4])
{
	const size_t indent = 18;
	size_t at = indent;
	bool first = true;

	buf_puts(out, "         columns: ");
	for (unsigned i = 0; i < catalog_column_count(stream); i++) {
		const char *name = catalog_column_at(stream, i)->name;

		if (!(columns[i / 64] >> i % 64 & 1))
			continue;
		buf_puts(out, first ? "" : ", ");
		at += strlen(name) + 2;
		if (at > LINE_COLUMNS) {
			buf_printf(out, "\n%*s", (int)indent, "");
			at = indent + strlen(name) + 2;
		}
		buf_puts(out, name);
		first = false;
	}
	buf_putc(out, '\n');
}

static const char *collection(const struct program *program,
			      enum stream_id stream)
{
	if (STREAM_IS_LIFECYCLE(stream))
		return "every event, for the process table";
	if (stream == STREAM_PROCESS)
		return "what changes in the process table";
	if (program->subscriptions[stream].has_predicate)
		return "filtered in the kernel";
	return "every event";
}

static void put_streams(struct buf *out, const struct program *program,
			const struct plan_rule *rule)
{
	buf_puts(out, "  reads\n");
	for (unsigned i = 0; i < rule->input_count; i++) {
		enum stream_id id = rule->input_streams[i];
		const struct stream *stream = catalog_stream(id);
		const char *blocker =
			program->subscriptions[id].accept_all_rule;
		uint64_t columns[4] = { 0 };

		buf_printf(out, "    %-4s %s: %s", rule->input_names[i],
			   stream->name, collection(program, id));
		if (blocker)
			buf_printf(out, ", as rule %s asks for all", blocker);
		buf_putc(out, '\n');
		subscribe_columns(rule, i, columns);
		put_columns(out, stream, columns);
	}
}

static void put_term(struct buf *out, const char *where,
		     const struct expr *expr, const struct expr_names *names,
		     const char *reason)
{
	buf_printf(out, "    %-11s ", where);
	expr_print(out, expr, names);
	if (reason)
		buf_printf(out, "\n                -- %s", reason);
	buf_putc(out, '\n');
}

static void put_user_terms(struct buf *out, const struct expr *expr,
			   const struct expr_names *names, const char *reason)
{
	if (expr->op == EXPR_AND) {
		for (unsigned i = 0; i < expr->arg_count; i++)
			put_user_terms(out, expr->args[i], names, reason);
		return;
	}
	put_term(out, "user space", expr, names, reason);
}

/* The conditions on one stream alone, and who decides each. */
static void put_scan_terms(struct buf *out, const struct program *program,
			   const struct plan_rule *rule,
			   const struct plan_node *scan)
{
	const struct expr_names names = plan_rule_names(rule);
	const struct kernel_function *function =
		function_of(program, scan->stream);
	bool told = false;

	if (!scan->predicate)
		return;
	for (unsigned i = 0; function && i < function->term_count; i++) {
		const struct pushdown_term *term = &function->terms[i];

		if (strcmp(term->rule, rule->name) != 0 ||
		    !(term->expr->op == EXPR_CONST ||
		      subscribe_reads(term->expr, scan->input)))
			continue;
		put_term(out, term->in_kernel ? "kernel" : "user space",
			 term->expr, &names, term->reason);
		told = true;
	}
	if (!told)
		put_user_terms(out, scan->predicate, &names,
			       STREAM_IS_LIFECYCLE(scan->stream) ?
				       "process events are never filtered: "
				       "they feed the process table" :
				       NULL);
}

static void put_node_terms(struct buf *out, const struct program *program,
			   const struct plan_rule *rule,
			   const struct plan_node *node)
{
	const struct expr_names names = plan_rule_names(rule);

	if (node->kind == PLAN_SCAN) {
		put_scan_terms(out, program, rule, node);
		return;
	}
	for (unsigned i = 0; i < 2; i++)
		if (node->child[i])
			put_node_terms(out, program, rule, node->child[i]);
	if (node->predicate)
		put_user_terms(out, node->predicate, &names,
			       node->kind == PLAN_JOIN ?
				       "needs both sides of the join" :
				       "needs the count");
}

static bool has_conditions(const struct plan_node *node)
{
	return node && (node->predicate || has_conditions(node->child[0]) ||
			has_conditions(node->child[1]));
}

static const char *emit_text(const struct plan_rule *rule)
{
	if (rule->emit == PLAN_EMIT_EVERY)
		return "every match";
	return rule->root->kind == PLAN_JOIN ?
		       "the first match of each left row" :
		       "when a key rises over the threshold";
}

static void put_emit(struct buf *out, const struct plan_rule *rule)
{
	buf_printf(out, "  emits %s", emit_text(rule));
	if (rule->suppress_ns) {
		buf_puts(out, ", then mutes the same ");
		for (unsigned i = 0; i < rule->key_count; i++)
			buf_printf(out, "%s%s", i ? ", " : "",
				   rule->keys[i].name);
		buf_puts(out, rule->key_count ? " for " : "rule for ");
		interval_print(out, rule->suppress_ns);
	}
	buf_printf(out, "%s\n",
		   rule->suppress_on_gap ? "; nothing where events were lost" :
					   "; marked where events were lost");
}

static bool has_state(const struct plan_node *node)
{
	return node && (node->kind == PLAN_JOIN || node->kind == PLAN_COUNT ||
			has_state(node->child[0]) || has_state(node->child[1]));
}

static void put_state(struct buf *out, const struct plan_rule *rule)
{
	const uint64_t kib = PLAN_STATE_BYTES_MAX / 1024;

	if (has_state(rule->root))
		buf_printf(out,
			   "  keeps at most %" PRIu64
			   " KiB of state, which all rules share\n",
			   kib);
	else if (rule->suppress_ns)
		buf_printf(out,
			   "  keeps at most %u muted keys, in the %" PRIu64
			   " KiB of state that all rules share\n",
			   PLAN_MARKS_MAX, kib);
	else
		buf_puts(out, "  keeps no state\n");
}

static void explain_rule(struct buf *out, const struct program *program,
			 const struct plan_rule *rule)
{
	buf_printf(out, "rule %s, severity %s", rule->name, rule->severity);
	if (*rule->attack)
		buf_printf(out, ", ATT&CK %s", rule->attack);
	buf_putc(out, '\n');
	if (*rule->description)
		buf_printf(out, "  %s\n", rule->description);
	put_streams(out, program, rule);
	if (has_conditions(rule->root)) {
		buf_puts(out, "  conditions\n");
		put_node_terms(out, program, rule, rule->root);
	}
	buf_puts(out, "  plan\n");
	plan_node_print(out, rule, rule->root, 2);
	put_emit(out, rule);
	put_state(out, rule);
	buf_putc(out, '\n');
}

static void explain_function(struct buf *out,
			     const struct kernel_function *function)
{
	buf_printf(out, "stream %s, ", catalog_stream(function->stream)->name);
	if (!function->insns) {
		buf_puts(out, "no kernel predicate: every event is wanted\n\n");
		return;
	}
	buf_printf(out, "kernel predicate %s: %u instructions\n",
		   function->name, function->insn_count);
	kernel_function_print(function, out);
	buf_putc(out, '\n');
}

void explain(const struct program *program, struct buf *out)
{
	for (unsigned i = 0; i < program->plan->rule_count; i++)
		explain_rule(out, program, &program->plan->rules[i]);
	for (unsigned i = 0; i < program->function_count; i++)
		explain_function(out, &program->functions[i]);
	for (unsigned i = 0; i < STREAM_COUNT; i++)
		if (program->subscriptions[i].wanted && STREAM_IS_LIFECYCLE(i))
			buf_printf(out,
				   "stream %s, every event: it feeds the "
				   "process table\n",
				   catalog_stream(i)->name);
}
