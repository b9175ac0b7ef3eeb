// SPDX-License-Identifier: Apache-2.0
/*
 * Conditions that cannot hold together, as uid = 0 AND uid = 1, or of which one
 * always does, as uid <> 0 OR uid <> 1, and rules that ask nothing: what a slip of the hand leaves of a rule.
 */
#include "compiler/comparison.h"
#include "compiler/lower_int.h"
#include "compiler/plan_print.h"

/* Each is held against those before it. */
#define COMPARED_MAX 64

struct comparison {
	const struct expr *column;
	enum expr_op op; /* column op value */
	struct value value;
	const struct expr *expr;
};

/* False: it is none of a column with a constant. */
static bool read_comparison(const struct expr *expr, struct comparison *ret)
{
	const struct expr *l, *r;

	if (!comparison_is(expr->op))
		return false;
	l = expr->args[0];
	r = expr->args[1];
	*ret = (struct comparison){ .op = expr->op, .expr = expr };
	if (l->op == EXPR_CONST) {
		const struct expr *swap = l;

		l = r;
		r = swap;
		ret->op = comparison_mirror(ret->op);
	}
	ret->column = l;
	ret->value = r->value;
	return l->op == EXPR_COLUMN && r->op == EXPR_CONST &&
	       !value_is_null(r->value);
}

static bool is_upper(enum expr_op op)
{
	return op == EXPR_LT || op == EXPR_LE;
}

static bool is_lower(enum expr_op op)
{
	return op == EXPR_GT || op == EXPR_GE;
}

static bool contradict(const struct comparison *a, const struct comparison *b)
{
	int order;

	/* The two of one BETWEEN share it; that was looked at. */
	if (a->column == b->column || a->column->input != b->column->input ||
	    a->column->column != b->column->column ||
	    a->value.type != b->value.type)
		return false;
	order = value_compare(a->value, b->value);
	if (a->op == EXPR_EQ)
		return !comparison_holds(b->op, order);
	if (b->op == EXPR_EQ)
		return !comparison_holds(a->op, -order);
	if (is_upper(a->op) && is_lower(b->op))
		return order < 0 ||
		       (order == 0 && (a->op == EXPR_LT || b->op == EXPR_GT));
	if (is_lower(a->op) && is_upper(b->op))
		return order > 0 ||
		       (order == 0 && (a->op == EXPR_GT || b->op == EXPR_LT));
	return false;
}

static const char *text_of(struct lowering *l, const struct expr *expr)
{
	struct expr_names names = plan_rule_names(l->rule);
	struct buf text = BUF_INIT;

	expr_print(&text, expr, &names);
	return compilation_take(l->c, &text);
}

static void complain(struct lowering *l, struct span span,
		     const struct comparison *a, const struct comparison *b)
{
	const char *first = text_of(l, a->expr), *second = text_of(l, b->expr);

	if (first && second)
		compilation_warning(l->c, span, "write OR, or leave one out",
				    "the rule can never match: %s and %s "
				    "exclude each other",
				    first, second);
}

/* The operands of an AND that were seen. */
struct seen {
	struct comparison items[COMPARED_MAX];
	unsigned count;
	bool complained; /* once is enough */
};

static void look_at(struct lowering *l, struct seen *seen, struct span span,
		    const struct expr *expr)
{
	struct comparison *new = &seen->items[seen->count];

	for (unsigned i = 0; expr->op == EXPR_AND && i < expr->arg_count; i++)
		look_at(l, seen, span, expr->args[i]);
	if (seen->complained || seen->count == COMPARED_MAX ||
	    !read_comparison(expr, new))
		return;
	for (unsigned i = 0; i < seen->count && !seen->complained; i++) {
		if (!contradict(&seen->items[i], new))
			continue;
		complain(l, span, &seen->items[i], new);
		seen->complained = true;
	}
	seen->count++;
}

static enum expr_op opposite(enum expr_op op)
{
	switch ((int)op) {
	case EXPR_EQ:
		return EXPR_NE;
	case EXPR_NE:
		return EXPR_EQ;
	case EXPR_LT:
		return EXPR_GE;
	case EXPR_GE:
		return EXPR_LT;
	case EXPR_GT:
		return EXPR_LE;
	default:
		return EXPR_GT;
	}
}

static void complain_always(struct lowering *l, struct span span,
			    const struct comparison *a,
			    const struct comparison *b)
{
	const char *first = text_of(l, a->expr), *second = text_of(l, b->expr);

	if (first && second)
		compilation_warning(l->c, span, "write AND, or leave one out",
				    "this is always true, unless it is NULL: "
				    "%s or %s holds",
				    first, second);
}

/* The operands of an OR: what excludes both cannot be. */
static void look_at_or(struct lowering *l, struct seen *seen, struct span span,
		       const struct expr *expr)
{
	struct comparison *new = &seen->items[seen->count];

	for (unsigned i = 0; expr->op == EXPR_OR && i < expr->arg_count; i++)
		look_at_or(l, seen, span, expr->args[i]);
	if (seen->complained || seen->count == COMPARED_MAX ||
	    !read_comparison(expr, new))
		return;
	new->op = opposite(new->op);
	for (unsigned i = 0; i < seen->count && !seen->complained; i++) {
		if (!contradict(&seen->items[i], new))
			continue;
		complain_always(l, span, &seen->items[i], new);
		seen->complained = true;
	}
	seen->count++;
}

static void look_for_or(struct lowering *l, struct span span,
			const struct expr *expr)
{
	struct seen either = { .count = 0 };

	for (unsigned i = 0; expr->op == EXPR_AND && i < expr->arg_count; i++)
		look_for_or(l, span, expr->args[i]);
	if (expr->op == EXPR_OR)
		look_at_or(l, &either, span, expr);
}

static void warn_contradictions(struct lowering *l,
				const struct bound_conditions *conditions)
{
	struct seen seen = { .count = 0 };

	for (unsigned i = 0; i < conditions->count; i++)
		look_at(l, &seen, conditions->items[i].span,
			conditions->items[i].expr);
	for (unsigned i = 0; i < conditions->count; i++)
		look_for_or(l, conditions->items[i].span,
			    conditions->items[i].expr);
}

/* A rule that asks nothing: each event of a stream is a match. */
static void warn_accept_all(struct compilation *c,
			    const struct bound_rule *bound)
{
	const struct bound_input *input = &bound->inputs[0];

	if (bound->internal || bound->top != BOUND_PLAIN ||
	    bound->input_count != 1 || bound->below.count ||
	    bound->above.count || bound->seen_count ||
	    input->stream == PLAN_STREAM_MATCHES)
		return;
	compilation_warning(c, input->span,
			    "add WHERE and what it shall look for",
			    "every event of %s is a match: the rule has no "
			    "condition",
			    catalog_stream(input->stream)->name);
}

void lower_warn(struct lowering *l)
{
	warn_contradictions(l, &l->bound->below);
	warn_contradictions(l, &l->bound->above);
	warn_accept_all(l->c, l->bound);
}
