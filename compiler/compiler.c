// SPDX-License-Identifier: Apache-2.0
/*
 * The passes, in order:
 *
 *   of a source  source_check   source.c       bytes: size, UTF-8
 *                parse_source   parse*.c       text to syntax trees
 *   of the set   expand_check   expand_check.c each name says one thing
 *   of a rule    expand_rule    expand*.c      views, lists, joins put in place
 *   of the set   order_rules    order.c        each after those that it reads
 *   of a rule    bind_rule      bind*.c        names, types; blocks
 *                               type*.c ...
 *                lower_rule     lower*.c       the stream plan; folds on the way
 *                bounds_set     bounds.c       how much state it may hold
 *   of the set   leave_out      leave_out.c    what this machine cannot run
 *   of the set   view_check     view_check.c   what of a view no rule reads
 *   of the set   plan_check     plan_check.c   what the engine relies on
 *                share_find     share*.c       what rules have in common
 *                subscribe      subscribe.c    what to collect, and by
 *                               pushdown*.c ...  which kernel program
 *                task_list      task.c         the same for another process
 *
 * A pass of a rule is not run when one before it complained of that rule; the
 * passes of the set at the end are not run when any did.
 */
#include "compiler/compiler.h"

#include "compiler/bind.h"
#include "compiler/bounds.h"
#include "compiler/dump.h"
#include "compiler/expand.h"
#include "compiler/leave_out.h"
#include "compiler/lower.h"
#include "compiler/order.h"
#include "compiler/parse.h"
#include "compiler/plan_check.h"
#include "compiler/print.h"
#include "compiler/share.h"
#include "compiler/source.h"
#include "compiler/subscribe.h"
#include "compiler/task.h"
#include "compiler/view_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void parse_all(struct compilation *c,
		      const struct compile_source *sources,
		      unsigned source_count, struct ast_program *rules)
{
	for (unsigned i = 0; i < source_count; i++)
		if (source_check(c, &sources[i], i))
			parse_source(c, &sources[i], i, rules);
	if (rules->rule_count || c->diagnostics->error_count || c->nomem)
		return;
	compilation_error(c, (struct span){ 0 },
			  "a rule is CREATE RULE name AS SELECT ...; or just "
			  "SELECT ...;",
			  "there is no rule");
}

/* Those behind `first`, the last of which is the rule's own. */
static void lower_blocks(struct compilation *c, struct bound_rules *bound,
			 unsigned first)
{
	for (unsigned i = first; i < bound->count; i++) {
		if (!bound->items[i]->damaged)
			bind_check(bound->items[i]);
		if (!lower_rule(c, bound->items[i]) ||
		    !bounds_set(c, bound->items[i]))
			break;
	}
}

/* A rule that is not enabled is checked all the same. */
static void compile_rule(struct compilation *c, struct bound_rules *bound,
			 struct ordered_rule *rule)
{
	unsigned first = bound->count;
	const struct bound_rule **sources =
		compilation_alloc(c, rule->source_count, sizeof(*sources));

	if (!sources)
		return;
	bound->sources = sources;
	bound->source_count = 0;
	for (unsigned i = 0; i < rule->source_count; i++)
		if (rule->sources[i]->bound)
			sources[bound->source_count++] =
				rule->sources[i]->bound;
	c->rule = rule->ast->name;
	c->all_pattern_edges += c->pattern_edges;
	c->pattern_edges = 0;
	bind_rule(c, bound, rule->ast);
	if (bound->count > first) {
		struct bound_rule *own = bound->items[bound->count - 1];

		own->rewritten = rule->changed;
		c->no_warnings = own->damaged;
		lower_blocks(c, bound, first);
		c->no_warnings = false;
		if (own->damaged)
			bound->count = first;
		else
			rule->bound = own;
	}
	c->rule = NULL;
}

/* Where it differs from what was written, for explain. */
static const char *expanded_text(struct compilation *c,
				 const struct bound_rule *rule)
{
	struct buf text = BUF_INIT;

	if (!rule->rewritten)
		return NULL;
	print_select(&text, rule->ast->select);
	return compilation_take(c, &text);
}

/* Where the rules are that a placed rule reads: each was placed before it. */
static bool place_inputs(struct compilation *c, const struct bound_rule *bound,
			 struct plan_rule *placed)
{
	const struct plan_rule **inputs =
		compilation_alloc(c, bound->input_count, sizeof(*inputs));

	if (!inputs)
		return false;
	for (unsigned i = 0; i < bound->input_count; i++)
		if (bound->inputs[i].source)
			inputs[i] = bound->inputs[i].source->plan;
	placed->input_rules = inputs;
	return true;
}

/*
 * Rules read each other's matches by address: the plan's array is made when it
 * is known how many there are, and then the addresses become places in it.
 */
static void place_rules(struct compilation *c, const struct bound_rules *bound,
			struct program *program, struct plan *plan)
{
	struct plan_rule *rules =
		compilation_alloc(c, bound->count, sizeof(*rules));
	const char **expanded =
		compilation_alloc(c, bound->count, sizeof(const char *));

	if (!rules || !expanded)
		return;
	for (unsigned i = 0; i < bound->count; i++) {
		struct bound_rule *rule = bound->items[i];
		struct plan_rule *placed = &rules[plan->rule_count];

		if (!rule->enabled || rule->left_out)
			continue;
		*placed = *rule->plan;
		rule->plan = placed;
		if (!place_inputs(c, rule, placed))
			return;
		expanded[plan->rule_count++] = expanded_text(c, rule);
	}
	plan->rules = rules;
	program->expanded = expanded;
}

static bool expand_all(struct compilation *c, struct dump_state *state)
{
	const struct ast_program *asts = &state->ast;

	state->expanded = compilation_alloc(c, asts->rule_count,
					    sizeof(*state->expanded));
	if (!state->expanded)
		return false;
	state->expanded_count = asts->rule_count;
	for (unsigned i = 0; i < asts->rule_count && !c->nomem; i++) {
		struct expanded_rule *rule = &state->expanded[i];

		c->rule = asts->rules[i]->name;
		rule->ast =
			expand_rule(c, asts, asts->rules[i], &rule->changed);
	}
	c->rule = NULL;
	return !c->nomem;
}

static const struct plan *compile_rules(struct compilation *c,
					struct dump_state *state,
					struct program *program)
{
	const struct ast_program *asts = &state->ast;
	struct plan *plan = compilation_alloc(c, 1, sizeof(*plan));
	struct bound_rules *bound = &state->bound;
	struct ordered_rule **ordered;
	unsigned count;

	if (!plan || !expand_all(c, state))
		return NULL;
	ordered = order_rules(c, asts, state->expanded, &count);
	if (!ordered)
		return NULL;
	for (unsigned i = 0; i < count && !c->nomem; i++)
		compile_rule(c, bound, ordered[i]);
	if (!c->nomem)
		view_check(c, asts, bound);
	if (c->nomem || c->diagnostics->error_count)
		return plan;
	program->left_out_count = leave_out(c, bound, state->options);
	place_rules(c, bound, program, plan);
	if (!plan->rule_count && !program->left_out_count && !c->nomem)
		compilation_error(c, asts->rules[0]->name_span, NULL,
				  "no rule is enabled");
	return plan;
}

static int nomem(const struct arena *arena, struct err *err)
{
	return err_set(err, ERR_USAGE, -ENOMEM,
		       "the rules need more than %zu MiB of memory to compile",
		       arena->limit_bytes >> 20);
}

static int run_passes(struct compilation *c, struct dump_state *state,
		      struct program *program, struct err *err)
{
	struct ast_program *asts = &state->ast;
	int r;

	parse_all(c, state->sources, state->source_count, asts);
	if (!c->nomem)
		expand_check(c, asts);
	if (!c->nomem && asts->rule_count)
		program->plan = compile_rules(c, state, program);
	if (c->nomem)
		return nomem(c->arena, err);
	if (c->diagnostics->error_count)
		return program->left_out_count ? COMPILE_LACKING :
						 COMPILE_REJECTED;
	CHECK(!plan_check(program->plan));
	r = share_find(c->arena, program->plan, &program->share, err);
	if (r)
		return r;
	CHECK(!share_check(program->share));
	r = subscribe(c->arena, program, err);
	return r ? r : task_list(c->arena, program, err);
}

int compile(struct arena *arena, const struct compile_source *sources,
	    unsigned source_count, const struct compile_options *options,
	    struct diagnostics *diagnostics, struct program **ret_program,
	    struct err *err)
{
	struct compilation c = { .arena = arena, .diagnostics = diagnostics };
	struct program *program = compilation_alloc(&c, 1, sizeof(*program));
	struct dump_state state = { .sources = sources,
				    .source_count = source_count,
				    .program = program,
				    .options = options };
	int r;

	if (!program)
		return nomem(arena, err);
	r = run_passes(&c, &state, program, err);
	if (r >= 0 && options && options->dump)
		dump(options->dump, &state, arena, options->out);
	if (r == COMPILE_OK)
		*ret_program = program;
	return r;
}
