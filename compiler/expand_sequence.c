// SPDX-License-Identifier: Apache-2.0
/*
 * MATCH_RECOGNIZE over views: a variable's rows are those of a stream, so that
 * A.column is A's view's column. In DEFINE a name without a variable is of the
 * step's own row.
 */
#include "compiler/expand_int.h"

#include <string.h>

/* A view's column that is a key goes on under the key's name. */
static bool keys_keep_their_names(const struct ast_recognize *sequence,
				  const struct expand_flat *flat)
{
	for (unsigned i = 0; i < sequence->key_count; i++) {
		const struct ast_expr *key = sequence->keys[i];

		for (unsigned k = 0; k < flat->column_count; k++) {
			const struct ast_output *column = &flat->columns[k];

			if (key->op == AST_NAME &&
			    strcmp(expand_output_name(column), key->text) ==
				    0 &&
			    (column->expr->op != AST_NAME ||
			     strcmp(column->expr->text, key->text) != 0))
				return false;
		}
	}
	return true;
}

/* Rows that a view leaves out would be rows of the sequence. */
bool expand_may_be_sequence(const struct ast_recognize *sequence,
			    const struct expand_flat *flat)
{
	return !flat->where && keys_keep_their_names(sequence, flat);
}

struct sequence {
	struct expander *x;
	const struct expand_scope *scope; /* of the query */
	const struct expand_source *from; /* what the sequence reads */
	struct ast_item item;		  /* stands for any variable's */
	struct expand_scope all;	  /* the variables */
};

/* The stream of a step that DEFINE names one for. */
static void read_step(struct sequence *s, struct ast_step *step,
		      struct expand_source *source)
{
	struct expander *x = s->x;
	struct expand_view view;

	if (!step->stream) {
		source->name = s->from->name;
		source->flat = s->from->flat;
		source->derived = s->from->derived;
		return;
	}
	source->name = step->stream;
	if (!expand_find_view(x, step->stream, s->scope->with, &view))
		return;
	source->flat = expand_flatten(x, &view, step->stream_span);
	if (!expand_ok(x))
		return;
	if (!source->flat) {
		expand_error(x, step->stream_span,
			     "write its stream and its condition",
			     "a step of a sequence reads one stream; the view "
			     "'%s' does more",
			     step->stream);
		return;
	}
	step->stream = source->flat->stream;
	x->changed = true;
}

static void read_steps(struct sequence *s, struct ast_recognize *sequence)
{
	unsigned n = sequence->step_count + (sequence->until != NULL);

	CHECK(n <= EXPAND_SOURCES_MAX);
	for (unsigned i = 0; i < n && expand_ok(s->x); i++) {
		struct ast_step *step = &sequence->steps[i];
		struct expand_source *source = &s->all.sources[s->all.count++];

		*source = (struct expand_source){ .item = &s->item,
						  .alias = step->name,
						  .qualifier = step->name };
		read_step(s, step, source);
		s->all.any_flat |= source->flat != NULL;
	}
}

static struct expand_scope scope_of(const struct sequence *s,
				    const struct expand_source *source,
				    bool bare)
{
	struct expand_scope ret = { .select = s->scope->select,
				    .with = s->scope->with,
				    .count = 1,
				    .own = true,
				    .any_flat = source->flat != NULL };

	ret.sources[0] = *source;
	ret.sources[0].item = &s->item;
	ret.sources[0].bare = bare;
	return ret;
}

static void map_step(struct sequence *s, struct ast_step *step, unsigned i)
{
	const struct expand_source *source = &s->all.sources[i];
	struct expand_scope own = scope_of(s, source, true);
	struct expand_map m = expand_names(s->x, &own);

	step->keys = expand_map_list(&m, step->keys, step->key_count);
	own = scope_of(s, source, false);
	own.outer = &s->all;
	step->define = expand_map_expr(&m, step->define);
	step->define =
		expand_and(s->x, expand_flat_where(s->x, source), step->define);
}

struct ast_recognize *expand_sequence(struct expander *x,
				      const struct expand_scope *scope,
				      const struct expand_source *from,
				      const struct ast_recognize *old)
{
	struct sequence s = { .x = x,
			      .scope = scope,
			      .from = from,
			      .all = { .select = scope->select,
				       .with = scope->with,
				       .own = true } };
	struct ast_recognize *ret = compilation_alloc(x->c, 1, sizeof(*ret));
	/* UNTIL behind the steps. */
	struct ast_step *steps = compilation_alloc(
		x->c, (size_t)old->step_count + 1, sizeof(*steps));
	struct expand_scope first;
	struct expand_map m;

	if (!ret || !steps)
		return NULL;
	*ret = *old;
	ret->steps = steps;
	for (unsigned i = 0; i < old->step_count; i++)
		steps[i] = old->steps[i];
	if (old->until) {
		ret->until = &steps[old->step_count];
		*ret->until = *old->until;
	}
	read_steps(&s, ret);
	first = scope_of(&s, from, true);
	m = expand_names(x, &first);
	ret->keys = expand_map_list(&m, old->keys, old->key_count);
	ret->order = expand_map_expr(&m, old->order);
	m = expand_names(x, &s.all);
	expand_map_outputs(&m, &ret->measures, ret->measure_count);
	for (unsigned i = 0; i < s.all.count && expand_ok(x); i++)
		map_step(&s, &steps[i], i);
	return ret;
}
