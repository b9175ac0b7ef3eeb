// SPDX-License-Identifier: Apache-2.0
/* One rule: what it stands for, reads, asks, keeps and says. */
#include "compiler/explain_int.h"

#include "compiler/bounds.h"
#include "compiler/interval.h"
#include "compiler/plan_print.h"
#include "compiler/plan_walk.h"
#include "compiler/pushdown_process.h"
#include "compiler/subscribe.h"

#include <inttypes.h>
#include <string.h>

#define LINE_COLUMNS 76

/* Column names, wrapped; `at` is where the line stands. */
static void put_columns(struct buf *out, const struct plan_rule *rule,
			unsigned input)
{
	const size_t indent = 18;
	uint64_t columns[4] = { 0 };
	size_t at = indent;
	bool first = true;

	subscribe_columns(rule, input, columns);
	buf_puts(out, "         columns: ");
	for (unsigned i = 0; i < plan_column_count(rule, input); i++) {
		const char *name;

		if (!(columns[i / 64] >> i % 64 & 1))
			continue;
		name = plan_column_name(rule, input, i);
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
	if (STREAM_IS_SECURITY(stream))
		return "every line, from the journal or log files";
	if (program->subscriptions[stream].has_predicate)
		return "filtered in the kernel";
	return "every event";
}

static void put_collection(struct buf *out, const struct program *program,
			   const struct plan_rule *rule, unsigned input)
{
	enum stream_id id = rule->input_streams[input];
	const struct plan_rule *read = rule->input_rules[input];
	const char *blocker, *hook;

	if (read) {
		buf_puts(out, read->internal ? "below" : "that rule's matches");
		return;
	}
	blocker = program->subscriptions[id].accept_all_rule;
	buf_puts(out, collection(program, id));
	if (blocker && strcmp(blocker, rule->name) == 0)
		buf_puts(out, ", as no condition here narrows it");
	else if (blocker)
		buf_printf(out, ", as rule %s asks for all", blocker);
	hook = catalog_hook(id);
	if (hook)
		buf_printf(out, "\n         hook: %s", hook);
}

static void put_reads(struct buf *out, const struct program *program,
		      const struct plan_rule *rule)
{
	buf_puts(out, "  reads\n");
	for (unsigned i = 0; i < rule->input_count; i++) {
		buf_printf(out, "    %-4s %s%s: ", rule->input_names[i],
			   plan_input_prefix(rule, i),
			   plan_input_stream(rule, i));
		put_collection(out, program, rule, i);
		plan_asks_print(out, plan_asks(rule, i));
		buf_putc(out, '\n');
		put_columns(out, rule, i);
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

static const struct pushdown_term *
term_of(const struct kernel_function *function, const struct expr *expr)
{
	for (unsigned i = 0; function && i < function->term_count; i++)
		if (function->terms[i].expr == expr)
			return &function->terms[i];
	return NULL;
}

/*
 * The first part of a condition that the kernel does not decide: with it the
 * whole is not decided there. NULL: there is none. `*ret_told`: any part is
 * known to the kernel's side.
 */
static const struct pushdown_term *
undecided_in(const struct kernel_function *function, const struct expr *expr,
	     bool *ret_told)
{
	const struct pushdown_term *term = term_of(function, expr);
	const struct pushdown_term *found = NULL;
	bool logic = expr->op == EXPR_AND || expr->op == EXPR_OR ||
		     expr->op == EXPR_NOT;

	if (term) {
		*ret_told = true;
		return term->in_kernel ? NULL : term;
	}
	for (unsigned i = 0; logic && i < expr->arg_count && !found; i++)
		found = undecided_in(function, expr->args[i], ret_told);
	return found;
}

/* Is all of a condition tested before the path is read? */
static bool is_early(const struct kernel_function *pre, const struct expr *expr)
{
	const struct pushdown_term *term = term_of(pre, expr);
	bool early = pre && expr->arg_count &&
		     (expr->op == EXPR_AND || expr->op == EXPR_OR ||
		      expr->op == EXPR_NOT);

	if (term)
		return term->in_stage && term->in_kernel;
	for (unsigned i = 0; early && i < expr->arg_count; i++)
		early = is_early(pre, expr->args[i]);
	return early;
}

/* Why no part of what a scan asks is decided in the kernel. */
static const char *reason_of_stream(enum stream_id stream)
{
	if (stream == PLAN_STREAM_MATCHES)
		return "matches are made in user space";
	if (stream == STREAM_PROCESS)
		return "the process table is in user space";
	if (STREAM_IS_SECURITY(stream))
		return "logs are read in user space";
	if (STREAM_IS_LIFECYCLE(stream))
		return "process events are never filtered: they feed the "
		       "process table";
	return NULL;
}

/* `term`: the condition or a part of it, which a bit decides. */
static void put_process_term(struct buf *out, const struct pushdown_term *term,
			     const struct expr *expr,
			     const struct expr_names *names)
{
	bool whole = term->expr == expr;

	put_term(out, whole ? "process" : "kernel", expr, names, NULL);
	buf_printf(out, "                -- %sbit %u of the %s\n",
		   whole ? "" : "with ", term->bit,
		   process_scope(term->expr) == PROCESS_SCOPE_PARENT ?
			   "parent" :
			   "process");
}

/* One term of WHERE on one stream alone, and who decides it. */
static void put_scan_term(struct buf *out, const struct program *program,
			  const struct plan_node *scan, const struct expr *expr,
			  const struct expr_names *names)
{
	const struct kernel_function *function =
		explain_function_of(program, scan->stream, PUSHDOWN_PREDICATE);
	const struct kernel_function *pre =
		explain_function_of(program, scan->stream, PUSHDOWN_PRE);
	const struct pushdown_term *term;
	bool told = false;

	if (expr->op == EXPR_AND) {
		for (unsigned i = 0; i < expr->arg_count; i++)
			put_scan_term(out, program, scan, expr->args[i], names);
		return;
	}
	term = undecided_in(function, expr, &told);
	if (term && term->in_process && term->in_stage) {
		put_process_term(out, term, expr, names);
		return;
	}
	if (told && !term) {
		put_term(out, is_early(pre, expr) ? "kernel, pre" : "kernel",
			 expr, names, NULL);
		return;
	}
	put_term(out, "user space", expr, names,
		 term ? term->reason : reason_of_stream(scan->stream));
}

static void put_scan_terms(struct buf *out, const struct program *program,
			   const struct plan_rule *rule,
			   const struct plan_node *scan)
{
	const struct expr_names names = plan_rule_names(rule);

	if (scan->predicate)
		put_scan_term(out, program, scan, scan->predicate, &names);
}

/* Why the kernel cannot decide what a node asks. */
static const char *reason_of(const struct plan_node *node)
{
	if (node->kind == PLAN_JOIN)
		return "needs both sides of the join";
	if (node->kind == PLAN_GROUP || plan_has(node, PLAN_OVER))
		return "needs the aggregates";
	if (plan_has(node, PLAN_COUNT))
		return "needs the count";
	if (plan_has(node, PLAN_SEQUENCE))
		return "needs the whole sequence";
	return "asks what the join below it chose";
}

/* FIRST_SEEN and EXISTS are terms of WHERE that are nodes of the plan. */
static bool is_term(const struct plan_node *node)
{
	return node->kind == PLAN_FIRST_SEEN ||
	       (node->kind == PLAN_JOIN &&
		(node->join == PLAN_JOIN_SEMI || node->join == PLAN_JOIN_ANTI));
}

static void put_node_term(struct buf *out, const struct plan_rule *rule,
			  const struct plan_node *node,
			  const struct expr_names *names)
{
	unsigned right;

	if (node->kind != PLAN_FIRST_SEEN) {
		right = node->child[1]->input;
		buf_printf(out,
			   "    user space  %sEXISTS (... %s%s %s ...)\n"
			   "                -- needs both sides of the join\n",
			   node->join == PLAN_JOIN_ANTI ? "NOT " : "",
			   plan_input_prefix(rule, right),
			   plan_input_stream(rule, right),
			   rule->input_names[right]);
		return;
	}
	buf_puts(out, "    user space  FIRST_SEEN(");
	for (unsigned i = 0; i < node->key_count; i++) {
		expr_print(out, node->left_keys[i], names);
		buf_puts(out, ", ");
	}
	interval_print(out, node->range_ns);
	buf_puts(out, ")\n                -- needs what was seen before\n");
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
	for (unsigned i = 0; i < plan_child_count(node); i++)
		put_node_terms(out, program, rule, plan_child(node, i));
	for (unsigned i = 0; i < node->step_count; i++)
		if (node->steps[i].predicate)
			put_user_terms(out, node->steps[i].predicate, &names,
				       "needs the rows of earlier steps");
	if (is_term(node))
		put_node_term(out, rule, node, &names);
	if (node->predicate)
		put_user_terms(out, node->predicate, &names, reason_of(node));
}

static bool has_conditions(const struct plan_node *node)
{
	bool has = node->predicate || is_term(node);

	for (unsigned i = 0; i < node->step_count; i++)
		has |= node->steps[i].predicate != NULL;
	for (unsigned i = 0; i < plan_child_count(node); i++)
		has |= has_conditions(plan_child(node, i));
	return has;
}

static const char *emit_text(const struct plan_rule *rule)
{
	if (rule->emit == PLAN_EMIT_FIRST)
		return rule->slot_count ?
			       "when a key rises over the threshold" :
			       "the first match of each left row";
	if (rule->emit == PLAN_EMIT_EVERY)
		return "every match";
	if (plan_has(rule->root, PLAN_GROUP))
		return "when a window is over";
	if (plan_has_join(rule->root, PLAN_JOIN_ANTI))
		return "when no partner can come any more";
	if (plan_has_join(rule->root, PLAN_JOIN_LEFT))
		return "each pair, and what has none when no partner can come "
		       "any more";
	return "every match";
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

/* In the unit in which it is a short number; never less than it is. */
static void put_bytes(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB" };
	unsigned unit = 0;

	while (bytes >= 10240 && unit + 1 < ARRAY_SIZE(units)) {
		bytes = (bytes + 1023) / 1024;
		unit++;
	}
	buf_printf(out, "%" PRIu64 " %s", bytes, units[unit]);
}

/* What the keys and rows could take, and what they are given. */
static void put_node_bytes(struct buf *out, uint64_t bytes)
{
	put_bytes(out, bytes);
	buf_puts(out,
		 bytes > PLAN_STATE_BYTES_MAX ? ", cut to the " : " of the ");
	put_bytes(out, PLAN_STATE_BYTES_MAX);
	buf_puts(out, " that all rules share\n");
}

static void put_node_name(struct buf *out, const struct plan_rule *rule,
			  const struct plan_node *node)
{
	static const char *const names[PLAN_KIND_COUNT] = {
		[PLAN_JOIN] = "rows that wait for a partner in ",
		[PLAN_COUNT] = "the sliding count",
		[PLAN_OVER] = "the sliding aggregates",
		[PLAN_GROUP] = "the groups of open windows",
		[PLAN_SEQUENCE] = "the open chains of the sequence",
		[PLAN_FIRST_SEEN] = "what was seen before",
	};

	CHECK(names[node->kind]);
	buf_puts(out, names[node->kind]);
	if (node->kind == PLAN_JOIN)
		buf_puts(out, rule->input_names[node->child[1]->input]);
}

static void put_node_state(struct buf *out, const struct plan_rule *rule,
			   const struct plan_node *node)
{
	for (unsigned i = 0; i < plan_child_count(node); i++)
		put_node_state(out, rule, plan_child(node, i));
	if (!plan_is_stateful(node))
		return;
	buf_puts(out, "    ");
	put_node_name(out, rule, node);
	buf_puts(out, ", for ");
	interval_print(out, (int64_t)node->horizon_ns);
	buf_printf(out,
		   ":\n      at most %" PRIu32 " keys, %" PRIu32
		   " row%s a key: ",
		   node->keys_max, node->rows_per_key_max,
		   node->rows_per_key_max == 1 ? "" : "s");
	put_node_bytes(out, bounds_bytes(rule, node));
}

static void put_marks(struct buf *out, const struct plan_rule *rule,
		      const char *what)
{
	buf_printf(out, "    %s:\n      at most %u key%s: ", what,
		   rule->key_count ? PLAN_MARKS_MAX : 1,
		   rule->key_count ? "s" : "");
	put_node_bytes(out, bounds_marks_bytes(rule));
}

static void put_state(struct buf *out, const struct plan_rule *rule)
{
	bool marks = rule->suppress_ns || rule->emit == PLAN_EMIT_FIRST;

	if (!plan_has_state(rule->root) && !marks) {
		buf_puts(out, "  keeps no state\n");
		return;
	}
	buf_puts(out, "  keeps\n");
	put_node_state(out, rule, rule->root);
	if (rule->emit == PLAN_EMIT_FIRST)
		put_marks(out, rule, "what was told already");
	if (rule->suppress_ns)
		put_marks(out, rule, "what is muted");
}

static const char *expanded_of(const struct program *program,
			       const struct plan_rule *rule)
{
	return program->expanded ?
		       program->expanded[rule - program->plan->rules] :
		       NULL;
}

static void put_head(struct buf *out, const struct program *program,
		     const struct plan_rule *rule)
{
	const char *expanded = expanded_of(program, rule);
	struct buf text = BUF_INIT;

	buf_puts(out, rule->internal ? "internal rule " : "rule ");
	buf_puts(out, rule->name);
	if (!rule->internal)
		buf_printf(out, ", severity %s", rule->severity);
	if (*rule->attack)
		buf_printf(out, ", ATT&CK %s", rule->attack);
	buf_putc(out, '\n');
	if (*rule->description)
		buf_printf(out, "  %s\n", rule->description);
	if (!expanded)
		return;
	buf_puts(out, "  stands for\n");
	buf_puts(&text, expanded);
	explain_indent(out, &text, 4);
	buf_release(&text);
}

/* One that several inputs read is told once. */
static void put_internal(struct buf *out, const struct program *program,
			 const struct plan_rule *rule)
{
	for (unsigned i = 0; i < rule->input_count; i++) {
		const struct plan_rule *read = rule->input_rules[i];
		struct buf text = BUF_INIT;
		bool told = false;

		for (unsigned k = 0; k < i; k++)
			told |= rule->input_rules[k] == read;
		if (!read || !read->internal || told)
			continue;
		explain_rule(&text, program, read);
		explain_indent(out, &text, 2);
		buf_release(&text);
	}
}

void explain_rule(struct buf *out, const struct program *program,
		  const struct plan_rule *rule)
{
	put_head(out, program, rule);
	put_reads(out, program, rule);
	if (has_conditions(rule->root)) {
		buf_puts(out, "  conditions\n");
		put_node_terms(out, program, rule, rule->root);
	}
	buf_puts(out, "  plan\n");
	plan_node_print(out, rule, rule->root, 2);
	if (!rule->internal)
		put_emit(out, rule);
	put_state(out, rule);
	buf_printf(out, "  costs %s\n",
		   explain_cost_text(explain_cost(program, rule)));
	put_internal(out, program, rule);
}
