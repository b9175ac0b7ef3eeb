/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random programs as syntax trees: each construct of ast.h, in each place where
 * the parser puts it. They read well; few of them mean anything.
 */
#ifndef SHRIKE_TESTS_PROGRAM_GEN_H
#define SHRIKE_TESTS_PROGRAM_GEN_H

#include "support/unit.h"

#include "compiler/ast.h"
#include "user/base/arena.h"

#include <limits.h>

struct maker {
	struct arena *arena;
	uint64_t seed;
	unsigned selects_left; /* of this statement */
	unsigned nesting;
};

static inline unsigned pick(struct maker *m, unsigned n)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return (unsigned)((m->seed >> 11) % n);
}

static inline void *make(struct maker *m, size_t n, size_t size)
{
	void *ret = arena_array(m->arena, n, size);

	assert_non_null(ret);
	return ret;
}

static struct ast_expr *make_expr(struct maker *m, unsigned depth);
static struct ast_select *make_select(struct maker *m);

static inline bool may_nest(const struct maker *m)
{
	return m->selects_left && m->nesting < AST_NESTING_MAX;
}

static inline struct ast_select *make_nested(struct maker *m)
{
	struct ast_select *select;

	m->nesting++;
	select = make_select(m);
	m->nesting--;
	return select;
}

/* Words that are keywords in one place and names in all others too. */
static inline const char *make_name(struct maker *m)
{
	static const char *const names[] = {
		"pid",	    "exe",   "a",	  "x_1",   "flag",   "row",
		"first",    "count", "hop",	  "range", "table",  "window",
		"match",    "every", "partition", "name",  "within", "define",
		"measures", "until", "t_start",	  "x",	   "list",   "asc",
	};

	return names[pick(m, ARRAY_SIZE(names))];
}

static inline struct ast_expr *make_op(struct maker *m, enum ast_op op,
				       unsigned args, unsigned depth)
{
	struct ast_expr *expr = make(m, 1, sizeof(*expr));

	expr->op = op;
	expr->arg_count = args;
	expr->args = make(m, args, sizeof(struct ast_expr *));
	for (unsigned i = 0; i < args; i++)
		expr->args[i] = make_expr(m, depth);
	return expr;
}

static inline struct ast_expr *make_column(struct maker *m)
{
	static const char *const qualifiers[] = { NULL, "e", "file.open" };
	struct ast_expr *expr = make_op(m, AST_NAME, 0, 0);

	expr->text = make_name(m);
	expr->qualifier = qualifiers[pick(m, 3)];
	return expr;
}

static inline struct ast_expr **make_columns(struct maker *m, unsigned n)
{
	struct ast_expr **columns = make(m, n, sizeof(*columns));

	for (unsigned i = 0; i < n; i++)
		columns[i] = make_column(m);
	return columns;
}

static inline int64_t make_interval(struct maker *m)
{
	static const int64_t units[] = {
		1, 1000, 1000000, 1000000000, 60000000000, 86400000000000
	};

	return (1 + (int64_t)pick(m, 1000)) * units[pick(m, 6)];
}

static inline const char *make_text(struct maker *m)
{
	static const char *const texts[] = { "",   "a",	    "it's",
					     "''", "%/x_y", "\xc3\xa9\n--" };

	return texts[pick(m, ARRAY_SIZE(texts))];
}

/* Any finite double: its bits are random. */
static inline double make_double(struct maker *m)
{
	static const double reals[] = { 0.0,   -0.0, 0.5,    5.0,
					1e300, 0.1,  5e-324, -1.5e-9,
					1e17,  1e15, 1e16,   123456.0 };
	union {
		uint64_t bits;
		double real;
	} u;

	if (pick(m, 2))
		return reals[pick(m, ARRAY_SIZE(reals))];
	do
		u.bits = (uint64_t)pick(m, UINT_MAX) << 32 | pick(m, UINT_MAX);
	while ((u.bits >> 52 & 0x7ff) == 0x7ff);
	return u.real;
}

static inline struct ast_over *make_over(struct maker *m)
{
	struct ast_over *over = make(m, 1, sizeof(*over));

	over->key_count = pick(m, 3);
	over->keys = make_columns(m, over->key_count);
	over->order = make_column(m);
	over->range_ns = make_interval(m);
	return over;
}

static inline struct ast_expr *make_call(struct maker *m, unsigned depth)
{
	static const char *const names[] = { "sum", "length", "unhex",
					     "first_seen", "hop" };
	struct ast_expr *expr;

	if (pick(m, 2)) {
		expr = make_op(m, AST_CALL, pick(m, 4), depth);
		expr->text = names[pick(m, ARRAY_SIZE(names))];
	} else {
		expr = make_op(m, AST_CALL, pick(m, 2), depth);
		expr->text = "count";
		expr->star = expr->arg_count == 0;
		expr->distinct = expr->arg_count && pick(m, 2);
	}
	expr->over = pick(m, 2) ? make_over(m) : NULL;
	return expr;
}

static inline struct ast_expr *make_leaf(struct maker *m)
{
	static const int64_t numbers[] = {
		0, 1, -1, 65536, INT64_MAX, INT64_MIN
	};
	struct ast_expr *expr = make_op(m, AST_NULL, 0, 0);

	switch (pick(m, 9)) {
	case 0:
		expr->op = AST_BOOL;
		expr->number = pick(m, 2);
		return expr;
	case 1:
		expr->op = AST_INT;
		expr->number = numbers[pick(m, ARRAY_SIZE(numbers))];
		return expr;
	case 2:
		expr->op = AST_DOUBLE;
		expr->real = make_double(m);
		return expr;
	case 3:
		expr->op = AST_INTERVAL;
		expr->number = make_interval(m);
		return expr;
	case 4:
		expr->op = AST_TEXT;
		expr->text = make_text(m);
		return expr;
	case 5:
		expr->op = AST_PARAM;
		expr->text = pick(m, 2) ? "t_start" : "t_end";
		return expr;
	case 6:
		return expr;
	default:
		return make_column(m);
	}
}

/* ANY and ALL stand where the parser reads them. */
static inline void quantify(struct maker *m, struct ast_expr *expr)
{
	unsigned side = expr->op <= AST_GE ? pick(m, 2) : 0;

	if (!pick(m, 5))
		expr->args[side] =
			make_op(m, pick(m, 2) ? AST_ANY : AST_ALL, 1, 0);
}

/* -(literal) is a literal, but for one whose opposite is none. */
static inline void no_literal(struct maker *m, struct ast_expr *neg)
{
	struct ast_expr *arg = neg->args[0];

	if (arg->op == AST_DOUBLE ||
	    (arg->op == AST_INT && arg->number != INT64_MIN))
		neg->args[0] = make_column(m);
}

/* IN (name) is IN name. */
static inline void no_lone_name(struct ast_expr *in)
{
	struct ast_expr *only = in->args[1];

	if (in->arg_count == 2 && only->op == AST_NAME)
		only->qualifier = "e";
}

static inline struct ast_expr *make_exists(struct maker *m)
{
	struct ast_expr *expr = make_op(m, AST_EXISTS, 0, 0);

	expr->negated = pick(m, 2);
	expr->select = make_nested(m);
	return expr;
}

static inline unsigned arg_count(struct maker *m, enum ast_op op)
{
	if (op == AST_NOT || op == AST_NEG || op == AST_CAST ||
	    (op >= AST_IS_NULL && op <= AST_IS_FALSE) || op == AST_IN_LIST)
		return 1;
	if (op == AST_AND || op == AST_OR || op == AST_IN)
		return 2 + pick(m, 3);
	if (op == AST_CASE)
		return 2 + pick(m, 4);
	if (op == AST_LIKE || op == AST_ILIKE)
		return 2 + pick(m, 2);
	return op == AST_BETWEEN ? 3 : 2;
}

static inline struct ast_expr *make_expr(struct maker *m, unsigned depth)
{
	enum ast_op op =
		(enum ast_op)(AST_NOT + pick(m, AST_OP_COUNT - AST_NOT));
	struct ast_expr *expr;

	if (!depth || !pick(m, 4) || op == AST_ANY || op == AST_ALL)
		return make_leaf(m);
	if (op == AST_CALL)
		return make_call(m, depth - 1);
	if (op == AST_EXISTS)
		return may_nest(m) ? make_exists(m) : make_leaf(m);
	expr = make_op(m, op, arg_count(m, op), depth - 1);
	if (op >= AST_IS_NULL && op <= AST_REGEXP)
		expr->negated = pick(m, 2);
	if ((op >= AST_EQ && op <= AST_GE) ||
	    (op >= AST_LIKE && op <= AST_REGEXP))
		quantify(m, expr);
	if (op == AST_NEG)
		no_literal(m, expr);
	if (op == AST_IN)
		no_lone_name(expr);
	if (op == AST_NOT && expr->args[0]->op == AST_EXISTS)
		expr = expr->args[0];
	if (op == AST_IN_LIST)
		expr->text = make_name(m);
	if (op == AST_CAST)
		expr->text = pick(m, 2) ? "interval" : make_name(m);
	return expr;
}

static inline struct ast_output *make_outputs(struct maker *m, unsigned n,
					      bool named)
{
	struct ast_output *outputs = make(m, n, sizeof(*outputs));

	for (unsigned i = 0; i < n; i++) {
		outputs[i].expr = make_expr(m, 2);
		outputs[i].alias = named || pick(m, 2) ? make_name(m) : NULL;
	}
	return outputs;
}

static inline struct ast_table_window *make_window(struct maker *m)
{
	struct ast_table_window *window = make(m, 1, sizeof(*window));

	window->kind = (enum ast_table)(AST_TUMBLE + pick(m, 3));
	window->time = make_column(m);
	window->size_ns = make_interval(m);
	if (window->kind != AST_TUMBLE)
		window->slide_ns = make_interval(m);
	if (window->kind == AST_SESSION) {
		window->key_count = pick(m, 4);
		window->keys = make_columns(m, window->key_count);
	}
	return window;
}

static inline void make_define(struct maker *m, struct ast_step *step)
{
	step->define = make_expr(m, 2);
	if (pick(m, 2))
		return;
	step->stream = pick(m, 2) ? "network.connect" : "a";
	step->key_count = pick(m, 3);
	step->keys = make_columns(m, step->key_count);
}

static inline struct ast_step make_step(struct maker *m, unsigned i,
					unsigned count)
{
	static const char *const names[] = { "a", "b", "c", "define", "match" };
	struct ast_step step = { .name = names[i], .least = 1, .most = 1 };

	if (pick(m, 3) == 0)
		step.most = UINT_MAX;
	else if (count < 4 && pick(m, 4) == 0)
		step.least = step.most = 2;
	if (i && i + 1 < count && step.most != 2 && pick(m, 2))
		step.least = 0;
	if (pick(m, 4))
		make_define(m, &step);
	return step;
}

static inline struct ast_recognize *make_recognize(struct maker *m)
{
	struct ast_recognize *r = make(m, 1, sizeof(*r));

	r->key_count = pick(m, 3);
	r->keys = make_columns(m, r->key_count);
	r->order = make_column(m);
	r->measure_count = 1 + pick(m, 3);
	r->measures = make_outputs(m, r->measure_count, true);
	r->step_count = 2 + pick(m, 4);
	r->steps = make(m, r->step_count, sizeof(*r->steps));
	for (unsigned i = 0; i < r->step_count; i++)
		r->steps[i] = make_step(m, i, r->step_count);
	r->within_ns = make_interval(m);
	if (pick(m, 2)) {
		r->until = make(m, 1, sizeof(*r->until));
		*r->until =
			(struct ast_step){ .name = "u", .least = 1, .most = 1 };
		make_define(m, r->until);
	}
	return r;
}

static inline void make_item(struct maker *m, struct ast_item *item,
			     bool joined)
{
	static const char *const streams[] = { "process.exec", "a", "first",
					       "matches.r", "tumble" };

	if (may_nest(m) && !pick(m, 3))
		item->select = make_nested(m);
	else
		item->stream = streams[pick(m, ARRAY_SIZE(streams))];
	switch (pick(m, 8)) {
	case 0:
		item->window = make_window(m);
		break;
	case 1:
		item->recognize = make_recognize(m);
		break;
	case 2:
		item->as_of = item->stream ? make_column(m) : NULL;
		break;
	default:
		break;
	}
	item->alias = pick(m, 2) ? make_name(m) : NULL;
	if (!joined)
		return;
	item->join = (enum ast_join)(AST_JOIN_INNER + pick(m, 4));
	item->on = make_expr(m, 3);
	if (item->join == AST_JOIN_AUTO && pick(m, 2))
		item->when = make_expr(m, 2);
}

static inline void make_groups(struct maker *m, struct ast_select *select)
{
	select->group_count = pick(m, 3);
	select->groups =
		make(m, select->group_count, sizeof(struct ast_expr *));
	for (unsigned i = 0; i < select->group_count; i++)
		select->groups[i] = make_expr(m, 2);
	select->having = pick(m, 2) ? make_expr(m, 3) : NULL;
	select->order_count = pick(m, 3);
	select->orders = make(m, select->order_count, sizeof(*select->orders));
	for (unsigned i = 0; i < select->order_count; i++) {
		select->orders[i].expr = make_expr(m, 2);
		select->orders[i].descending = pick(m, 2);
	}
	if (pick(m, 2))
		select->limit = 1 + pick(m, 1000);
}

static inline struct ast_select *make_select(struct maker *m)
{
	struct ast_select *select = make(m, 1, sizeof(*select));

	m->selects_left -= m->selects_left > 0;
	select->limit = -1;
	if (may_nest(m) && !pick(m, 5)) {
		select->cte_count = 1 + pick(m, 2);
		select->ctes =
			make(m, select->cte_count, sizeof(*select->ctes));
		for (unsigned i = 0; i < select->cte_count; i++) {
			select->ctes[i].name = make_name(m);
			select->ctes[i].select = make_nested(m);
		}
	}
	select->output_count = 1 + pick(m, 3);
	select->outputs = make_outputs(m, select->output_count, false);
	select->item_count = 1 + pick(m, 3);
	select->items = make(m, select->item_count, sizeof(*select->items));
	for (unsigned i = 0; i < select->item_count; i++)
		make_item(m, &select->items[i], i > 0);
	select->where = pick(m, 2) ? make_expr(m, 4) : NULL;
	if (!pick(m, 3))
		make_groups(m, select);
	return select;
}

static inline struct ast_rule *make_rule(struct maker *m)
{
	struct ast_rule *rule = make(m, 1, sizeof(*rule));

	m->selects_left = 5;
	rule->name = make_name(m);
	rule->option_count = pick(m, 3);
	rule->options = make(m, rule->option_count, sizeof(*rule->options));
	for (unsigned i = 0; i < rule->option_count; i++) {
		struct ast_expr *value = make_op(m, AST_TEXT, 0, 0);

		rule->options[i].name = make_name(m);
		value->text = make_text(m);
		if (pick(m, 2)) {
			value->op = pick(m, 2) ? AST_INT : AST_BOOL;
			value->text = NULL;
			value->number = pick(m, 2);
		}
		rule->options[i].value = value;
	}
	rule->select = make_select(m);
	rule->emit = (enum ast_emit)pick(m, 4);
	rule->suppress_ns = pick(m, 2) ? make_interval(m) : 0;
	rule->gap = (enum ast_gap)pick(m, 3);
	return rule;
}

static inline struct ast_view *make_view(struct maker *m)
{
	struct ast_view *view = make(m, 1, sizeof(*view));

	m->selects_left = 3;
	view->name = pick(m, 2) ? make_name(m) : "fs.events";
	view->select = make_select(m);
	return view;
}

static inline struct ast_expr *make_constant(struct maker *m)
{
	struct ast_expr *expr, *digits;

	do
		expr = make_leaf(m);
	while (expr->op == AST_NAME || expr->op == AST_PARAM);
	if (pick(m, 5))
		return expr;
	expr = make_op(m, AST_CALL, 1, 0);
	digits = make_op(m, AST_TEXT, 0, 0);
	expr->text = "unhex";
	digits->text = "00fF";
	expr->args[0] = digits;
	return expr;
}

static inline struct ast_list *make_list(struct maker *m)
{
	struct ast_list *list = make(m, 1, sizeof(*list));

	list->name = make_name(m);
	list->item_count = 1 + pick(m, 5);
	list->items = make(m, list->item_count, sizeof(struct ast_expr *));
	for (unsigned i = 0; i < list->item_count; i++)
		list->items[i] = make_constant(m);
	return list;
}

static inline struct ast_program *make_program(struct maker *m)
{
	struct ast_program *program = make(m, 1, sizeof(*program));

	program->rule_count = 1;
	program->rules = make(m, 1, sizeof(struct ast_rule *));
	program->rules[0] = make_rule(m);
	program->view_count = !pick(m, 4);
	program->views = make(m, 1, sizeof(struct ast_view *));
	if (program->view_count)
		program->views[0] = make_view(m);
	program->list_count = !pick(m, 4);
	program->lists = make(m, 1, sizeof(struct ast_list *));
	if (program->list_count)
		program->lists[0] = make_list(m);
	return program;
}

#endif
