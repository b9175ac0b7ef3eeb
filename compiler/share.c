// SPDX-License-Identifier: Apache-2.0
#include "compiler/share.h"

#include "compiler/plan_print.h"
#include "compiler/plan_walk.h"

#include <stdlib.h>
#include <string.h>

struct finder {
	struct arena *arena;
	const struct plan *plan;
	const struct plan_rule **stand_ins;
	const char **internal_texts; /* by rule; NULL: not internal */
	const char *slots[TUPLE_SLOTS_MAX];
	struct share_place *places;
	unsigned count, size;
	bool nomem;
};

/* The rule as its texts see it: internal rules by their stand-ins. */
struct view {
	struct plan_rule rule;
	const struct plan_rule *reads[TUPLE_INPUTS_MAX];
};

static void view_of(const struct finder *f, const struct plan_rule *rule,
		    struct view *view)
{
	view->rule = *rule;
	view->rule.input_rules = view->reads;
	for (unsigned i = 0; i < rule->input_count; i++) {
		const struct plan_rule *read = rule->input_rules[i];

		view->reads[i] =
			read ? f->stand_ins[read - f->plan->rules] : NULL;
	}
}

/* Inputs are numbered in the order in which their scans come. */
static void number_inputs(const struct plan_node *node, unsigned *next,
			  const char *names[TUPLE_INPUTS_MAX])
{
	static const char *const numbers[TUPLE_INPUTS_MAX] = { "1", "2", "3",
							       "4", "5", "6",
							       "7", "8", "9" };

	for (unsigned i = 0; i < plan_child_count(node); i++)
		number_inputs(plan_child(node, i), next, names);
	if (node->kind == PLAN_SCAN)
		names[node->input] = numbers[(*next)++];
}

static const char *take(struct finder *f, struct buf *text)
{
	const char *ret = NULL;

	if (!text->failed)
		ret = arena_copy(f->arena, buf_text(text), text->len);
	buf_release(text);
	f->nomem |= !ret;
	return ret;
}

static void add(struct finder *f, const struct share_place *place)
{
	if (f->count == f->size) {
		unsigned size = f->size ? f->size * 2 : 64;
		struct share_place *grown =
			arena_array(f->arena, size, sizeof(*grown));

		f->nomem |= !grown;
		if (!grown)
			return;
		if (f->count)
			memcpy(grown, f->places, f->count * sizeof(*grown));
		f->places = grown;
		f->size = size;
	}
	f->places[f->count] = *place;
	f->places[f->count].order = f->count;
	f->count++;
}

static void add_terms(struct finder *f, const struct plan_rule *rule,
		      const struct expr_names *names, const struct view *view,
		      const struct plan_node *scan, const struct expr *expr)
{
	struct share_place place = { .kind = SHARE_TERM,
				     .rule = rule,
				     .node = scan };
	struct buf text = BUF_INIT;

	if (expr->op == EXPR_AND || expr->op == EXPR_OR ||
	    expr->op == EXPR_NOT) {
		for (unsigned i = 0; i < expr->arg_count; i++)
			add_terms(f, rule, names, view, scan, expr->args[i]);
		return;
	}
	buf_printf(&text, "%s%s ", plan_input_prefix(&view->rule, scan->input),
		   plan_input_stream(&view->rule, scan->input));
	expr_print(&text, expr, names);
	place.expr = expr;
	place.text = take(f, &text);
	if (place.text)
		add(f, &place);
}

/* The node's text; a scan of all rows is nothing to share. */
static void add_node(struct finder *f, const struct plan_rule *rule,
		     const struct view *view, const struct plan_node *node)
{
	const char *inputs[TUPLE_INPUTS_MAX] = { NULL };
	const struct expr_names names = { .inputs = inputs,
					  .streams = rule->input_streams,
					  .slots = f->slots,
					  .rules = view->reads };
	struct share_place place = { .kind = SHARE_PART,
				     .rule = rule,
				     .node = node };
	struct buf text = BUF_INIT;
	unsigned next = 0;

	for (unsigned i = 0; i < plan_child_count(node); i++)
		add_node(f, rule, view, plan_child(node, i));
	number_inputs(node, &next, inputs);
	if (node->kind == PLAN_SCAN && !node->predicate)
		return;
	if (node->kind == PLAN_SCAN)
		add_terms(f, rule, &names, view, node, node->predicate);
	plan_node_print_as(&text, &view->rule, &names, node, 0);
	place.text = take(f, &text);
	if (place.text)
		add(f, &place);
}

/* What an internal rule computes, without its name. */
static const char *internal_text(struct finder *f, const struct plan_rule *rule,
				 const struct view *view)
{
	const char *inputs[TUPLE_INPUTS_MAX] = { NULL };
	const struct expr_names names = { .inputs = inputs,
					  .streams = rule->input_streams,
					  .slots = f->slots,
					  .rules = view->reads };
	struct buf text = BUF_INIT;
	unsigned next = 0;

	number_inputs(rule->root, &next, inputs);
	plan_node_print_as(&text, &view->rule, &names, rule->root, 0);
	for (unsigned i = 0; i < rule->output_count; i++) {
		buf_printf(&text, "%s: ", rule->outputs[i].name);
		expr_print(&text, rule->outputs[i].expr, &names);
		buf_putc(&text, '\n');
	}
	return take(f, &text);
}

static void find_rule(struct finder *f, unsigned index)
{
	const struct plan_rule *rule = &f->plan->rules[index];
	struct view view;

	view_of(f, rule, &view);
	f->stand_ins[index] = rule;
	if (rule->internal) {
		f->internal_texts[index] = internal_text(f, rule, &view);
		for (unsigned i = 0; i < index && !f->nomem; i++)
			if (f->internal_texts[i] &&
			    strcmp(f->internal_texts[i],
				   f->internal_texts[index]) == 0) {
				f->stand_ins[index] = f->stand_ins[i];
				break;
			}
	}
	if (!f->nomem)
		add_node(f, rule, &view, rule->root);
}

static int by_text(const void *a, const void *b)
{
	const struct share_place *x = a, *y = b;
	int order;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	order = strcmp(x->text, y->text);
	if (order)
		return order;
	return x->order < y->order ? -1 : x->order > y->order;
}

int share_find(struct arena *arena, const struct plan *plan,
	       const struct share **ret_share, struct err *err)
{
	struct finder f = { .arena = arena, .plan = plan };
	struct share *share = arena_alloc(arena, sizeof(*share));

	f.stand_ins = arena_array(arena, plan->rule_count,
				  sizeof(struct plan_rule *));
	f.internal_texts = arena_array(arena, plan->rule_count, sizeof(char *));
	f.nomem = !share || !f.stand_ins || !f.internal_texts;
	for (unsigned i = 0; i < TUPLE_SLOTS_MAX && !f.nomem; i++) {
		f.slots[i] = arena_printf(arena, "#%u", i);
		f.nomem |= !f.slots[i];
	}
	for (unsigned i = 0; i < plan->rule_count && !f.nomem; i++)
		find_rule(&f, i);
	if (f.nomem)
		return err_nomem(err);
	if (f.count)
		qsort(f.places, f.count, sizeof(*f.places), by_text);
	*share = (struct share){ .places = f.places,
				 .place_count = f.count,
				 .stand_ins = f.stand_ins,
				 .plan = plan };
	*ret_share = share;
	return 0;
}

unsigned share_next(const struct share *share, unsigned *at)
{
	unsigned first = *at;

	while (*at < share->place_count &&
	       share->places[*at].kind == share->places[first].kind &&
	       strcmp(share->places[*at].text, share->places[first].text) == 0)
		(*at)++;
	return *at - first;
}

void share_print(const struct share *share, struct buf *out)
{
	unsigned at = 0, n;

	while ((n = share_next(share, &at)) > 0) {
		const struct share_place *places = &share->places[at - n];

		if (n == 1)
			continue;
		buf_printf(out, "%s, %u times:",
			   places->kind == SHARE_TERM ? "term" : "part", n);
		for (unsigned i = 0; i < n; i++)
			buf_printf(out, " %s", places[i].rule->name);
		buf_putc(out, '\n');
		for (const char *line = places->text; *line;) {
			size_t len = strcspn(line, "\n");

			buf_printf(out, "  %.*s\n", (int)len, line);
			line += len + (line[len] == '\n');
		}
	}
}
