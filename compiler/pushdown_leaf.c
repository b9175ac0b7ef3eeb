// SPDX-License-Identifier: Apache-2.0
/*
 * One SQL term as a condition on the record, or the reason why the kernel does
 * not decide it.
 */
#include "compiler/pushdown_int.h"
#include "user/base/check.h"

enum want want_opposite(enum want want)
{
	static const uint8_t opposites[] = {
		[WANT_TRUE] = WANT_FALSE,
		[WANT_FALSE] = WANT_TRUE,
		[WANT_NOT_TRUE] = WANT_NOT_FALSE,
		[WANT_NOT_FALSE] = WANT_NOT_TRUE,
	};

	return opposites[want];
}

/* TRUE is not FALSE where nothing is NULL. */
static bool holds_if_true(enum want want)
{
	return want == WANT_TRUE || want == WANT_NOT_FALSE;
}

bool want_may_be_brief(const struct cond_set *set, enum want want)
{
	return set->brief && holds_if_true(want);
}

struct leaf leaf_undecided(const char *reason)
{
	if (!reason)
		reason = "it is decided in user space";
	return (struct leaf){ .cond = cond_const(true), .reason = reason };
}

/* A long list of IN counts for more than one. */
bool leaf_spend(struct cond_set *set, const struct expr *expr)
{
	uint32_t price = 1 + expr->arg_count / 64u;

	if (set->choices_left < price) {
		set->choices_left = 0;
		return false;
	}
	set->choices_left -= price;
	return true;
}

struct leaf leaf_spent(void)
{
	return leaf_undecided("so many cases are decided in user space");
}

struct leaf leaf_unknown(enum want want)
{
	return (struct leaf){ .cond = cond_const(want >= WANT_NOT_TRUE) };
}

struct leaf leaf_exactly(struct cond_set *set, const struct cond *cond,
			 enum want want)
{
	if (!holds_if_true(want))
		cond = cond_negate(set, cond);
	return (struct leaf){ .cond = cond };
}

static struct leaf path_leaf(struct cond_set *set, const struct column *column,
			     const struct cond *cond, bool fits, enum want want)
{
	const struct cond *known = path_known(set, column);
	struct leaf leaf;

	/* NOT TRUE is what TRUE is not, NULL included. */
	if (want >= WANT_NOT_TRUE) {
		leaf = path_leaf(set, column, cond, fits,
				 want == WANT_NOT_TRUE ? WANT_TRUE :
							 WANT_FALSE);
		leaf.cond = cond_negate(set, leaf.cond);
		return leaf;
	}
	leaf = leaf_exactly(set, cond, want);
	if (fits || want == WANT_FALSE)
		leaf.cond = cond_join2(set, COND_AND, known, leaf.cond);
	leaf.reads_path = true;
	return leaf;
}

struct leaf leaf_text(struct cond_set *set, const struct column *column,
		      const struct cond *cond, bool fits, enum want want)
{
	return column->wire == WIRE_PATH ?
		       path_leaf(set, column, cond, fits, want) :
		       leaf_exactly(set, cond, want);
}

struct leaf leaf_brief(struct cond_set *set, enum bytes_kind kind,
		       struct bytes_test test, enum want want)
{
	bool part = false;
	const struct cond *cond = bytes_brief(set, kind, test, &part);
	struct leaf leaf = leaf_text(set, test.column, cond, !test.len, want);

	leaf.reason = part ? BYTES_PART_REASON : NULL;
	return leaf;
}

struct leaf leaf_join(struct cond_set *set, enum cond_kind kind, struct leaf a,
		      struct leaf b)
{
	const struct cond *decisive = cond_const(kind == COND_OR);

	/* What decides alone, and exactly, makes the other not matter. */
	if (a.cond == decisive && !a.reason)
		return a;
	if (b.cond == decisive && !b.reason)
		return b;
	a.cond = cond_join2(set, kind, a.cond, b.cond);
	a.reason = a.reason ? a.reason : b.reason;
	a.reads_path |= b.reads_path;
	return a;
}

static struct leaf logic_leaf(struct cond_set *set, const struct expr *expr,
			      enum want want)
{
	bool conjunction = (expr->op == EXPR_AND) == holds_if_true(want);
	struct leaf ret = { .cond = cond_const(conjunction) };

	for (unsigned i = 0; i < expr->arg_count; i++)
		ret = leaf_join(set, conjunction ? COND_AND : COND_OR, ret,
				leaf_when(set, expr->args[i], want));
	return ret;
}

static struct leaf is_true_leaf(struct cond_set *set, const struct expr *expr,
				enum want want)
{
	return leaf_when(set, expr->args[0],
			 holds_if_true(want) ? WANT_TRUE : WANT_NOT_TRUE);
}

/* Neither TRUE nor FALSE. */
static struct leaf condition_null(struct cond_set *set, const struct expr *expr,
				  enum want want)
{
	bool null = holds_if_true(want);

	if (!leaf_spend(set, expr))
		return leaf_spent();
	return leaf_join(
		set, null ? COND_AND : COND_OR,
		leaf_when(set, expr, null ? WANT_NOT_TRUE : WANT_TRUE),
		leaf_when(set, expr, null ? WANT_NOT_FALSE : WANT_FALSE));
}

static struct leaf null_leaf(struct cond_set *set, const struct expr *expr,
			     enum want want)
{
	const struct expr *arg = expr->args[0];
	const struct column *column = column_of(set, arg);
	const char *reason = NULL;

	if (arg->op == EXPR_CONST)
		return leaf_exactly(set, cond_const(value_is_null(arg->value)),
				    want);
	if (!column && arg->op >= EXPR_NOT && arg->op <= EXPR_ALL)
		return condition_null(set, arg, want);
	if (!column && !operand_of(set, arg, &reason))
		return leaf_undecided(reason);
	if (column && column->wire == WIRE_PATH)
		return leaf_exactly(set, path_known(set, column),
				    want_opposite(want));
	if (column && column->wire == WIRE_IP)
		return leaf_undecided("whether there is an address is decided "
				      "in user space");
	if (column && !catalog_in_kernel(column))
		return leaf_undecided(column_reason(set, column));
	return leaf_exactly(set, cond_const(false), want);
}

/* Does the test look at its second value as at its first? */
static bool compares(const struct expr *expr)
{
	return expr->op >= EXPR_EQ && expr->op <= EXPR_GE;
}

/* What a choice may leave: a test that no record changes. */
static bool is_constant(const struct expr *expr)
{
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (expr->args[i]->op != EXPR_CONST)
			return false;
	return true;
}

static struct leaf constant_leaf(struct cond_set *set, const struct expr *expr,
				 enum want want)
{
	static const struct tuple nothing;
	struct expr_env env = { 0 };
	struct value v = expr_eval(expr, &nothing, &env);

	if (value_is_null(v))
		return leaf_unknown(want);
	return leaf_exactly(set, cond_const(v.i != 0), want);
}

static struct leaf test_leaf(struct cond_set *set, const struct expr *expr,
			     enum want want)
{
	if (is_constant(expr))
		return constant_leaf(set, expr, want);
	if (is_choice(expr->args[0]))
		return choice_leaf(set, expr, 0, want);
	if (compares(expr))
		return is_choice(expr->args[1]) ?
			       choice_leaf(set, expr, 1, want) :
			       compare_leaf(set, expr, want);
	if (expr->op == EXPR_IN)
		return in_leaf(set, expr, want);
	if (expr->op == EXPR_IS_NULL)
		return null_leaf(set, expr, want);
	if (expr->op == EXPR_CIDR)
		return network_leaf(set, expr, want);
	return pattern_leaf(set, expr, want);
}

struct leaf leaf_when(struct cond_set *set, const struct expr *expr,
		      enum want want)
{
	switch (expr->op) {
	case EXPR_EQ:
	case EXPR_NE:
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
	case EXPR_IN:
	case EXPR_IS_NULL:
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_LIKE:
	case EXPR_CIDR:
		return test_leaf(set, expr, want);
	case EXPR_IS_TRUE:
		return is_true_leaf(set, expr, want);
	case EXPR_NOT:
		return leaf_when(set, expr->args[0], want_opposite(want));
	case EXPR_AND:
	case EXPR_OR:
		return logic_leaf(set, expr, want);
	case EXPR_ANY:
	case EXPR_ALL:
		return leaf_undecided("ANY and ALL are decided in user space");
	case EXPR_REGEXP:
		return leaf_undecided("REGEXP is decided in user space");
	case EXPR_CASE:
	case EXPR_CALL:
		return is_choice(expr) ?
			       choice_leaf(set, expr, CHOICE_SELF, want) :
			       leaf_undecided(value_reason(set, expr));
	case EXPR_CAST:
	case EXPR_CONCAT:
		return leaf_undecided(value_reason(set, expr));
	case EXPR_CONST:
	case EXPR_COLUMN:
	case EXPR_SLOT:
	case EXPR_ELEMENT:
	case EXPR_ADD:
	case EXPR_SUB:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_MOD:
	case EXPR_NEG:
		return value_leaf(set, expr, want);
	case EXPR_OP_COUNT:
		break;
	}
	CHECK(!"a term");
	return leaf_undecided(NULL);
}

struct leaf leaf_cond(struct cond_set *set, const struct expr *expr,
		      enum want want)
{
	struct leaf leaf;

	set->choices_left = PUSHDOWN_CHOICES_MAX;
	leaf = leaf_when(set, expr, want);
	set->reads_path |= leaf.reads_path;
	return leaf;
}
