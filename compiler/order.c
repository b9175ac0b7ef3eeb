// SPDX-License-Identifier: Apache-2.0
/* A walk in depth over what FROM names; rules of one name were refused before. */
#include "compiler/order.h"

#include "compiler/suggest.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "matches."

struct order {
	struct compilation *c;
	struct ordered_rule **by_name; /* all */
	unsigned count;
	struct ordered_rule **done;
	unsigned done_count;
	struct ordered_rule *path[ORDER_CHAIN_MAX + 1];
	unsigned depth;
};

const char *order_source(const char *stream)
{
	size_t len = strlen(PREFIX);

	return strncmp(stream, PREFIX, len) == 0 ? stream + len : NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct ordered_rule *const *left = a, *const *right = b;

	return strcmp((*left)->ast->name, (*right)->ast->name);
}

static int name_of(const void *key, const void *rule)
{
	const struct ordered_rule *const *right = rule;

	return strcmp(key, (*right)->ast->name);
}

static void unknown_rule(struct order *o, const char *wrong, struct span span)
{
	struct suggest s = suggest_for(wrong);

	if (compilation_is_damaged(o->c, wrong))
		return;
	/* Past those that are kept nobody reads it. */
	for (unsigned i = 0;
	     i < o->count && o->c->diagnostics->error_count < DIAGNOSTICS_MAX;
	     i++)
		suggest_offer(&s, o->by_name[i]->ast->name);
	compilation_error(o->c, span,
			  s.best ? suggest_text(o->c, &s) :
				   "name the folder or the files that have "
				   "both rules",
			  "no rule '%s' whose matches to read", wrong);
}

/* a reads matches.b, which reads matches.a */
static void complain_circle(struct order *o, const struct ordered_rule *first,
			    struct span span)
{
	struct buf text = BUF_INIT;
	const char *circle;
	unsigned i = 0;

	while (o->path[i] != first)
		i++;
	buf_puts(&text, first->ast->name);
	for (; i < o->depth; i++)
		buf_printf(&text, "%s reads " PREFIX "%s",
			   o->path[i] == first ? "" : ", which",
			   i + 1 < o->depth ? o->path[i + 1]->ast->name :
					      first->ast->name);
	circle = compilation_take(o->c, &text);
	compilation_error(o->c, span, "one of them must do without the other",
			  "rules cannot read each other in a circle: %s",
			  circle ? circle : "");
}

static bool visit(struct order *o, struct ordered_rule *rule);

static bool add_source(struct order *o, struct ordered_rule *rule,
		       struct ordered_rule *source)
{
	struct ordered_rule **grown;

	for (unsigned i = 0; i < rule->source_count; i++)
		if (rule->sources[i] == source)
			return true;
	grown = compilation_grow(o->c, rule->sources, rule->source_count,
				 sizeof(*grown));
	if (!grown)
		return false;
	rule->sources = grown;
	rule->sources[rule->source_count++] = source;
	if (source->chain + 1 > rule->chain)
		rule->chain = source->chain + 1;
	return true;
}

/* A rule that was refused makes its readers refused, without a word. */
static bool read_rule(struct order *o, struct ordered_rule *rule,
		      const char *stream, struct span span)
{
	const char *name = order_source(stream);
	struct ordered_rule **found;

	if (!name)
		return true;
	found = bsearch(name, o->by_name, o->count, sizeof(*found), name_of);
	if (!found) {
		unknown_rule(o, name, span);
		return false;
	}
	if ((*found)->state == ORDER_OPEN) {
		complain_circle(o, *found, span);
		return false;
	}
	if (o->depth > ORDER_CHAIN_MAX ||
	    ((*found)->state == ORDER_DONE &&
	     (*found)->chain >= ORDER_CHAIN_MAX)) {
		compilation_error(o->c, span, NULL,
				  "more than %d rules read one another's "
				  "matches",
				  ORDER_CHAIN_MAX);
		return false;
	}
	return visit(o, *found) && add_source(o, rule, *found);
}

static bool read_select(struct order *o, struct ordered_rule *rule,
			const struct ast_select *select);

static bool read_step(struct order *o, struct ordered_rule *rule,
		      const struct ast_step *step)
{
	return !step->stream ||
	       read_rule(o, rule, step->stream, step->stream_span);
}

static bool read_item(struct order *o, struct ordered_rule *rule,
		      const struct ast_item *item)
{
	const struct ast_recognize *recognize = item->recognize;
	bool ok = item->stream ? read_rule(o, rule, item->stream, item->span) :
				 read_select(o, rule, item->select);

	for (unsigned i = 0; recognize && i < recognize->step_count; i++)
		ok &= read_step(o, rule, &recognize->steps[i]);
	if (recognize && recognize->until)
		ok &= read_step(o, rule, recognize->until);
	return ok;
}

/* EXISTS is a term of WHERE; elsewhere it is refused when it is bound. */
static bool read_where(struct order *o, struct ordered_rule *rule,
		       const struct ast_expr *where)
{
	bool ok = true;

	if (!where)
		return true;
	if (where->op == AST_EXISTS)
		return read_select(o, rule, where->select);
	for (unsigned i = 0; where->op == AST_AND && i < where->arg_count; i++)
		ok &= read_where(o, rule, where->args[i]);
	return ok;
}

/* As deep as the parser and the expansion of views let queries be. */
static bool read_select(struct order *o, struct ordered_rule *rule,
			const struct ast_select *select)
{
	bool ok = true;

	for (unsigned i = 0; i < select->item_count; i++)
		ok &= read_item(o, rule, &select->items[i]);
	return read_where(o, rule, select->where) && ok;
}

static bool visit(struct order *o, struct ordered_rule *rule)
{
	const char *outside = o->c->rule;
	bool ok;

	if (rule->state != ORDER_NEW)
		return rule->state == ORDER_DONE;
	rule->state = ORDER_OPEN;
	o->path[o->depth++] = rule;
	o->c->rule = rule->ast->name;
	ok = read_select(o, rule, rule->ast->select);
	o->c->rule = outside;
	o->depth--;
	/* Its other mistakes are found when it is bound all the same. */
	o->done[o->done_count++] = rule;
	rule->state = ok ? ORDER_DONE : ORDER_REFUSED;
	return ok;
}

struct ordered_rule **order_rules(struct compilation *c,
				  const struct ast_program *program,
				  const struct expanded_rule *expanded,
				  unsigned *ret_count)
{
	unsigned count = program->rule_count;
	struct ordered_rule *all = compilation_alloc(c, count, sizeof(*all));
	struct order o = {
		.c = c,
		.by_name = compilation_alloc(c, count, sizeof(*o.by_name)),
		.count = count,
		.done = compilation_alloc(c, count, sizeof(*o.done)),
	};

	*ret_count = 0;
	if (!all || !o.by_name || !o.done)
		return NULL;
	for (unsigned i = 0; i < count; i++) {
		const struct ast_rule *ast = expanded[i].ast;

		all[i].ast = ast ? ast : program->rules[i];
		all[i].changed = expanded[i].changed;
		all[i].state = ast ? ORDER_NEW : ORDER_REFUSED;
		o.by_name[i] = &all[i];
	}
	qsort(o.by_name, count, sizeof(*o.by_name), by_name);
	for (unsigned i = 0; i < count; i++)
		visit(&o, &all[i]);
	*ret_count = o.done_count;
	return o.done;
}
