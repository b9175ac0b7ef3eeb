// SPDX-License-Identifier: Apache-2.0
/*
 * The passes, in order:
 *
 *   of a source  source_check   source.c       bytes: size, UTF-8
 *                parse_source   parse*.c       text to syntax trees
 *   of the set   expand_check   expand_check.c each name says one thing
 *   of a rule    expand_rule    expand*.c      views, lists, joins put in place
 *                bind_rule      bind.c ...     names, types; subqueries inlined
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
			 const struct ast_program *program,
			 const struct ast_rule *ast)
{
	unsigned first = bound->count;
	bool changed;

	c->rule = ast->name;
	ast = expand_rule(c, program, ast, &changed);
	if (ast && bind_rule(c, bound, ast))
		for (unsigned i = first; i < bound->count; i++)
			if (!lower_rule(c, bound->items[i]) ||
			    !bounds_set(c, bound->items[i]))
				break;
	c->rule = NULL;
}

/* Where the rule that was lowered into `plan` went; NULL: it is disabled. */
static const struct plan_rule *place_of(const struct bound_rules *bound,
					const struct plan_rule *rules,
					const struct plan_rule *plan)
{
	for (unsigned i = 0; i < bound->count; i++) {
		if (bound->items[i]->plan == plan)
			return bound->items[i]->enabled ? rules : NULL;
		rules += bound->items[i]->enabled;
	}
	CHECK(!"a rule reads one of the set");
	return NULL;
}

static void place_inputs(struct compilation *c, const struct bound_rules *bound,
			 const struct plan_rule *rules,
			 const struct bound_rule *from, struct plan_rule *rule)
{
	const struct plan_rule **placed = compilation_alloc(
		c, rule->input_count, sizeof(struct plan_rule *));

	for (unsigned i = 0; placed && i < rule->input_count; i++) {
		const struct plan_rule *read = rule->input_rules[i];

		if (!read)
			continue;
		placed[i] = place_of(bound, rules, read);
		if (!placed[i])
			compilation_error(c, from->inputs[i].span,
					  "set enabled = TRUE there, or FALSE "
					  "here",
					  "rule '%s' reads the matches of '%s',"
					  " which is not enabled",
					  from->ast->name, read->name);
	}
	rule->input_rules = placed;
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

	for (unsigned i = 0; rules && i < bound->count; i++) {
		struct plan_rule *rule = &rules[plan->rule_count];

		if (!bound->items[i]->enabled)
			continue;
		*rule = *bound->items[i]->plan;
		place_inputs(c, bound, rules, bound->items[i], rule);
		plan->rule_count++;
	}
	plan->rules = rules;
}

static const struct plan *compile_rules(struct compilation *c,
					const struct ast_program *asts)
{
	struct plan *plan = compilation_alloc(c, 1, sizeof(*plan));
	struct bound_rules bound = { 0 };

	if (!plan)
		return NULL;
	for (unsigned i = 0; i < asts->rule_count && !c->nomem; i++)
		compile_rule(c, &bound, asts, asts->rules[i]);
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
