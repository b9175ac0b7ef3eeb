// SPDX-License-Identifier: Apache-2.0
/*
 * MATCH_RECOGNIZE: each step of the pattern is an input, B{2} is two of them,
 * UNTIL is the last. `+` asks for no more than one row and `*` for none: rows
 * between steps are allowed anyway.
 *
 * B.column is of the step's last row, as in SQL (LAST is what a name without
 * FIRST means there).
 */
#include "compiler/bind_block.h"

#include <string.h>

struct sequence {
	struct binder *b;
	const struct ast_item *ast;
	const struct bound_rule
		*source; /* of a subquery that is no one input */
	struct scope
		scope; /* item i is the last row of pattern step i so far */
};

static const char *example = "as in PATTERN (A B C) WITHIN INTERVAL '1' MINUTE";

/* How many inputs a step is. */
static unsigned copies(const struct ast_step *step)
{
	return step->least ? step->least : 1;
}

/* The parser refused what is not so. */
static void check_pattern(const struct ast_recognize *ast)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ast->step_count; i++)
		count += copies(&ast->steps[i]);
	CHECK(count >= 2 && count <= AST_STEPS_MAX);
	CHECK(ast->steps[0].least && ast->steps[ast->step_count - 1].least);
}

/* A row of the step: one input, perhaps with the conditions of a subquery. */
static bool bind_row(struct sequence *s, const struct ast_step *step,
		     struct bound_conditions *define, struct scope_item *item)
{
	struct binder *b = s->b;
	const struct ast_select *select = s->ast->select;
	struct ast_item named = { .select = s->ast->select,
				  .alias = step->name,
				  .span = s->ast->span };
	bool ok;

	*item = (struct scope_item){ 0 };
	if (step->stream)
		return bind_stream(b, step->stream, step->stream_span,
				   step->name, item);
	if (s->ast->stream)
		return bind_stream(b, s->ast->stream, s->ast->span, step->name,
				   item);
	if (block_inlines(select, PLACE_ONE)) {
		b->block->where = define;
		ok = bind_source(b, &named, PLACE_ONE, item);
		b->block->where = NULL;
		return ok;
	}
	if (!s->source)
		s->source = block_internal(b, &named);
	item->alias = step->name;
	return s->source &&
	       bind_matches(b, s->source, step->name, s->ast->span, item);
}

static bool bind_keys(struct sequence *s, const struct ast_step *step,
		      const struct scope *scope, struct bound_step *bound)
{
	struct binder *b = s->b;
	const struct ast_recognize *ast = s->ast->recognize;
	struct ast_expr *const *keys = step->key_count ? step->keys : ast->keys;
	unsigned count = step->key_count ? step->key_count : ast->key_count;
	bool first = b->rule->input_count == 1;

	if (ast->key_count > PLAN_KEYS_MAX) {
		compilation_error(b->c, ast->keys[PLAN_KEYS_MAX]->span, NULL,
				  "PARTITION BY has at most %d keys",
				  PLAN_KEYS_MAX);
		return false;
	}
	if (count != ast->key_count) {
		compilation_error(
			b->c, keys[0]->span,
			"name the columns that are equal, in the same "
			"order",
			"a step has as many keys as the whole "
			"PARTITION BY: %u",
			ast->key_count);
		return false;
	}
	bound->keys = compilation_alloc(b->c, count, sizeof(*bound->keys));
	if (!bound->keys)
		return false;
	b->clause = CLAUSE_KEY;
	for (unsigned i = 0; i < count; i++) {
		const struct expr *key = bind_expr(b, scope, keys[i]);

		if (!key || !bind_key_type(b, keys[i]->span, key))
			return false;
		bound->keys[i] = key;
		if (first)
			b->rule->keys[b->rule->key_count++] =
				(struct plan_output){ bind_key_name(b, keys[i]),
						      key };
		if (key->type == b->rule->keys[i].expr->type)
			continue;
		compilation_error(
			b->c, keys[i]->span,
			"give the step its own PARTITION BY",
			"the key %s of step %s is %s, but that of the "
			"first step is %s",
			bind_quote(b, keys[i]), step->name,
			value_type_name(key->type),
			value_type_name(b->rule->keys[i].expr->type));
		return false;
	}
	return true;
}

/* `index`: of the pattern; its scope is itself and the steps before. */
static bool bind_step(struct sequence *s, const struct ast_step *step,
		      struct scope *scope, unsigned index)
{
	struct binder *b = s->b;
	struct bound_step *bound = &b->rule->steps[b->rule->input_count];
	struct bound_conditions define = { 0 };

	if (!bind_row(s, step, &define, &scope->items[index]))
		return false;
	scope->count = index + 1;
	scope->own = &scope->items[index];
	if (!bind_keys(s, step, scope, bound) ||
	    (step->define &&
	     !bind_term(b, scope, CLAUSE_DEFINE, &define, step->define)))
		return false;
	bound->define = define;
	bound->optional = !step->least;
	return true;
}

/* The first name in it that is of a step's row; NULL: none. */
static const struct ast_expr *name_of_step(const struct ast_recognize *ast,
					   const struct ast_expr *expr)
{
	const struct ast_expr *found = NULL;

	for (unsigned i = 0;
	     expr->op == AST_NAME && expr->qualifier && i < ast->step_count;
	     i++)
		if (strcmp(expr->qualifier, ast->steps[i].name) == 0)
			return expr;
	for (unsigned i = 0; i < expr->arg_count && !found; i++)
		found = name_of_step(ast, expr->args[i]);
	return found;
}

static bool bind_until(struct sequence *s, const struct ast_recognize *ast)
{
	const struct ast_expr *define = ast->until->define;
	const struct ast_expr *name = define ? name_of_step(ast, define) : NULL;
	struct scope scope = { 0 };

	if (!name)
		return bind_step(s, ast->until, &scope, 0);
	compilation_error(s->b->c, name->span,
			  "leave to it what its own row can tell; the keys of "
			  "PARTITION BY are equal anyway",
			  "what ends a sequence (UNTIL) cannot depend on the "
			  "rows of its steps");
	return false;
}

static bool bind_steps(struct sequence *s, const struct ast_recognize *ast)
{
	struct binder *b = s->b;

	for (unsigned i = 0; i < ast->step_count; i++)
		for (unsigned n = 0; n < copies(&ast->steps[i]); n++)
			if (!bind_step(s, &ast->steps[i], &s->scope, i))
				return false;
	b->rule->step_count = b->rule->input_count;
	if (!ast->until)
		return true;
	b->rule->has_until = true;
	return bind_until(s, ast);
}

/* The first step's time stands for all: they are in one order. */
static bool check_times(struct sequence *s, const struct ast_recognize *ast)
{
	struct scope first = { .count = 1 };
	bool ok;

	first.items[0] = s->scope.items[0];
	first.own = &first.items[0];
	s->b->clause = CLAUSE_ORDER;
	ok = bind_time(s->b, &first, ast->order, "MATCH_RECOGNIZE");
	if (ast->within_ns > 0)
		return ok;
	compilation_error(s->b->c, ast->within_span, example,
			  "WITHIN needs an interval above zero");
	return false;
}

static bool bind_measures(struct sequence *s, const struct ast_recognize *ast,
			  struct scope_item *item)
{
	struct binder *b = s->b;
	const struct bound_rule *rule = b->rule;
	unsigned count = ast->measure_count;
	struct plan_output *outputs = compilation_alloc(
		b->c, count + rule->key_count, sizeof(*outputs));

	if (!outputs)
		return false;
	s->scope.own = NULL;
	if (!bind_outputs(b, ast->measures, count, &s->scope, CLAUSE_MEASURE,
			  outputs))
		return false;
	for (unsigned i = 0; i < rule->key_count; i++)
		if (!bind_name_taken(outputs, count, rule->keys[i].name))
			outputs[count++] = rule->keys[i];
	item->derived = true;
	item->alias = s->ast->alias;
	item->outputs = outputs;
	item->output_count = count;
	return true;
}

bool bind_recognize(struct binder *b, const struct ast_item *ast,
		    struct scope_item *item)
{
	const struct ast_recognize *recognize = ast->recognize;
	struct sequence s = { .b = b, .ast = ast };

	check_pattern(recognize);
	b->rule->top = BOUND_SEQUENCE;
	b->rule->range_ns = recognize->within_ns;
	b->rule->steps = compilation_alloc(b->c, TUPLE_INPUTS_MAX,
					   sizeof(*b->rule->steps));
	return b->rule->steps && bind_steps(&s, recognize) &&
	       check_times(&s, recognize) && bind_measures(&s, recognize, item);
}
