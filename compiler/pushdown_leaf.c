// SPDX-License-Identifier: Apache-2.0
/*
 * One SQL term as a condition on the record, or the reason why the kernel does
 * not decide it. `wanted` FALSE is asked for under NOT; a comparison with NULL
 * is neither TRUE nor FALSE, so it never is what is wanted.
 */
#include "compiler/pushdown_int.h"
#include "user/base/check.h"

#include <stdlib.h>

/* Few enough constants to test one after the other. */
#define RUNS_IN_A_ROW 8

static struct leaf undecided(const char *reason)
{
	if (!reason)
		reason = "it is decided in user space";
	return (struct leaf){ .cond = cond_const(true), .reason = reason };
}

static struct leaf exactly(struct cond_set *set, const struct cond *cond,
			   bool wanted)
{
	if (!wanted)
		cond = cond_negate(set, cond);
	return (struct leaf){ .cond = cond };
}

/*
 * A path that was cut may be anything, one that is not known is NULL. Not known
 * looks like empty, which matters where that `fits`.
 */
static struct leaf path_leaf(struct cond_set *set, const struct column *column,
			     const struct cond *cond, bool fits, bool wanted)
{
	struct leaf leaf = exactly(set, cond, wanted);

	if (fits || !wanted)
		leaf.cond = cond_join2(set, COND_AND, path_known(set, column),
				       leaf.cond);
	leaf.cond = cond_join2(set, COND_OR, path_cut(set), leaf.cond);
	leaf.reads_path = true;
	return leaf;
}

static struct leaf text_leaf(struct cond_set *set, const struct column *column,
			     const struct cond *cond, bool fits, bool wanted)
{
	return column->wire == WIRE_PATH ?
		       path_leaf(set, column, cond, fits, wanted) :
		       exactly(set, cond, wanted);
}

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
			       bool wanted)
{
	const char *reason = NULL;
	const struct operand *left = operand_of(set, a, &reason);
	const struct operand *right = left ? operand_of(set, b, &reason) : NULL;

	if (!left || !right)
		return undecided(reason);
	return exactly(set, cond_compare(set, cmp, left, right), wanted);
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
			      bool wanted)
{
	bool address = column->wire == WIRE_IP;
	struct bytes_test test = { .column = column,
				   .text = b->value.p,
				   .len = b->value.len };

	if (!is_const(b, address ? VALUE_IP : VALUE_TEXT))
		return undecided("it is not compared with a constant of its "
				 "type");
	if (cmp != IR_EQ && cmp != IR_NE)
		return undecided("the order of texts is decided in user "
				 "space");
	wanted = wanted == (cmp == IR_EQ);
	if (address)
		return exactly(set, address_equal(set, test), wanted);
	return text_leaf(set, column, bytes_equal(set, test), !test.len,
			 wanted);
}

static struct leaf compare_leaf(struct cond_set *set, enum ir_cmp cmp,
				const struct expr *a, const struct expr *b,
				bool wanted)
{
	static const uint8_t mirrored[] = {
		[IR_EQ] = IR_EQ, [IR_NE] = IR_NE, [IR_LT] = IR_GT,
		[IR_LE] = IR_GE, [IR_GT] = IR_LT, [IR_GE] = IR_LE,
	};
	const struct column *column = column_of(set, a);
	const char *reason;

	if (is_const(a, VALUE_NULL) || is_const(b, VALUE_NULL))
		return (struct leaf){ .cond = cond_const(false) };
	if (a->op == EXPR_CONST && b->op != EXPR_CONST)
		return compare_leaf(set, mirrored[cmp], b, a, wanted);
	reason = column ? column_reason(set, column) : NULL;
	if (reason)
		return undecided(reason);
	if (is_truth(column) && is_integral_const(b))
		return exactly(set,
			       truth_cond(set, column,
					  satisfies(cmp, 0, b->value.i),
					  satisfies(cmp, 1, b->value.i)),
			       wanted);
	if (column && (column->wire == WIRE_CHARS ||
		       column->wire == WIRE_PATH || column->wire == WIRE_IP))
		return bytes_leaf(set, column, cmp, b, wanted);
	return number_leaf(set, cmp, a, b, wanted);
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
			      bool wanted)
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
		return undecided(NULL);
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
		return exactly(set, truth_cond(set, column, has[0], has[1]),
			       wanted);
	operand = operand_of(set, expr->args[0], &reason);
	if (!operand)
		return undecided(reason);
	count = merge_runs(runs, count);
	return exactly(set, runs_cond(set, operand, runs, count), wanted);
}

static struct leaf bytes_in(struct cond_set *set, const struct expr *expr,
			    const struct column *column, bool wanted)
{
	bool address = column->wire == WIRE_IP;
	const struct cond **args = arena_array(set->arena, expr->arg_count,
					       sizeof(const struct cond *));
	const struct cond *any;
	uint32_t count = 0;
	bool has_empty = false;

	if (!args) {
		set->failed = true;
		return undecided(NULL);
	}
	for (unsigned i = 1; i < expr->arg_count; i++) {
		const struct value *v = &expr->args[i]->value;
		struct bytes_test test = { column, v->p, v->len };

		if (v->type != (address ? VALUE_IP : VALUE_TEXT))
			continue;
		has_empty |= !v->len;
		args[count++] = address ? address_equal(set, test) :
					  bytes_equal(set, test);
	}
	any = cond_join(set, COND_OR, args, count, true);
	return address ? exactly(set, any, wanted) :
			 text_leaf(set, column, any, has_empty, wanted);
}

static struct leaf in_leaf(struct cond_set *set, const struct expr *expr,
			   bool wanted)
{
	const struct column *column = column_of(set, expr->args[0]);
	const char *reason = column ? column_reason(set, column) : NULL;

	if (is_const(expr->args[0], VALUE_NULL))
		return (struct leaf){ .cond = cond_const(false) };
	for (unsigned i = 1; i < expr->arg_count && !reason; i++) {
		const struct expr *arg = expr->args[i];

		if (arg->op != EXPR_CONST || is_const(arg, VALUE_DOUBLE) ||
		    is_const(arg, VALUE_NULL))
			reason = "the list holds what only user space "
				 "compares";
	}
	if (reason)
		return undecided(reason);
	if (column && (column->wire == WIRE_CHARS ||
		       column->wire == WIRE_PATH || column->wire == WIRE_IP))
		return bytes_in(set, expr, column, wanted);
	return numbers_in(set, expr, wanted);
}

static struct leaf null_leaf(struct cond_set *set, const struct expr *expr,
			     bool wanted)
{
	const struct expr *arg = expr->args[0];
	const struct column *column = column_of(set, arg);

	if (arg->op == EXPR_CONST)
		return exactly(set, cond_const(value_is_null(arg->value)),
			       wanted);
	if (!column)
		return undecided("whether it is NULL is decided in user "
				 "space");
	if (column->wire == WIRE_PATH)
		return exactly(set, path_known(set, column), !wanted);
	if (column->wire == WIRE_NONE || column->wire == WIRE_BLOB)
		return undecided(column_reason(set, column));
	return exactly(set, cond_const(false), wanted);
}

/* LIKE: what stands before the first wildcard must be there. */
static struct leaf like_leaf(struct cond_set *set, const struct expr *expr,
			     const struct column *column, bool wanted)
{
	const uint8_t *pattern = expr->value.p;
	struct bytes_test test = { .column = column, .text = pattern };
	struct leaf leaf;

	while (test.len < expr->value.len && pattern[test.len] != '%' &&
	       pattern[test.len] != '_' &&
	       (!expr->escape || pattern[test.len] != expr->escape))
		test.len++;
	if (!wanted || !test.len)
		return undecided("LIKE with such a pattern is decided in user "
				 "space");
	leaf = text_leaf(set, column, bytes_prefix(set, test), false, true);
	leaf.reason = "only the beginning of the pattern is tested in the "
		      "kernel";
	return leaf;
}

static struct leaf pattern_leaf(struct cond_set *set, const struct expr *expr,
				bool wanted)
{
	const struct column *column = column_of(set, expr->args[0]);
	const char *reason =
		column ? column_reason(set, column) : "it is no plain column";
	struct bytes_test test = { .column = column,
				   .text = expr->value.p,
				   .len = expr->value.len };

	if (reason)
		return undecided(reason);
	if ((column->wire != WIRE_CHARS && column->wire != WIRE_PATH) ||
	    expr->value.type != VALUE_TEXT)
		return undecided("a pattern on what is no text is decided in "
				 "user space");
	if (expr->fold_case)
		return undecided("ILIKE is decided in user space");
	if (expr->op == EXPR_LIKE)
		return like_leaf(set, expr, column, wanted);
	if (expr->op == EXPR_PREFIX || !test.len)
		return text_leaf(set, column, bytes_prefix(set, test),
				 !test.len, wanted);
	if (expr->op == EXPR_CONTAINS)
		return undecided("contains is decided in user space");
	if (column->wire != WIRE_PATH)
		return undecided("where the text ends is decided in user "
				 "space");
	if (test.len > column->bytes_offset)
		return undecided("the ending is too long for the kernel");
	return path_leaf(set, column,
			 cond_suffix(set, column, test.text, test.len), false,
			 wanted);
}

/* A value as a condition: a number is TRUE when it is not 0. */
static struct leaf value_leaf(struct cond_set *set, const struct expr *expr,
			      bool wanted)
{
	static const struct expr zero = {
		.op = EXPR_CONST,
		.type = VALUE_INT,
		.value = { .type = VALUE_INT },
	};
	const struct column *column = column_of(set, expr);

	if (expr->op == EXPR_CONST && !is_integral_const(expr)) {
		if (is_const(expr, VALUE_NULL))
			return (struct leaf){ .cond = cond_const(false) };
		return undecided("it is no condition");
	}
	if (column && (column->type == VALUE_TEXT ||
		       column->type == VALUE_LIST || column->type == VALUE_IP))
		return undecided("it is no condition");
	return compare_leaf(set, IR_NE, expr, &zero, wanted);
}

struct leaf leaf_cond(struct cond_set *set, const struct expr *expr,
		      bool wanted)
{
	switch (expr->op) {
	case EXPR_EQ:
		return compare_leaf(set, IR_EQ, expr->args[0], expr->args[1],
				    wanted);
	case EXPR_NE:
		return compare_leaf(set, IR_NE, expr->args[0], expr->args[1],
				    wanted);
	case EXPR_LT:
		return compare_leaf(set, IR_LT, expr->args[0], expr->args[1],
				    wanted);
	case EXPR_LE:
		return compare_leaf(set, IR_LE, expr->args[0], expr->args[1],
				    wanted);
	case EXPR_GT:
		return compare_leaf(set, IR_GT, expr->args[0], expr->args[1],
				    wanted);
	case EXPR_GE:
		return compare_leaf(set, IR_GE, expr->args[0], expr->args[1],
				    wanted);
	case EXPR_IN:
		return in_leaf(set, expr, wanted);
	case EXPR_IS_NULL:
		return null_leaf(set, expr, wanted);
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_LIKE:
		return pattern_leaf(set, expr, wanted);
	case EXPR_ANY:
	case EXPR_ALL:
		return undecided("ANY and ALL are decided in user space");
	case EXPR_REGEXP:
		return undecided("REGEXP is decided in user space");
	case EXPR_IS_TRUE:
	case EXPR_CIDR:
	case EXPR_CASE:
	case EXPR_CAST:
	case EXPR_CALL:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_MOD:
	case EXPR_NEG:
	case EXPR_CONCAT:
		return undecided("it is decided in user space");
	case EXPR_CONST:
	case EXPR_COLUMN:
	case EXPR_SLOT:
	case EXPR_ELEMENT:
	case EXPR_ADD:
	case EXPR_SUB:
		return value_leaf(set, expr, wanted);
	case EXPR_NOT:
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_OP_COUNT:
		break;
	}
	CHECK(!"a term");
	return undecided(NULL);
}
