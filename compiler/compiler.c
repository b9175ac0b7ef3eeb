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
 *   of the set   plan_check     plan_check.c   what the engine relies on
 *                share_find     share*.c       what rules have in common
 *                subscribe      subscribe.c    what to collect, and by
 *                               pushdown*.c ...  which kernel program
 *
 * A pass of a rule is not run when one before it complained of that rule; the
 * passes of the set at the end are not run when any did.
 */
#include "compiler/compiler.h"

#include "compiler/bind.h"
#include "compiler/bounds.h"
#include "compiler/expand.h"
#include "compiler/lower.h"
#include "compiler/order.h"
#include "compiler/parse.h"
#include "compiler/plan_check.h"
#include "compiler/share.h"
#include "compiler/source.h"
#include "compiler/subscribe.h"

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
	if (bind_rule(c, bound, rule->ast)) {
		rule->bound = bound->items[bound->count - 1];
		for (unsigned i = first; i < bound->count; i++) {
			bind_check(bound->items[i]);
			if (!lower_rule(c, bound->items[i]) ||
			    !bounds_set(c, bound->items[i]))
				break;
		}
	}
	c->rule = NULL;
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
			struct plan *plan)
{
	struct plan_rule *rules =
		compilation_alloc(c, bound->count, sizeof(*rules));

	if (!rules)
		return;
	for (unsigned i = 0; i < bound->count; i++) {
		struct bound_rule *rule = bound->items[i];
		struct plan_rule *placed = &rules[plan->rule_count];

		if (!rule->enabled)
			continue;
		*placed = *rule->plan;
		rule->plan = placed;
		if (!place_inputs(c, rule, placed))
			return;
		plan->rule_count++;
	}
	plan->rules = rules;
}

/* In the order of the text; NULL: complained of that rule. */
static const struct ast_rule **expand_all(struct compilation *c,
					  const struct ast_program *asts)
{
	const struct ast_rule **ret =
		compilation_alloc(c, asts->rule_count, sizeof(*ret));
	bool changed;

	for (unsigned i = 0; ret && i < asts->rule_count && !c->nomem; i++) {
		c->rule = asts->rules[i]->name;
		ret[i] = expand_rule(c, asts, asts->rules[i], &changed);
	}
	c->rule = NULL;
	return ret;
}

static const struct plan *compile_rules(struct compilation *c,
					const struct ast_program *asts)
{
	struct plan *plan = compilation_alloc(c, 1, sizeof(*plan));
	struct bound_rules bound = { 0 };
	struct ordered_rule **ordered;
	unsigned count;

	ordered = order_rules(c, asts, expand_all(c, asts), &count);
	if (!plan || !ordered)
		return NULL;
	for (unsigned i = 0; i < count && !c->nomem; i++)
		compile_rule(c, &bound, ordered[i]);
	if (!c->nomem && !c->diagnostics->error_count)
		place_rules(c, &bound, plan);
	if (!plan->rule_count && !c->diagnostics->error_count && !c->nomem)
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

int compile(struct arena *arena, const struct compile_source *sources,
	    unsigned source_count, struct diagnostics *diagnostics,
	    struct program **ret_program, struct err *err)
{
	struct compilation c = { .arena = arena, .diagnostics = diagnostics };
	struct program *program = compilation_alloc(&c, 1, sizeof(*program));
	struct ast_program program_ast = { 0 };
	int r;

	parse_all(&c, sources, source_count, &program_ast);
	if (!c.nomem)
		expand_check(&c, &program_ast);
	if (!c.nomem && program_ast.rule_count)
		program->plan = compile_rules(&c, &program_ast);
	if (c.nomem)
		return nomem(arena, err);
	if (diagnostics->error_count)
		return COMPILE_REJECTED;
	CHECK(!plan_check(program->plan));
	r = share_find(arena, program->plan, &program->share, err);
	if (!r)
		r = subscribe(arena, program, err);
	if (r)
		return r;
	*ret_program = program;
	return COMPILE_OK;
}
