// SPDX-License-Identifier: Apache-2.0
/* The names of a set: each says one thing, and no view reads itself. */
#include "compiler/expand_int.h"

#include "compiler/compiler.h"
#include "compiler/diagnostic_int.h"

#include <stdlib.h>
#include <string.h>

struct named {
	const char *name;
	const char *kind;
	struct span span;
};

static int by_name(const void *a, const void *b)
{
	const struct named *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (order)
		return order;
	if (left->span.source != right->span.source)
		return left->span.source < right->span.source ? -1 : 1;
	return left->span.start < right->span.start ?
		       -1 :
		       left->span.start > right->span.start;
}

static void same_name(struct compilation *c, const struct named *first,
		      const struct named *second)
{
	const struct compile_source *source =
		&c->diagnostics->sources[first->span.source];
	const char *where = NULL;

	/* To count the lines takes a while. */
	if (!compilation_is_full(c))
		where = compilation_text(
			c, "the first is in %s, line %u", source->name,
			diagnostic_position(source, first->span.start).line);

	if (strcmp(first->kind, second->kind) == 0)
		compilation_error(c, second->span, where,
				  "there are two %ss named '%s'", second->kind,
				  second->name);
	else
		compilation_error(c, second->span, where,
				  "the %s '%s' is named like a %s",
				  second->kind, second->name, first->kind);
}

static void check_once(struct compilation *c, const struct ast_program *program)
{
	size_t most = (size_t)program->rule_count + program->view_count +
		      program->list_count;
	struct named *names = compilation_alloc(c, most, sizeof(*names));
	size_t n = 0, first = 0;

	if (!names)
		return;
	for (unsigned i = 0; i < program->rule_count; i++)
		names[n++] = (struct named){ program->rules[i]->name, "rule",
					     program->rules[i]->name_span };
	for (unsigned i = 0; i < program->view_count; i++)
		names[n++] = (struct named){ program->views[i]->name, "view",
					     program->views[i]->name_span };
	for (unsigned i = 0; i < program->list_count; i++)
		names[n++] = (struct named){ program->lists[i]->name, "list",
					     program->lists[i]->name_span };
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(names[first].name, names[i].name) == 0)
			same_name(c, &names[first], &names[i]);
		else
			first = i;
	}
}

static void check_taken(struct compilation *c, const char *kind,
			const char *name, struct span span)
{
	if (builtin_view_by_name(name))
		compilation_error(c, span, "choose another name",
				  "the %s '%s' is named like a built-in view",
				  kind, name);
	else if (catalog_stream_by_name(name, strlen(name)))
		compilation_error(c, span, "choose another name",
				  "the %s '%s' is named like a stream", kind,
				  name);
	else if (strncmp(name, "matches.", strlen("matches.")) == 0)
		compilation_error(c, span, "choose another name",
				  "the %s '%s' is named like the matches of a "
				  "rule",
				  kind, name);
}

static void check_streams(struct compilation *c,
			  const struct ast_program *program)
{
	if (program->view_count > EXPAND_NAMES_MAX)
		compilation_error(
			c, program->views[EXPAND_NAMES_MAX]->name_span, NULL,
			"a rule set has at most %d views", EXPAND_NAMES_MAX);
	if (program->list_count > EXPAND_NAMES_MAX)
		compilation_error(
			c, program->lists[EXPAND_NAMES_MAX]->name_span, NULL,
			"a rule set has at most %d lists", EXPAND_NAMES_MAX);
	for (unsigned i = 0; i < program->view_count; i++)
		check_taken(c, "view", program->views[i]->name,
			    program->views[i]->name_span);
	for (unsigned i = 0; i < program->list_count; i++)
		check_taken(c, "list", program->lists[i]->name,
			    program->lists[i]->name_span);
}

/* --- circles --- */

enum mark { MARK_NEW, MARK_INSIDE, MARK_DONE };

struct circles {
	struct compilation *c;
	const struct ast_program *program;
	unsigned count;
	enum mark marks[EXPAND_NAMES_MAX];
	unsigned stack[EXPAND_VIEWS_MAX];
	unsigned depth;
};

static void tell_circle(struct circles *s, unsigned view)
{
	struct buf text = BUF_INIT;
	const char *circle;
	unsigned at = 0;

	while (s->stack[at] != view)
		at++;
	buf_puts(&text, s->program->views[view]->name);
	for (unsigned i = at + 1; i < s->depth; i++)
		buf_printf(&text, " reads %s, which",
			   s->program->views[s->stack[i]]->name);
	buf_printf(&text, " reads %s", s->program->views[view]->name);
	circle = compilation_take(s->c, &text);
	compilation_error(s->c, s->program->views[view]->name_span, circle,
			  "the view '%s' reads itself",
			  s->program->views[view]->name);
}

static void walk_select(struct circles *s, const struct ast_select *select,
			const struct expand_with *with);

static void visit(struct circles *s, unsigned view)
{
	if (s->marks[view] == MARK_INSIDE)
		tell_circle(s, view);
	if (s->marks[view] != MARK_NEW)
		return;
	/* It is begun with again from expand_check(): no circle is missed. */
	if (s->depth == EXPAND_VIEWS_MAX) {
		compilation_error(s->c, s->program->views[view]->name_span,
				  "write the innermost ones into their reader",
				  "views read views more than %d levels deep",
				  EXPAND_VIEWS_MAX);
		return;
	}
	s->marks[view] = MARK_INSIDE;
	s->stack[s->depth++] = view;
	walk_select(s, s->program->views[view]->select, NULL);
	s->depth--;
	s->marks[view] = MARK_DONE;
}

static void walk_name(struct circles *s, const char *name,
		      const struct expand_with *with)
{
	for (; with; with = with->outer)
		if (strcmp(with->cte->name, name) == 0)
			return;
	for (unsigned i = 0; i < s->count; i++) {
		if (strcmp(s->program->views[i]->name, name) != 0)
			continue;
		visit(s, i);
		return;
	}
}

/* Keys, times and moments are columns by the grammar: no query is in them. */
static void walk_expr(struct circles *s, const struct ast_expr *expr,
		      const struct expand_with *with);

static void walk_exprs(struct circles *s, struct ast_expr *const *exprs,
		       unsigned count, const struct expand_with *with)
{
	for (unsigned i = 0; i < count; i++)
		walk_expr(s, exprs[i], with);
}

static void walk_expr(struct circles *s, const struct ast_expr *expr,
		      const struct expand_with *with)
{
	if (!expr)
		return;
	if (expr->select)
		walk_select(s, expr->select, with);
	walk_exprs(s, expr->args, expr->arg_count, with);
}

static void walk_outputs(struct circles *s, const struct ast_output *outputs,
			 unsigned count, const struct expand_with *with)
{
	for (unsigned i = 0; i < count; i++)
		walk_expr(s, outputs[i].expr, with);
}

static void walk_step(struct circles *s, const struct ast_step *step,
		      const struct expand_with *with)
{
	if (step->stream)
		walk_name(s, step->stream, with);
	walk_expr(s, step->define, with);
}

static void walk_recognize(struct circles *s, const struct ast_recognize *r,
			   const struct expand_with *with)
{
	walk_outputs(s, r->measures, r->measure_count, with);
	for (unsigned i = 0; i < r->step_count; i++)
		walk_step(s, &r->steps[i], with);
	if (r->until)
		walk_step(s, r->until, with);
}

static void walk_item(struct circles *s, const struct ast_item *item,
		      const struct expand_with *with)
{
	if (item->stream)
		walk_name(s, item->stream, with);
	else
		walk_select(s, item->select, with);
	if (item->recognize)
		walk_recognize(s, item->recognize, with);
	walk_expr(s, item->on, with);
	walk_expr(s, item->when, with);
}

/* The parser bounds how deep this goes in one view. */
static void walk_select(struct circles *s, const struct ast_select *select,
			const struct expand_with *with)
{
	for (unsigned i = 0; i < select->cte_count; i++) {
		struct expand_with *pushed =
			compilation_alloc(s->c, 1, sizeof(*pushed));

		if (!pushed)
			return;
		walk_select(s, select->ctes[i].select, with);
		*pushed = (struct expand_with){ .cte = &select->ctes[i],
						.outer = with };
		with = pushed;
	}
	for (unsigned i = 0; i < select->item_count; i++)
		walk_item(s, &select->items[i], with);
	walk_outputs(s, select->outputs, select->output_count, with);
	walk_expr(s, select->where, with);
	walk_exprs(s, select->groups, select->group_count, with);
	walk_expr(s, select->having, with);
	for (unsigned i = 0; i < select->order_count; i++)
		walk_expr(s, select->orders[i].expr, with);
}

void expand_check(struct compilation *c, const struct ast_program *program)
{
	struct circles *s = compilation_alloc(c, 1, sizeof(*s));

	check_once(c, program);
	check_streams(c, program);
	if (!s)
		return;
	s->c = c;
	s->program = program;
	s->count = program->view_count < EXPAND_NAMES_MAX ?
			   program->view_count :
			   EXPAND_NAMES_MAX;
	for (unsigned i = 0; i < s->count; i++)
		visit(s, i);
}
