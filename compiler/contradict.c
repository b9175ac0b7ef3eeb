// SPDX-License-Identifier: Apache-2.0
/*
 * Conditions that cannot hold together, as uid = 0 AND uid = 1, or of which one
 * always does, as uid <> 0 OR uid <> 1, and rules that ask nothing: what a slip
 * of the hand leaves of a rule.
 */
#include "compiler/build.h"
#include "compiler/comparison.h"
#include "compiler/fold.h"
#include "compiler/lower_int.h"
#include "compiler/plan_print.h"

/* Each is held against those before it. */
#define COMPARED_MAX 64

struct comparison {
	const struct expr *column;
	enum expr_op op; /* column op value */
	struct value value;
	const struct expr *constant; /* of that value */
	const struct expr *expr;
};

/* [NOT] column LIKE, IN, IS NULL and such: what holds or not of a constant. */
struct test {
	const struct expr *column;
	const struct expr *bare; /* without its NOT */
	bool negated;
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
	ret->constant = r;
	return l->op == EXPR_COLUMN && r->op == EXPR_CONST &&
	       !value_is_null(r->value);
}

/* False: it is none. */
static bool read_test(const struct expr *expr, struct test *ret)
{
	*ret = (struct test){ .expr = expr, .bare = expr };
	for (; ret->bare->op == EXPR_NOT; ret->bare = ret->bare->args[0])
		ret->negated = !ret->negated;
	switch ((int)ret->bare->op) {
	case EXPR_IN:
	case EXPR_LIKE:
	case EXPR_REGEXP:
	case EXPR_CIDR:
	case EXPR_IS_NULL:
		ret->column = ret->bare->args[0];
		return ret->column->op == EXPR_COLUMN;
	default:
		return false;
	}
}

static bool same_column(const struct expr *a, const struct expr *b)
{
	return a->input == b->input && a->column == b->column;
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
	if (a->column == b->column || !same_column(a->column, b->column) ||
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

/* What is compared is not NULL; of what is equal the value is known. */
static bool excludes(struct lowering *l, const struct comparison *comparison,
		     const struct test *test)
{
	const struct expr *known;
	struct expr *copy;
	struct fold fold;
	bool never;

	if (!same_column(comparison->column, test->column))
		return false;
	if (test->bare->op == EXPR_IS_NULL)
		return !test->negated;
	if (comparison->op != EXPR_EQ ||
	    comparison->value.type != test->column->type)
		return false;
	copy = build_copy(l->c->arena, test->bare);
	if (copy)
		copy->args[0] = comparison->constant;
	known = test->negated && copy ? build_not(l->c->arena, copy) : copy;
	fold_init(&fold, l->c->arena);
	l->c->nomem |= !known;
	known = known ? fold_condition(&fold, known) : NULL;
	never = known && build_is_bool(known, false);
	l->c->nomem |= fold.nomem;
	fold_release(&fold);
	return never;
}

static void complain(struct lowering *l, struct span span, const struct expr *a,
		     const struct expr *b)
{
	const char *first = text_of(l, a), *second = text_of(l, b);

	if (first && second)
		compilation_warning(l->c, span, "write OR, or leave one out",
				    "the rule can never match: %s and %s "
				    "exclude each other",
				    first, second);
}

/* The operands of an AND that were seen. */
struct seen {
	struct comparison items[COMPARED_MAX];
	struct test tests[COMPARED_MAX];
	unsigned count, test_count;
	bool complained; /* once is enough */
};

static void complain_once(struct lowering *l, struct seen *seen,
			  struct span span, const struct expr *a,
			  const struct expr *b)
{
	if (!seen->complained)
		complain(l, span, a, b);
	seen->complained = true;
}

static void look_at_comparison(struct lowering *l, struct seen *seen,
			       struct span span, const struct comparison *new)
{
	for (unsigned i = 0; i < seen->count; i++)
		if (contradict(&seen->items[i], new))
			complain_once(l, seen, span, seen->items[i].expr,
				      new->expr);
	for (unsigned i = 0; i < seen->test_count && !seen->complained; i++)
		if (excludes(l, new, &seen->tests[i]))
			complain_once(l, seen, span, seen->tests[i].expr,
				      new->expr);
	if (seen->count < COMPARED_MAX)
		seen->items[seen->count++] = *new;
}

static void look_at_test(struct lowering *l, struct seen *seen,
			 struct span span, const struct test *new)
{
	for (unsigned i = 0; i < seen->count && !seen->complained; i++)
		if (excludes(l, &seen->items[i], new))
			complain_once(l, seen, span, seen->items[i].expr,
				      new->expr);
	if (seen->test_count < COMPARED_MAX)
		seen->tests[seen->test_count++] = *new;
}

static void look_at(struct lowering *l, struct seen *seen, struct span span,
		    const struct expr *expr)
{
	struct comparison comparison;
	struct test test;

	for (unsigned i = 0; expr->op == EXPR_AND && i < expr->arg_count; i++)
		look_at(l, seen, span, expr->args[i]);
	if (seen->complained)
		return;
	if (read_comparison(expr, &comparison))
		look_at_comparison(l, seen, span, &comparison);
	else if (read_test(expr, &test))
		look_at_test(l, seen, span, &test);
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
	new->op = comparison_opposite(new->op);
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
