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
		scope;	/* item i is the last row of pattern step i so far */
	bool lost_keys; /* those of PARTITION BY were complained of */
};

static const char *example = "as in PATTERN (A B C) WITHIN INTERVAL '1' MINUTE";

/* How many inputs a step is. */
static unsigned copies(const struct ast_step *step)
{
	return step->least ? step->least : 1;
}

static bool check_pattern(struct binder *b, const struct ast_recognize *ast)
{
	const struct ast_step *last = &ast->steps[ast->step_count - 1];
	unsigned count = 0;

	for (unsigned i = 0; i < ast->step_count; i++) {
		const struct ast_step *step = &ast->steps[i];

		/* Each is small enough to add up once it has been compared. */
		if (copies(step) > AST_STEPS_MAX ||
		    (count += copies(step)) > AST_STEPS_MAX) {
			compilation_error(b->c, step->span, example,
					  "a pattern has at most %d steps, "
					  "where B{2} is two",
					  AST_STEPS_MAX);
			return false;
		}
		for (unsigned k = 0; k < i; k++) {
			if (strcmp(step->name, ast->steps[k].name) != 0)
				continue;
			compilation_error(
				b->c, step->span, "give it a name of its own",
				"'%s' stands twice in the pattern", step->name);
			return false;
		}
	}
	if (count < 2) {
		compilation_error(b->c, ast->steps[0].span, example,
				  "a pattern has at least two steps");
		return false;
	}
	if (ast->steps[0].least && last->least)
		return true;
	compilation_error(b->c,
			  ast->steps[0].least ? last->span : ast->steps[0].span,
			  NULL,
			  "the first and the last step of a pattern cannot be "
			  "optional");
	return false;
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
	bool first = b->rule->input_count == 1, ok = true;

	/* What is wrong with those of all steps was said at the first. */
	if (s->lost_keys && !step->key_count)
		return false;
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

		if (!key || !bind_key_type(b, keys[i]->span, key)) {
			ok = false;
			s->lost_keys |= !step->key_count;
			continue;
		}
		bound->keys[i] = key;
		if (first)
			b->rule->keys[i] =
				(struct plan_output){ bind_key_name(b, keys[i]),
						      key };
		if (!b->rule->keys[i].expr ||
		    key->type == b->rule->keys[i].expr->type)
			continue;
		compilation_error(
			b->c, keys[i]->span,
			"give the step its own PARTITION BY",
			"the key %s of step %s is %s, but that of the "
			"first step is %s",
			bind_quote(b, keys[i]), step->name,
			value_type_name(key->type),
			value_type_name(b->rule->keys[i].expr->type));
		ok = false;
	}
	return ok;
}

/* `index`: of the pattern; its scope is itself and the steps before. */
static bool bind_step(struct sequence *s, const struct ast_step *step,
		      struct scope *scope, unsigned index)
{
	struct binder *b = s->b;
	struct bound_step *bound = &b->rule->steps[b->rule->input_count];
	struct bound_conditions define = { 0 };
	bool ok = bind_row(s, step, &define, &scope->items[index]);

	if (!ok)
		scope->items[index] = (struct scope_item){ .alias = step->name,
							   .derived = true,
							   .unknown = true };
	scope->count = index + 1;
	scope->own = &scope->items[index];
	ok &= bind_keys(s, step, scope, bound);
	if (step->define)
		ok &= bind_term(b, scope, CLAUSE_DEFINE, &define, step->define);
	if (!ok)
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
	bool ok = true;

	CHECK(ast->key_count <= PLAN_KEYS_MAX);
	b->rule->key_count = ast->key_count;
	for (unsigned i = 0; i < ast->step_count; i++) {
		bool same = true;

		/* What is wrong with a copy is wrong with all. */
		for (unsigned n = 0; same && n < copies(&ast->steps[i]); n++)
			same = bind_step(s, &ast->steps[i], &s->scope, i);
		ok &= same;
	}
	b->rule->step_count = b->rule->input_count;
	if (!ast->until)
		return ok;
	b->rule->has_until = true;
	return bind_until(s, ast) && ok;
}

/* The first step's time stands for all: they are in one order. */
static bool check_times(struct sequence *s, const struct ast_recognize *ast)
{
	struct scope first = { .count = 1 };
	unsigned input;
	bool ok;

	first.items[0] = s->scope.items[0];
	first.own = &first.items[0];
	s->b->clause = CLAUSE_ORDER;
	ok = bind_time(s->b, &first, ast->order, "MATCH_RECOGNIZE", &input);
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
	bool ok;

	if (!outputs)
		return false;
	s->scope.own = NULL;
	ok = bind_outputs(b, ast->measures, count, &s->scope, CLAUSE_MEASURE,
			  outputs);
	for (unsigned i = 0; i < rule->key_count; i++) {
		const char *name = rule->keys[i].name;

		if (!name)
			name = bind_key_name(b, ast->keys[i]);
		if (bind_name_taken(outputs, count, name))
			continue;
		outputs[count].name = name;
		outputs[count++].expr = rule->keys[i].expr;
	}
	item->derived = true;
	item->alias = s->ast->alias;
	item->outputs = outputs;
	item->output_count = count;
	return ok;
}

bool bind_recognize(struct binder *b, const struct ast_item *ast,
		    struct scope_item *item)
{
	const struct ast_recognize *recognize = ast->recognize;
	struct sequence s = { .b = b, .ast = ast };
	bool ok;

	bind_unknown(ast, item);
	if (!check_pattern(b, recognize))
		return false;
	b->rule->top = BOUND_SEQUENCE;
	b->rule->range_ns = recognize->within_ns;
	b->rule->steps = compilation_alloc(b->c, TUPLE_INPUTS_MAX,
					   sizeof(*b->rule->steps));
	if (!b->rule->steps)
		return false;
	ok = bind_steps(&s, recognize);
	ok &= check_times(&s, recognize);
	ok &= bind_measures(&s, recognize, item);
	item->unknown = !item->outputs;
	return ok && bind_moment(b, item);
}
