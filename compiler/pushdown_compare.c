// SPDX-License-Identifier: Apache-2.0
/*
 * Comparisons and IN: of numbers, truth values, texts and addresses with
 * constants, of numbers among each other.
 */
#include "compiler/pushdown_int.h"
#include "user/base/check.h"

#include <stdlib.h>

/* Few enough constants to test one after the other. */
#define RUNS_IN_A_ROW 8

static bool satisfies(enum ir_cmp cmp, int64_t a, int64_t b)
{
	switch (cmp) {
	case IR_EQ:
		return a == b;
	case IR_NE:
		return a != b;
	case IR_LT:
		return a < b;
	case IR_LE:
		return a <= b;
	case IR_GT:
		return a > b;
	case IR_GE:
		return a >= b;
	case IR_CMP_COUNT:
		break;
	}
	CHECK(!"a comparison");
	return false;
}

static bool is_truth(const struct column *column)
{
	return column && column->type == VALUE_BOOL;
}

/* What a truth column must be: any value but 0 is TRUE. */
static const struct cond *truth_cond(struct cond_set *set,
				     const struct column *column,
				     bool when_false, bool when_true)
{
	struct field field = { .offset = column->offset,
			       .size = (uint8_t)column->size };

	if (when_false == when_true)
		return cond_const(when_true);
	if (column->wire == WIRE_FLAG)
		return cond_bits(set, field, column->flag, when_true);
	return cond_compare(set, when_true ? IR_NE : IR_EQ,
			    operand_field(set, field), operand_const(set, 0));
}

static struct leaf number_leaf(struct cond_set *set, enum ir_cmp cmp,
			       const struct expr *a, const struct expr *b,
			       enum want want)
{
	const char *reason = NULL;
	const struct operand *left = operand_of(set, a, &reason);
	const struct operand *right = left ? operand_of(set, b, &reason) : NULL;

	if (!left || !right)
		return leaf_undecided(reason);
	return leaf_exactly(set, cond_compare(set, cmp, left, right), want);
}

static bool is_const(const struct expr *expr, enum value_type type)
{
	return expr->op == EXPR_CONST && expr->value.type == type;
}

static bool is_integral_const(const struct expr *expr)
{
	return is_const(expr, VALUE_INT) || is_const(expr, VALUE_BOOL) ||
	       is_const(expr, VALUE_INTERVAL) ||
	       is_const(expr, VALUE_TIMESTAMP);
}

static struct leaf bytes_leaf(struct cond_set *set, const struct column *column,
			      enum ir_cmp cmp, const struct expr *b,
			      enum want want)
{
	bool address = column->wire == WIRE_IP;
	struct bytes_test test = { .column = column,
				   .text = b->value.p,
				   .len = b->value.len };

	if (!is_const(b, address ? VALUE_IP : VALUE_TEXT))
		return leaf_undecided("it is not compared with a constant of "
				      "its type");
	if (cmp != IR_EQ && cmp != IR_NE)
		return leaf_undecided("the order of texts is decided in user "
				      "space");
	if (cmp == IR_NE)
		want = want_opposite(want);
	if (address)
		return leaf_exactly(set, address_equal(set, test), want);
	if (want_may_be_brief(set, want))
		return leaf_brief(set, BYTES_EQUAL, test, want);
	return leaf_text(set, column, bytes_equal(set, test), !test.len, want);
}

static bool is_bytes(const struct column *column)
{
	return column && (column->wire == WIRE_CHARS ||
			  column->wire == WIRE_PATH || column->wire == WIRE_IP);
}

/* A comparison, an AND and the like: what gives a truth value. */
static bool is_condition(const struct expr *expr)
{
	return expr->type == VALUE_BOOL &&
	       ((expr->op >= EXPR_NOT && expr->op <= EXPR_ALL) ||
		is_choice(expr));
}

/*
 * A condition compared with a number: each of its two values satisfies that or
 * does not.
 */
static struct leaf condition_leaf(struct cond_set *set,
				  const struct expr *condition, bool when_false,
				  bool when_true, enum want want)
{
	bool open = want >= WANT_NOT_TRUE; /* holds for NULL */
	bool wanted = want == WANT_TRUE || want == WANT_NOT_FALSE;
	struct leaf part[2];
	const struct leaf none = { .cond = cond_const(open) };

	if (!leaf_spend(set, condition))
		return leaf_spent();
	/* Either value that satisfies; or neither of those that do not. */
	if (open) {
		part[0] = when_true == wanted ?
				  none :
				  leaf_when(set, condition, WANT_NOT_TRUE);
		part[1] = when_false == wanted ?
				  none :
				  leaf_when(set, condition, WANT_NOT_FALSE);
		return leaf_join(set, COND_AND, part[0], part[1]);
	}
	part[0] = when_true == wanted ? leaf_when(set, condition, WANT_TRUE) :
					none;
	part[1] = when_false == wanted ? leaf_when(set, condition, WANT_FALSE) :
					 none;
	return leaf_join(set, COND_OR, part[0], part[1]);
}

static enum ir_cmp comparison_of(enum expr_op op)
{
	static const uint8_t cmps[] = {
		[EXPR_EQ] = IR_EQ, [EXPR_NE] = IR_NE, [EXPR_LT] = IR_LT,
		[EXPR_LE] = IR_LE, [EXPR_GT] = IR_GT, [EXPR_GE] = IR_GE,
	};

	CHECK(op >= EXPR_EQ && op <= EXPR_GE);
	return cmps[op];
}

static struct leaf compare_args(struct cond_set *set, enum ir_cmp cmp,
				const struct expr *a, const struct expr *b,
				enum want want)
{
	static const uint8_t mirrored[] = {
		[IR_EQ] = IR_EQ, [IR_NE] = IR_NE, [IR_LT] = IR_GT,
		[IR_LE] = IR_GE, [IR_GT] = IR_LT, [IR_GE] = IR_LE,
	};
	const struct column *column = column_of(set, a);
	const char *reason;

	if (is_const(a, VALUE_NULL) || is_const(b, VALUE_NULL))
		return leaf_unknown(want);
	if (a->op == EXPR_CONST && b->op != EXPR_CONST)
		return compare_args(set, mirrored[cmp], b, a, want);
	reason = column ? column_reason(set, column) : NULL;
	if (reason)
		return leaf_undecided(reason);
	if (is_truth(column) && is_integral_const(b))
		return leaf_exactly(set,
				    truth_cond(set, column,
					       satisfies(cmp, 0, b->value.i),
					       satisfies(cmp, 1, b->value.i)),
				    want);
	if (is_bytes(column))
		return bytes_leaf(set, column, cmp, b, want);
	if (is_condition(a) && is_integral_const(b))
		return condition_leaf(set, a, satisfies(cmp, 0, b->value.i),
				      satisfies(cmp, 1, b->value.i), want);
	return number_leaf(set, cmp, a, b, want);
}

struct leaf compare_leaf(struct cond_set *set, const struct expr *expr,
			 enum want want)
{
	return compare_args(set, comparison_of(expr->op), expr->args[0],
			    expr->args[1], want);
}

struct leaf value_leaf(struct cond_set *set, const struct expr *expr,
		       enum want want)
{
	static const struct expr zero = {
		.op = EXPR_CONST,
		.type = VALUE_INT,
		.value = { .type = VALUE_INT },
	};
	const struct column *column = column_of(set, expr);

	if (expr->op == EXPR_CONST && !is_integral_const(expr))
		return is_const(expr, VALUE_NULL) ?
			       leaf_unknown(want) :
			       leaf_undecided("it is no condition");
	if (column && (column->type == VALUE_TEXT ||
		       column->type == VALUE_LIST || column->type == VALUE_IP))
		return leaf_undecided("it is no condition");
	return compare_args(set, IR_NE, expr, &zero, want);
}

/* Consecutive integers, both ends included. */
struct run {
	int64_t low;
	int64_t high;
};

static int by_low(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return x->low < y->low ? -1 : x->low > y->low;
}

static uint32_t merge_runs(struct run *runs, uint32_t count)
{
	uint32_t kept = 0;

	qsort(runs, count, sizeof(*runs), by_low);
	for (uint32_t i = 0; i < count; i++) {
		struct run *last = kept ? &runs[kept - 1] : NULL;

		if (last && (runs[i].low <= last->high ||
			     runs[i].low - 1 == last->high))
			last->high = runs[i].high > last->high ? runs[i].high :
								 last->high;
		else
			runs[kept++] = runs[i];
	}
	return kept;
}

static const struct cond *
run_cond(struct cond_set *set, const struct operand *operand, struct run run)
{
	const struct operand *low = operand_const(set, run.low);

	if (run.low == run.high)
		return cond_compare(set, IR_EQ, operand, low);
	return cond_join2(set, COND_AND, cond_compare(set, IR_GE, operand, low),
			  cond_compare(set, IR_LE, operand,
				       operand_const(set, run.high)));
}

/* A binary search, unrolled. */
static const struct cond *runs_cond(struct cond_set *set,
				    const struct operand *operand,
				    const struct run *runs, uint32_t count)
{
	const struct cond **args;
	uint32_t middle = count / 2;

	if (count > RUNS_IN_A_ROW)
		return cond_if(
			set,
			cond_compare(set, IR_LT, operand,
				     operand_const(set, runs[middle].low)),
			runs_cond(set, operand, runs, middle),
			runs_cond(set, operand, runs + middle, count - middle));
	args = arena_array(set->arena, count, sizeof(const struct cond *));
	if (!args) {
		set->failed = true;
		return cond_const(true);
	}
	for (uint32_t i = 0; i < count; i++)
		args[i] = run_cond(set, operand, runs[i]);
	return cond_join(set, COND_OR, args, count, true);
}

static struct leaf numbers_in(struct cond_set *set, const struct expr *expr,
			      enum want want)
{
	const struct column *column = column_of(set, expr->args[0]);
	struct run *runs =
		arena_array(set->arena, expr->arg_count, sizeof(*runs));
	const struct operand *operand;
	const char *reason = NULL;
	bool has[2] = { false, false };
	uint32_t count = 0;

	if (!runs) {
		set->failed = true;
		return leaf_undecided(NULL);
	}
	for (unsigned i = 1; i < expr->arg_count; i++) {
		int64_t n = expr->args[i]->value.i;

		/* What is no number equals none. */
		if (!is_integral_const(expr->args[i]))
			continue;
		runs[count++] = (struct run){ n, n };
		if (n == 0 || n == 1)
			has[n] = true;
	}
	if (is_truth(column))
		return leaf_exactly(
			set, truth_cond(set, column, has[0], has[1]), want);
	operand = operand_of(set, expr->args[0], &reason);
	if (!operand)
		return leaf_undecided(reason);
	count = merge_runs(runs, count);
	return leaf_exactly(set, runs_cond(set, operand, runs, count), want);
}

static struct leaf bytes_in(struct cond_set *set, const struct expr *expr,
			    const struct column *column, enum want want)
{
	bool address = column->wire == WIRE_IP;
	const struct cond **args = arena_array(set->arena, expr->arg_count,
					       sizeof(const struct cond *));
	const struct cond *any;
	bool brief = want_may_be_brief(set, want), part = false;
	bool has_empty = false;
	uint32_t count = 0;
	struct leaf leaf;

	if (!args) {
		set->failed = true;
		return leaf_undecided(NULL);
	}
	for (unsigned i = 1; i < expr->arg_count; i++) {
		const struct value *v = &expr->args[i]->value;
		struct bytes_test test = { .column = column,
					   .text = v->p,
					   .len = v->len };

		if (v->type != (address ? VALUE_IP : VALUE_TEXT))
			continue;
		has_empty |= !v->len;
		args[count++] =
			address ? address_equal(set, test) :
			brief	? bytes_brief(set, BYTES_EQUAL, test, &part) :
				  bytes_equal(set, test);
	}
	any = cond_join(set, COND_OR, args, count, true);
	if (address)
		return leaf_exactly(set, any, want);
	leaf = leaf_text(set, column, any, has_empty, want);
	leaf.reason = part ? BYTES_PART_REASON : NULL;
	return leaf;
}

struct leaf in_leaf(struct cond_set *set, const struct expr *expr,
		    enum want want)
{
	const struct column *column = column_of(set, expr->args[0]);
	const char *reason = column ? column_reason(set, column) : NULL;

	if (is_const(expr->args[0], VALUE_NULL))
		return leaf_unknown(want);
	for (unsigned i = 1; i < expr->arg_count && !reason; i++) {
		const struct expr *arg = expr->args[i];

		if (arg->op != EXPR_CONST || is_const(arg, VALUE_DOUBLE) ||
		    is_const(arg, VALUE_NULL))
			reason = "the list holds what only user space "
				 "compares";
	}
	if (reason)
		return leaf_undecided(reason);
	if (is_bytes(column))
		return bytes_in(set, expr, column, want);
	return numbers_in(set, expr, want);
}
